import { writev } from 'node:fs';
import { promisify } from 'node:util';
import { startCrc64 } from '../../cos/crc64.ts';
import type { BodySink, ObjectHead } from '../../cos/store.ts';
import { Failure, localFailure } from '../../failure.ts';

const writeAt = promisify(writev);
/** bytes that are written at a time; as many more may come in the meantime */
const TOGETHER = 512 * 1024;

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
  const writer = createWriter(descriptor, start);
  try {
    const head = await receive({
      write(piece) {
        crc64.update(piece);
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

function createWriter(descriptor: number, start: number): Writer {
  let position = start;
  let waiting: Uint8Array[] = [];
  let size = 0;
  let writing: Promise<void> = Promise.resolve();
  let isWriting = false;
  let failure: Failure | undefined;

  function flush(): void {
    if (size === 0) return;
    const [pieces, at] = [waiting, position];
    position += size;
    waiting = [];
    size = 0;
    isWriting = true;
    writing = writeAll(descriptor, pieces, at)
      .catch((error: Failure) => {
        failure ??= error;
      })
      .finally(() => {
        isWriting = false;
      });
  }

  function check(): void {
    if (failure) throw failure;
  }

  return {
    add(piece) {
      check();
      waiting.push(piece);
      size += piece.length;
      if (size < TOGETHER) return undefined;
      if (!isWriting) {
        flush();
        return undefined;
      }
      return writing.then(flush);
    },
    async finish() {
      await writing;
      flush();
      await writing;
      check();
    },
    settle: () => writing,
  };
}

async function writeAll(descriptor: number, pieces: Uint8Array[], position: number): Promise<void> {
  try {
    for (let left = pieces, at = position; left.length > 0; ) {
      const { bytesWritten } = await writeAt(descriptor, left, at);
      at += bytesWritten;
      left = without(left, bytesWritten);
    }
  } catch (error) {
    throw new Failure('local', { code: localFailure(error).code, cause: error });
  }
}

/** What is left of pieces when so many bytes of them are written. */
function without(pieces: Uint8Array[], written: number): Uint8Array[] {
  let skip = written;
  let first = 0;
  for (; first < pieces.length && skip >= (pieces[first]?.length ?? 0); first++)
    skip -= pieces[first]?.length ?? 0;
  const left = pieces.slice(first);
  if (skip > 0 && left[0]) left[0] = left[0].subarray(skip);
  return left;
}
