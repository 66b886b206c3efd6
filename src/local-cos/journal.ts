import { closeSync, openSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { systemCode } from './errors.ts';

const LINE_END = 0x0a;

/**
 * A file of JSON lines that only grows while it is open. Appending is one synchronous write and no fsync:
 * a killed process loses nothing, a power cut perhaps the last lines.
 */
export class Journal {
  readonly #path: string;
  #fd = -1;
  #torn = false;

  constructor(path: string) {
    this.#path = path;
  }

  /**
   * Hands every readable line to a callback, oldest first, and opens the journal for appending. A line that
   * cannot be read (the torn end a killed process leaves) is passed over.
   * @returns the number of lines read
   */
  load(take: (entry: unknown) => void): number {
    const content = readIfThere(this.#path);
    let count = 0;
    for (let start = 0; start < content.length; count++) {
      const end = content.indexOf(LINE_END, start);
      const line = content.toString('utf8', start, end < 0 ? content.length : end);
      start = end < 0 ? content.length : end + 1;
      const entry = parseLine(line);
      if (entry !== undefined) take(entry);
    }
    this.#torn = content.length > 0 && content.at(-1) !== LINE_END;
    this.#fd = openSync(this.#path, 'a');
    return count;
  }

  /** Replaces the journal's content by these entries, in one rename. */
  rewrite(entries: Iterable<unknown>): void {
    const temporary = `${this.#path}.new`;
    const fd = openSync(temporary, 'w');
    try {
      for (const chunk of inChunks(entries)) writeFileSync(fd, chunk);
    } finally {
      closeSync(fd);
    }
    this.close();
    renameSync(temporary, this.#path);
    this.#fd = openSync(this.#path, 'a');
    this.#torn = false;
  }

  append(entry: unknown): void {
    const line = Buffer.from(`${this.#torn ? '\n' : ''}${JSON.stringify(entry)}\n`);
    // Until the whole line is there the file may end in half of it (a full disk), which the next line must not join.
    this.#torn = true;
    writeFileSync(this.#fd, line);
    this.#torn = false;
  }

  close(): void {
    if (this.#fd >= 0) closeSync(this.#fd);
    this.#fd = -1;
  }
}

function readIfThere(path: string): Buffer {
  try {
    return readFileSync(path);
  } catch (error) {
    if (systemCode(error) === 'ENOENT') return Buffer.alloc(0);
    throw error;
  }
}

function parseLine(line: string): unknown {
  try {
    return JSON.parse(line);
  } catch {
    return undefined;
  }
}

function* inChunks(entries: Iterable<unknown>): Generator<string> {
  let text = '';
  for (const entry of entries) {
    text += `${JSON.stringify(entry)}\n`;
    if (text.length > 1 << 20) {
      yield text;
      text = '';
    }
  }
  yield text;
}
