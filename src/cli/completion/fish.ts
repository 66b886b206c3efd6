import type { Entry, Place, ValueKind } from './places.ts';

/** For fish: one line for each word and option, with the places where it may stand. */
export function fishScript(places: readonly Place[]): string {
  const linesAt = new Map<string, Place[]>();
  for (const place of places) {
    const lines = [
      ...place.words.map(entry => `-a ${entry.name}${described(entry)}`),
      ...place.options.map(one => `-l ${one.name.slice(2)}${argumentOf(one.value)}${described(one)}`),
      ...(nameOf(place) === 'ledger import' ? ['-F'] : []),
    ];
    for (const line of lines) linesAt.set(line, [...(linesAt.get(line) ?? []), place]);
  }
  const lines = [...linesAt].map(([line, at]) => {
    const where = `__cos_sync_at ${at.map(place => `"${nameOf(place)}"`).join(' ')}`;
    return `complete -c cos_sync${at.length === places.length ? '' : ` -n ${quoted(where)}`} ${line}`;
  });
  const names = places.map(nameOf).filter(name => name !== '');
  return `# Completion for fish: cos_sync completion fish > ~/.config/fish/completions/cos_sync.fish
function __cos_sync_at
    set -l place ''
    for typed in (commandline -opc)[2..-1]
        set -l inner (string trim -- "$place $typed")
        contains -- $inner ${names.map(quoted).join(' ')}; and set place $inner
    end
    contains -- "$place" $argv
end
complete -c cos_sync -f
${lines.join('\n')}
`;
}

function nameOf({ command, action }: Place): string {
  return `${command} ${action}`.trim();
}

function argumentOf(value: ValueKind): string {
  if (value === 'none') return '';
  if (value === 'file') return ' -r -F';
  if (value === 'folder') return " -x -a '(__fish_complete_directories)'";
  return typeof value === 'string' ? ' -x' : ` -x -a ${quoted(value.join(' '))}`;
}

function described({ meaning }: Entry): string {
  return meaning === '' ? '' : ` -d ${quoted(meaning)}`;
}

function quoted(text: string): string {
  return `'${text.replaceAll('\\', '\\\\').replaceAll("'", "\\'")}'`;
}
