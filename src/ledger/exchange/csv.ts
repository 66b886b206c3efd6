/** Comma-separated values as RFC 4180 has them: fields with a comma, quote or line end are in quotes. */

export function csvLine(fields: readonly (string | number)[]): string {
  return `${fields.map(field => quoted(String(field))).join(',')}\n`;
}

function quoted(field: string): string {
  return /[",\r\n]/.test(field) ? `"${field.replaceAll('"', '""')}"` : field;
}

/** No row of ours is longer; a quote that is never closed must not swallow the whole file. */
const LONGEST_ROW = 256 * 1024;

/** Reads rows from text that comes in pieces. A line end within quotes belongs to its field. */
export async function* csvRows(pieces: AsyncIterable<string>): AsyncGenerator<string[]> {
  let rest = '';
  for await (const piece of pieces) {
    rest += piece;
    let start = 0;
    for (let end = endOfRow(rest, start); end >= 0; end = endOfRow(rest, start)) {
      yield fieldsOf(rest.slice(start, end));
      start = end + 1;
    }
    rest = rest.slice(start);
    if (rest.length < LONGEST_ROW) continue;
    yield [];
    rest = '';
  }
  if (rest !== '') yield fieldsOf(rest);
}

function endOfRow(text: string, start: number): number {
  const marks = /["\n]/g;
  marks.lastIndex = start;
  let isQuoted = false;
  for (let mark = marks.exec(text); mark; mark = marks.exec(text)) {
    if (mark[0] === '"') isQuoted = !isQuoted;
    else if (!isQuoted) return mark.index;
  }
  return -1;
}

function fieldsOf(row: string): string[] {
  const text = row.endsWith('\r') ? row.slice(0, -1) : row;
  const field = /(?:"((?:[^"]|"")*)"|([^,]*))(,|$)/y;
  const fields: string[] = [];
  for (;;) {
    const match = field.exec(text);
    // What is no field by the rules is one all the same: its reader refuses the row.
    if (!match) return [...fields, text];
    const [, inQuotes, plain = '', separator] = match;
    fields.push(inQuotes?.replaceAll('""', '"') ?? plain);
    if (separator === '') return fields;
  }
}
