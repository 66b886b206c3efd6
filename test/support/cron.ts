/**
 * Splits a line of a crontab as cron does: five fields, and a command that ends at the first `%`; after a
 * backslash `%` is itself. Source: crontab(5), "The sixth field".
 */
export function asCronReadsIt(line: string): { fields: string; command: string } {
  const [, fields = '', rest = ''] = /^((?:\S+ ){5})(.*)$/s.exec(line) ?? [];
  let command = '';
  let isEscaped = false;
  for (const character of rest) {
    if (character === '%' && !isEscaped) break;
    if (character === '%') command = command.slice(0, -1);
    command += character;
    isEscaped = character === '\\' && !isEscaped;
  }
  return { fields: fields.trimEnd(), command };
}
