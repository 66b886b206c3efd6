import { casesOf, type Entry, type Place, valueOptions } from './places.ts';

/** For zsh's completion system, read by `source` or found in `$fpath`. */
export function zshScript(places: readonly Place[]): string {
  const options = valueOptions(places);
  const choices = [...options].flatMap(([name, value]) =>
    Array.isArray(value) ? [`    ${name}) compadd -- ${value.map(quoted).join(' ')}; return ;;`] : [],
  );
  const parents = places.filter(({ command, action }) => command !== '' && action === '');
  const actions = places
    .filter(({ action }) => action !== '')
    .map(({ command, action }) => `${command}' '${action}`)
    .join('|');
  return `#compdef cos_sync
# Completion for zsh. In ~/.zshrc, after compinit: source <(cos_sync completion zsh)
_cos_sync() {
  local command= action= typed before=$words[CURRENT-1]
  local -a next options
  for typed in \${words[2,CURRENT-1]}; do
    if [[ -z $command ]]; then
      case $typed in ${parents.map(({ command }) => command).join('|')}) command=$typed ;; esac
    else
      case "$command $typed" in ${actions}) action=$typed ;; esac
    fi
  done
  if [[ $PREFIX == --*=* ]]; then
    before=\${PREFIX%%=*}
    compset -P '*='
  fi
  case $before in
    ${casesOf(options, 'file')}) _files; return ;;
    ${casesOf(options, 'folder')}) _files -/; return ;;
${choices.join('\n')}
    ${casesOf(options, 'any')}) return ;;
  esac
  case "$command $action" in
${places.map(placeCase).join('\n')}
  esac
  [[ $PREFIX == -* ]] || _describe command next
  [[ "$command $action" == 'ledger import' && $PREFIX != -* ]] && _files
  _describe -o option options
}
if [[ $funcstack[1] == _cos_sync ]]; then _cos_sync "$@"; else compdef _cos_sync cos_sync; fi
`;
}

function placeCase({ command, action, words, options }: Place): string {
  const list = (entries: readonly Entry[]) =>
    entries.map(entry => quoted(`${entry.name}:${entry.meaning}`)).join(' ');
  return `    '${command} ${action}')
      next=(${list(words)})
      options=(${list(options)}) ;;`;
}

function quoted(text: string): string {
  return `'${text.replaceAll("'", `'\\''`)}'`;
}
