import { hash } from 'node:crypto';
import { closeSync, fstatSync, openSync, readSync, statSync } from 'node:fs';

/** bytes at the end of the file: every run that changes a ledger writes there */
const TAIL = 4_096;
/** bytes at its beginning, in which its header ends */
const HEAD = 16_384;

/** What tells the states of a ledger that runs left behind apart, whoever copied the file since. */
export interface LedgerState {
  fingerprint: string;
  /** Of the header: one that was written anew is another, and all else only makes a file longer. */
  origin: string;
  /** bytes */
  size: number;
}

/** @returns undefined where the file cannot be read */
export function ledgerStateOf(file: string): LedgerState | undefined {
  let fd: number | undefined;
  try {
    // Opening a pipe might never end.
    if (!statSync(file).isFile()) return undefined;
    fd = openSync(file, 'r');
    const { size } = fstatSync(fd);
    const tail = Buffer.alloc(Math.min(size, TAIL));
    readSync(fd, tail, 0, tail.length, size - tail.length);
    const head = Buffer.alloc(Math.min(size, HEAD));
    readSync(fd, head, 0, head.length, 0);
    const [header = ''] = head.toString('latin1').split('\n', 1);
    return {
      fingerprint: shortHash(Buffer.concat([Buffer.from(`${size} `), tail])),
      origin: shortHash(header),
      size,
    };
  } catch {
    return undefined;
  } finally {
    if (fd !== undefined) closeSync(fd);
  }
}

function shortHash(content: string | Buffer): string {
  return hash('sha256', content).slice(0, 16);
}
