import { randomBytes } from 'node:crypto';
import { appendFileSync, mkdirSync, readFileSync, rmSync } from 'node:fs';
import { dirname } from 'node:path';
import { Failure } from '../../failure.ts';

/** A part that is written; what it is of stands with it, for an object may have changed since. */
export interface WrittenPart {
  path: string;
  etag: string;
  /** bytes, of the whole */
  size: number;
  /** bytes */
  partSize: number;
  /** From 0. */
  index: number;
  /** Of its bytes, an unsigned decimal. */
  crc64: string;
}

/**
 * What a killed restore leaves its successor to know: under which names its unfinished files lie, in which
 * folders, and which parts of them are written. One JSON object a line; the last one may be torn.
 */
export interface Journal {
  /** In the names of unfinished files. */
  readonly token: string;
  /** Whether an earlier run did not come to its end. */
  readonly isResumed: boolean;
  /** Notes, before anything is written there, that a folder may hold unfinished files. */
  noteFolder(folder: string): void;
  notePart(part: WrittenPart): void;
  /** Index and CRC-64 of the parts of these bytes that an earlier run wrote. */
  partsOf(whole: Pick<WrittenPart, 'path' | 'etag' | 'size' | 'partSize'>): ReadonlyMap<number, string>;
  folders(): Iterable<string>;
  /** Of which an earlier run wrote parts. */
  paths(): Iterable<string>;
  /** Everything is done: nothing is left to go on with. */
  remove(): void;
}

interface Line extends Partial<WrittenPart> {
  token?: string;
  folder?: string;
}

/** @param file the caller holds its lock */
export function openJournal(file: string): Journal {
  const lines = readLines(file);
  const known = lines.find(({ token }) => token !== undefined)?.token;
  const token = known ?? randomBytes(8).toString('hex');
  const folders = new Set<string>();
  const parts = new Map<string, Map<number, string>>();
  const paths = new Set<string>();
  let isBegun = false;
  for (const line of lines) {
    if (line.folder !== undefined) folders.add(line.folder);
    if (isPart(line)) {
      paths.add(line.path);
      const identity = identityOf(line);
      const written = parts.get(identity) ?? new Map<number, string>();
      parts.set(identity, written.set(line.index, line.crc64));
    }
  }

  function append(line: Line): void {
    try {
      if (!isBegun) {
        mkdirSync(dirname(file), { recursive: true });
        // What an earlier run wrote last may be torn.
        appendFileSync(file, known === undefined ? `${JSON.stringify({ token })}\n` : '\n');
        isBegun = true;
      }
      appendFileSync(file, `${JSON.stringify(line)}\n`);
    } catch (error) {
      throw new Failure('local', { code: 'NoState', message: (error as Error).message, cause: error });
    }
  }

  return {
    token,
    isResumed: known !== undefined,
    noteFolder(folder) {
      if (folders.has(folder)) return;
      append({ folder });
      folders.add(folder);
    },
    notePart: append,
    partsOf: whole => parts.get(identityOf(whole)) ?? new Map(),
    folders: () => folders,
    paths: () => paths,
    remove: () => rmSync(file, { force: true }),
  };
}

function identityOf({ path, etag, size, partSize }: Omit<WrittenPart, 'index' | 'crc64'>): string {
  return JSON.stringify([path, etag, size, partSize]);
}

/** A restore that changes nothing has nothing to note. */
export const noJournal: Journal = {
  token: '',
  isResumed: false,
  noteFolder() {},
  notePart() {},
  partsOf: () => new Map(),
  folders: () => [],
  paths: () => [],
  remove() {},
};

function isPart(line: Line): line is WrittenPart {
  return line.crc64 !== undefined && line.path !== undefined && line.index !== undefined;
}

function readLines(file: string): Line[] {
  let text = '';
  try {
    text = readFileSync(file, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
    throw error;
  }
  return text.split('\n').flatMap(line => {
    try {
      const value = JSON.parse(line);
      return typeof value === 'object' && value !== null ? [value] : [];
    } catch {
      return [];
    }
  });
}
