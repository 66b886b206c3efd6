import { casesOf, type Place, valueOptions } from './places.ts';

/** For bash 4 and later. It gives `--lang=zh` as three words. */
export function bashScript(places: readonly Place[]): string {
  const options = valueOptions(places);
  const choices = [...options].flatMap(([name, value]) =>
    Array.isArray(value)
      ? [`    ${name}) COMPREPLY=($(compgen -W '${value.join(' ')}' -- "$word")); return ;;`]
      : [],
  );
  const words = places.map(({ command, action, words, options }) => {
    const names = [...words, ...options].map(({ name }) => name).join(' ');
    return `    '${command} ${action}') words='${names}' ;;`;
  });
  const parents = places.filter(({ command, action }) => command !== '' && action === '');
  const actions = places
    .filter(({ action }) => action !== '')
    .map(({ command, action }) => `${command}' '${action}`)
    .join('|');
  return `# Completion for bash. In ~/.bashrc: source <(cos_sync completion bash)
_cos_sync() {
  local IFS=$' \\t\\n' word=\${COMP_WORDS[COMP_CWORD]} before=\${COMP_WORDS[COMP_CWORD-1]}
  local command= action= words= typed i
  if [[ $word == = ]]; then word=
  elif [[ $before == = ]]; then before=\${COMP_WORDS[COMP_CWORD-2]}
  fi
  for ((i = 1; i < COMP_CWORD; i++)); do
    typed=\${COMP_WORDS[i]}
    if [[ -z $command ]]; then
      case $typed in ${parents.map(({ command }) => command).join('|')}) command=$typed ;; esac
    else
      case "$command $typed" in ${actions}) action=$typed ;; esac
    fi
  done
  case $before in
    ${casesOf(options, 'file')}) compopt -o filenames; IFS=$'\\n'; COMPREPLY=($(compgen -f -- "$word")); return ;;
    ${casesOf(options, 'folder')}) compopt -o filenames; IFS=$'\\n'; COMPREPLY=($(compgen -d -- "$word")); return ;;
${choices.join('\n')}
    ${casesOf(options, 'any')}) return ;;
  esac
  case "$command $action" in
${words.join('\n')}
  esac
  COMPREPLY=($(compgen -W "$words" -- "$word"))
  if [[ $word != -* && "$command $action" == 'ledger import' ]]; then
    compopt -o filenames; IFS=$'\\n'; COMPREPLY+=($(compgen -f -- "$word"))
  fi
}
complete -F _cos_sync cos_sync
`;
}
