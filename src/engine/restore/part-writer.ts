import { write } from 'node:fs';
import { promisify } from 'node:util';
import { startCrc64 } from '../../cos/crc64.ts';
import type { BodySink, ObjectHead } from '../../cos/store.ts';
import { Failure, localFailure } from '../../failure.ts';

const writeAt = promisify(write);
/** bytes that are written at a time; as many more may come in the meantime */
const TOGETHER = 256 * 1024;
/** Buffers that are kept to be used again: making memory costs as much as filling it. */
const MOST_IDLE = 64;
const idle: Buffer[] = [];

/**
 * Writes what a request brings into its place in a file, and sums it up on the way.
 * @param receive makes the request
 * @throws Failure
 */
export async function writePart(
  descriptor: number,
  start: number,
  onBytes: (bytes: number) => void,
  receive: (sink: BodySink) => Promise<ObjectHead>,
): Promise<{ head: ObjectHead; crc64: string }> {
  const crc64 = await startCrc64();
  const writer = createWriter(descriptor, start, bytes => crc64.update(bytes));
  try {
    const head = await receive({
      write(piece) {
        onBytes(piece.length);
        return writer.add(piece);
      },
    });
    await writer.finish();
    return { head, crc64: crc64.digest() };
  } catch (error) {
    // Nothing is on its way into the file when this try is over.
    await writer.settle();
    crc64.digest();
    throw error;
  }
}

interface Writer {
  /** @returns a promise where no more is to come until it is resolved */
  add(piece: Uint8Array): Promise<void> | undefined;
  /** Writes the rest. */
  finish(): Promise<void>;
  /** Waits for what is being written, whatever becomes of it. */
  settle(): Promise<void>;
}

/** @param onWhole is given what is about to be written */
function createWriter(descriptor: number, start: number, onWhole: (bytes: Buffer) => void): Writer {
  let position = start;
  let filling = takeBuffer();
  let filled = 0;
  let writing: Promise<void> = Promise.resolve();
  let isWriting = false;
  let isSettled = false;
  let failure: Failure | undefined;

  function flush(): void {
    if (filled === 0) return;
    const [buffer, length, at] = [filling, filled, position];
    position += filled;
    filled = 0;
    filling = takeBuffer();
    isWriting = true;
    onWhole(buffer.subarray(0, length));
    writing = writeAll(descriptor, buffer.subarray(0, length), at)
      .catch((error: Failure) => {
        failure ??= error;
      })
      .finally(() => {
        isWriting = false;
        giveBack(buffer);
      });
  }

  async function addRest(piece: Buffer): Promise<void> {
    await writing;
    return add(piece);
  }

  function add(piece: Uint8Array): Promise<void> | undefined {
    if (failure) throw failure;
    for (let taken = 0; taken < piece.length; ) {
      const length = Math.min(piece.length - taken, TOGETHER - filled);
      filling.set(piece.subarray(taken, taken + length), filled);
      filled += length;
      taken += length;
      if (filled < TOGETHER) continue;
      // What is left of the piece is in memory that is used again.
      if (isWriting) return addRest(Buffer.from(piece.subarray(taken)));
      flush();
    }
    return undefined;
  }

  async function settle(): Promise<void> {
    await writing;
    if (!isSettled) giveBack(filling);
    isSettled = true;
  }

  return {
    add,
    async finish() {
      await writing;
      flush();
      await settle();
      if (failure) throw failure;
    },
    settle,
  };
}

function takeBuffer(): Buffer {
  return idle.pop() ?? Buffer.allocUnsafeSlow(TOGETHER);
}

function giveBack(buffer: Buffer): void {
  if (idle.length < MOST_IDLE) idle.push(buffer);
}

async function writeAll(descriptor: number, bytes: Buffer, position: number): Promise<void> {
  try {
    for (let done = 0; done < bytes.length; ) {
      const { bytesWritten } = await writeAt(descriptor, bytes, done, bytes.length - done, position + done);
      done += bytesWritten;
    }
  } catch (error) {
    throw new Failure('local', { code: localFailure(error).code, cause: error });
  }
}
