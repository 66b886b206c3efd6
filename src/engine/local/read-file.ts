import { type BigIntStats, closeSync, constants, fstatSync, openSync, readSync } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import { Failure } from '../../failure.ts';

/** A file's size and times: what tells whether it changed. */
export interface FileState {
  /** bytes */
  size: number;
  /** ms since 1970 */
  mtime: number;
  /** ms since 1970 */
  ctime: number;
  device: number;
  /** ns since 1970: the mtime as the system has it, with all its digits */
  mtimeNs: bigint;
}

/** File systems that take `A.txt` and `a.txt` for the same name. */
export const IGNORES_CASE = process.platform === 'win32' || process.platform === 'darwin';

/** How files are looked at for stateOf. */
export const EXACT = { bigint: true } as const;

/** A FIFO in a file's place must not make the open wait for a writer. */
const READ = constants.O_RDONLY | (constants.O_NONBLOCK ?? 0);

export function stateOf(stats: BigIntStats): FileState {
  if (!stats.isFile()) throw new Failure('local', { code: 'NotAFile' });
  const { mtimeNs } = stats;
  const [mtime, ctime] = [msOf(mtimeNs), msOf(stats.ctimeNs)];
  return { size: Number(stats.size), mtime, ctime, device: Number(stats.dev), mtimeNs };
}

const NS_PER_SECOND = 1_000_000_000n;

/** ms with their fraction, to the last bit as the system's own number of ms. */
function msOf(ns: bigint): number {
  const rest = ((ns % NS_PER_SECOND) + NS_PER_SECOND) % NS_PER_SECOND;
  return Number((ns - rest) / NS_PER_SECOND) * 1_000 + Number(rest) / 1_000_000;
}

/** A ctime alone may be of a new name or mode: it is compared with the record, by the next run. */
export function isSameState(
  a: Pick<FileState, 'size' | 'mtime'>,
  b: Pick<FileState, 'size' | 'mtime'>,
): boolean {
  return a.size === b.size && a.mtime === b.mtime;
}

export function fileChanged(): Failure {
  return new Failure('changed', { code: 'FileChanged' });
}

/** Opens a file for reading and answers it with its state. @throws the system's error; Failure */
export async function openFile(path: string): Promise<{ handle: FileHandle; state: FileState }> {
  const handle = await open(path, READ);
  try {
    return { handle, state: stateOf(await handle.stat(EXACT)) };
  } catch (error) {
    await handle.close();
    throw error;
  }
}

/** A file that is open for reading at once, in its state at the opening. */
export interface OpenWhole {
  state: FileState;
  /**
   * Reads all of it into the beginning of a buffer.
   * @throws Failure (changed) where it changed under the reading; the system's error
   */
  readInto(buffer: Buffer): Buffer;
  close(): void;
}

/** Opens a small file, to be read as a whole. @throws the system's error; Failure */
export function openWhole(path: string): OpenWhole {
  const descriptor = openSync(path, READ);
  try {
    const state = stateOf(fstatSync(descriptor, EXACT));
    return {
      state,
      readInto: buffer => readAll(descriptor, state, buffer),
      close: () => closeSync(descriptor),
    };
  } catch (error) {
    closeSync(descriptor);
    throw error;
  }
}

/** The system takes no longer reads, in bytes. */
const MOST_AT_ONCE = 1024 ** 3;

function readAll(descriptor: number, state: FileState, buffer: Buffer): Buffer {
  let filled = 0;
  while (filled < state.size) {
    const count = readSync(descriptor, buffer, filled, Math.min(MOST_AT_ONCE, state.size - filled), filled);
    if (count === 0) throw fileChanged();
    filled += count;
  }
  if (!isSameState(state, stateOf(fstatSync(descriptor, EXACT)))) throw fileChanged();
  return buffer.subarray(0, filled);
}

const PIECE = 256 * 1024;
/** A socket takes shorter pieces without saying when it is done with them. */
const SHORTEST_REUSED = 128 * 1024;

/**
 * Reads a range in pieces. The memory of a piece is used again: whoever asks for the piece after the next
 * must be done with it.
 * @throws Failure (changed) where the file ends early
 */
export async function* readRange(
  handle: FileHandle,
  start: number,
  size: number,
  atATime = PIECE,
): AsyncGenerator<Buffer> {
  const length = Math.min(atATime, size);
  const buffers: Buffer[] = [];
  for (let done = 0, next = 0; done < size; next = 1 - next) {
    const buffer = buffers[next] ?? Buffer.allocUnsafe(length);
    if (length >= SHORTEST_REUSED) buffers[next] = buffer;
    const { bytesRead } = await handle.read(buffer, 0, Math.min(length, size - done), start + done);
    if (bytesRead === 0) throw fileChanged();
    done += bytesRead;
    yield buffer.subarray(0, bytesRead);
  }
}
