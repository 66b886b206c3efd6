import { type BigIntStats, constants } from 'node:fs';
import { Failure } from '../../failure.ts';
import { TIMED_OUT } from '../../in-time.ts';
import { callInThread, type FileStats } from './file-threads.ts';

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
export const READ = constants.O_RDONLY | (constants.O_NONBLOCK ?? 0);

export function stateOf(stats: Omit<FileStats, 'isFile'> & Pick<BigIntStats, 'isFile'>): FileState {
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

/** A file that is open for reading. */
export interface FileHandle {
  /** Reads into the beginning of a buffer. @returns how many bytes there were. @throws the system's error; Failure */
  read(buffer: Buffer, position: number): Promise<number>;
  state(): Promise<FileState>;
  close(): Promise<void>;
}

/**
 * Opens a file for reading and answers it with its state.
 * @param bound of no-way-out.ts
 * @throws the system's error; Failure
 */
export async function openFile(
  path: string,
  bound?: string,
): Promise<{ handle: FileHandle; state: FileState }> {
  const { fd, stats } = await callInThread('open', { path, flags: READ, bound });
  const handle = handleOf(fd);
  try {
    return { handle, state: stateIn(stats) };
  } catch (error) {
    await handle.close();
    throw error;
  }
}

function stateIn(stats: FileStats): FileState {
  return stateOf({ ...stats, isFile: () => stats.isFile });
}

function handleOf(fd: number): FileHandle {
  let isLost = false;
  // Whatever is asked of a file that does not answer would hang like the reading.
  const lose = (error: NodeJS.ErrnoException) => {
    isLost = error.code === TIMED_OUT;
    throw error;
  };
  return {
    async read(buffer, position) {
      const memory = buffer.buffer instanceof SharedArrayBuffer ? buffer.buffer : undefined;
      const range = { offset: buffer.byteOffset, length: buffer.length, position };
      const { filled, bytes } = await callInThread('read', { fd, memory, ...range }).catch(lose);
      if (bytes) buffer.set(bytes);
      return filled;
    },
    state: async () => stateIn(await callInThread('stat', { fd }).catch(lose)),
    async close() {
      if (!isLost) await callInThread('close', { fd });
    },
  };
}

/**
 * Reads a whole file into the beginning of a buffer, with one call of a thread: where files are small, each
 * costs as much as all else.
 * @param mayGrow whether more of it by now than at its opening is no change
 * @param bound of no-way-out.ts
 * @returns no bytes where the file is larger than the buffer
 * @throws Failure (changed) where it changed under the reading; the system's error
 */
export async function readAtOnce(
  path: string,
  buffer: Buffer,
  mayGrow = false,
  bound?: string,
): Promise<{ state: FileState; bytes: Buffer | undefined; hasGrown: boolean }> {
  const memory = buffer.buffer instanceof SharedArrayBuffer ? buffer.buffer : undefined;
  const range = { memory, offset: buffer.byteOffset, length: buffer.length };
  const answer = await callInThread('whole', { path, flags: READ, bound, ...range });
  const { before, after, filled, bytes, isUnsized } = answer;
  if (isUnsized) throw new Failure('local', { code: 'SizeUnknown' });
  const state = stateIn(before);
  if (state.size > buffer.length) return { state, bytes: undefined, hasGrown: false };
  if (bytes) buffer.set(bytes);
  if (filled !== state.size) throw fileChanged();
  const hasGrown = growth(state, stateIn(after), mayGrow);
  return { state, bytes: buffer.subarray(0, filled), hasGrown };
}

/**
 * Whether a file that was read grew meanwhile.
 * @throws Failure (changed) where it changed in another way, or may not grow; the system's error
 */
export async function compareWithNow(
  handle: FileHandle,
  state: FileState,
  mayGrow: boolean,
): Promise<boolean> {
  return growth(state, await handle.state(), mayGrow);
}

/**
 * Whether a file that was read grew meanwhile.
 * @throws Failure (changed) where it changed in another way, or may not grow
 */
export function growth(state: FileState, now: FileState, mayGrow: boolean): boolean {
  if (isSameState(state, now)) return false;
  if (mayGrow && now.size > state.size) return true;
  throw fileChanged();
}

/**
 * Files of systems (/proc) and of some programs say that they have no bytes, and have some: nobody can tell whether
 * what is read of them is whole.
 * @throws Failure; the system's error
 */
export async function refuseUnsized(handle: FileHandle): Promise<void> {
  const hasBytes = (await handle.read(Buffer.alloc(1), 0)) > 0;
  if (hasBytes && (await handle.state()).size === 0) throw new Failure('local', { code: 'SizeUnknown' });
}

const PIECE = 256 * 1024;
/** A socket takes shorter pieces without saying when it is done with them. */
const SHORTEST_REUSED = 128 * 1024;

/**
 * Reads a range in pieces. The memory of a piece is used again: whoever asks for the piece after the next
 * must be done with it.
 * @param buffers of an earlier range of the same length of pieces, to be used again
 * @throws Failure (changed) where the file ends early
 */
export async function* readRange(
  handle: FileHandle,
  start: number,
  size: number,
  atATime = PIECE,
  buffers: Buffer[] = [],
): AsyncGenerator<Buffer> {
  const length = Math.min(atATime, size);
  for (let done = 0, next = 0; done < size; next = 1 - next) {
    const buffer = buffers[next] ?? newPiece(length);
    if (length >= SHORTEST_REUSED) buffers[next] = buffer;
    const read = await handle.read(buffer.subarray(0, Math.min(length, size - done)), start + done);
    if (read === 0) throw fileChanged();
    done += read;
    yield buffer.subarray(0, read);
  }
}

/** Memory that a thread can read into is not made for each short piece. */
function newPiece(length: number): Buffer {
  return length < SHORTEST_REUSED ? Buffer.allocUnsafe(length) : Buffer.from(new SharedArrayBuffer(length));
}
