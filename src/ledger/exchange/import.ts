import { createReadStream } from 'node:fs';
import { open, stat } from 'node:fs/promises';
import { ImportUnusable } from '../errors.ts';
import { type Candidate, candidateOf, type ImportSource, type Refused } from './candidate.ts';
import { csvRows } from './csv.ts';
import { readPredecessor } from './predecessors.ts';

const SQLITE_MAGIC = 'SQLite format 3\0';

/**
 * Reads records out of an export (JSON lines or CSV) or a predecessor's db_rec.db.
 * What kind of file it is shows in its first bytes.
 * @throws ImportUnusable
 */
export async function* readImport(source: ImportSource): AsyncGenerator<Candidate | Refused> {
  const head = await firstBytes(source.file);
  if (head.startsWith(SQLITE_MAGIC)) yield* readPredecessor(source);
  else if (/^\ufeff?\s*\{/.test(head)) yield* readLines(source.file);
  else if (/^\ufeff?"?path"?,/.test(head)) yield* readCsv(source.file);
  else throw new ImportUnusable('unknownFormat', source.file);
}

async function firstBytes(file: string): Promise<string> {
  try {
    const stats = await stat(file);
    // Opening a pipe might never end.
    if (!stats.isFile() && !stats.isDirectory()) return '';
    const handle = await open(file);
    try {
      const { buffer, bytesRead } = await handle.read(Buffer.alloc(512), 0, 512, 0);
      return buffer.toString('utf8', 0, bytesRead);
    } finally {
      await handle.close();
    }
  } catch (error) {
    const { code = '' } = error as NodeJS.ErrnoException;
    throw new ImportUnusable(code === 'ENOENT' ? 'missing' : 'unreadable', file, code);
  }
}

async function* readLines(file: string): AsyncGenerator<Candidate | Refused> {
  for await (const line of linesIn(createReadStream(file, { encoding: 'utf8' }))) {
    const text = line.replace(/^\ufeff/, '').trim();
    if (text !== '') yield candidateIn(text);
  }
}

/** Node's readline ends a line at U+2028 and U+2029 too, which JSON has within strings. */
async function* linesIn(pieces: AsyncIterable<string>): AsyncGenerator<string> {
  let rest = '';
  for await (const piece of pieces) {
    const [first = '', ...others] = piece.split('\n');
    rest += first;
    for (const line of others) {
      yield rest;
      rest = line;
    }
  }
  yield rest;
}

function candidateIn(line: string): Candidate | Refused {
  try {
    const value: unknown = JSON.parse(line);
    const isObject = typeof value === 'object' && value !== null;
    return isObject ? candidateOf(value as Record<string, unknown>) : 'invalid';
  } catch {
    return 'invalid';
  }
}

async function* readCsv(file: string): AsyncGenerator<Candidate | Refused> {
  let names: string[] | undefined;
  for await (const row of csvRows(createReadStream(file, { encoding: 'utf8' }))) {
    if (names === undefined) {
      names = row.map(name => name.replace(/^\ufeff/, ''));
      continue;
    }
    if (row.length === 1 && row[0] === '') continue;
    yield row.length === names.length
      ? candidateOf(Object.fromEntries(names.map((name, index) => [name, row[index]])))
      : 'invalid';
  }
}
