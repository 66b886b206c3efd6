import { closeSync, constants, fstatSync, openSync, readSync, type Stats } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import { Failure } from '../failure.ts';

/** A file's size and mtime: what tells whether it changed. */
export interface FileState {
  /** bytes */
  size: number;
  /** ms since 1970 */
  mtime: number;
}

/** A FIFO in a file's place must not make the open wait for a writer. */
const READ = constants.O_RDONLY | (constants.O_NONBLOCK ?? 0);

export function stateOf(stats: Stats): FileState {
  if (!stats.isFile()) throw new Failure('local', { code: 'NotAFile' });
  return { size: stats.size, mtime: stats.mtimeMs };
}

export function isSameState(a: FileState, b: FileState): boolean {
  return a.size === b.size && a.mtime === b.mtime;
}

export function fileChanged(): Failure {
  return new Failure('changed', { code: 'FileChanged' });
}

/** Opens a file for reading and answers it with its state. @throws the system's error; Failure */
export async function openFile(path: string): Promise<{ handle: FileHandle; state: FileState }> {
  const handle = await open(path, READ);
  try {
    return { handle, state: stateOf(await handle.stat()) };
  } catch (error) {
    await handle.close();
    throw error;
  }
}

/** Reads a whole small file. @throws Failure (changed) where it changed under the reading; the system's error */
export function readWhole(path: string, expectedSize: number): { bytes: Buffer; state: FileState } {
  const descriptor = openSync(path, READ);
  try {
    const state = stateOf(fstatSync(descriptor));
    if (state.size > expectedSize) throw fileChanged();
    const bytes = Buffer.allocUnsafeSlow(state.size);
    let filled = 0;
    while (filled < state.size) {
      const count = readSync(descriptor, bytes, filled, state.size - filled, filled);
      if (count === 0) throw fileChanged();
      filled += count;
    }
    if (!isSameState(state, stateOf(fstatSync(descriptor)))) throw fileChanged();
    return { bytes, state };
  } finally {
    closeSync(descriptor);
  }
}

const PIECE = 256 * 1024;

/** Reads a range in pieces. @throws Failure (changed) where the file ends early */
export async function* readRange(
  handle: FileHandle,
  start: number,
  size: number,
  atATime = PIECE,
): AsyncGenerator<Buffer> {
  for (let done = 0; done < size; ) {
    const piece = Buffer.allocUnsafe(Math.min(atATime, size - done));
    const { bytesRead } = await handle.read(piece, 0, piece.length, start + done);
    if (bytesRead === 0) throw fileChanged();
    done += bytesRead;
    yield piece.subarray(0, bytesRead);
  }
}

/** A change within this many ms of the reading may leave the mtime as it is: clocks of file systems are coarse. */
const CLOCK_GRAIN = 2_000;

/**
 * The mtime to record for a file read at `readAt`; NaN where a later change could hide behind it,
 * so that the next run looks at the content.
 */
export function settledMtime(mtime: number, readAt: number): number {
  return Math.abs(readAt - mtime) < CLOCK_GRAIN ? Number.NaN : mtime;
}
