import { write } from 'node:fs';
import { promisify } from 'node:util';
import { startCrc64 } from '../../cos/crc64.ts';
import type { BodySink, ObjectHead } from '../../cos/store.ts';
import { Failure, localFailure } from '../../failure.ts';

const writeAt = promisify(write);
/** bytes that are written at a time: each write wakes a thread, and three of them are under way for a part */
const TOGETHER = 512 * 1024;
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
  const waiting: { buffer: Buffer; length: number; at: number }[] = [];
  let position = start;
  let filling: Buffer | undefined;
  let filled = 0;
  let writing: Promise<void> | undefined;
  let failure: Failure | undefined;

  /** Writes one after the other, until nothing waits. */
  async function writeWaiting(): Promise<void> {
    for (let next = waiting[0]; next; next = waiting[0]) {
      const { buffer, length, at } = next;
      if (!failure) {
        await writeAll(descriptor, buffer.subarray(0, length), at).catch((error: Failure) => {
          failure ??= error;
        });
      }
      waiting.shift();
      giveBack(buffer);
    }
    writing = undefined;
  }

  function handOver(): void {
    if (!filling || filled === 0) return;
    onWhole(filling.subarray(0, filled));
    waiting.push({ buffer: filling, length: filled, at: position });
    position += filled;
    filling = undefined;
    filled = 0;
    writing ??= writeWaiting();
  }

  async function settle(): Promise<void> {
    await writing;
    if (filling) giveBack(filling);
    filling = undefined;
  }

  return {
    add(piece) {
      if (failure) throw failure;
      for (let taken = 0; taken < piece.length; ) {
        filling ??= takeBuffer();
        const length = Math.min(piece.length - taken, TOGETHER - filled);
        filling.set(piece.subarray(taken, taken + length), filled);
        filled += length;
        taken += length;
        if (filled === TOGETHER) handOver();
      }
      return waiting.length > 1 ? writing : undefined;
    },
    async finish() {
      handOver();
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
