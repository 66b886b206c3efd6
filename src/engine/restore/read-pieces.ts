import { read } from 'node:fs';
import { promisify } from 'node:util';
import { stopped } from '../../failure.ts';

const readInto = promisify(read);
const PIECE = 256 * 1024;

/**
 * Reads a range of an open file; the memory of a piece is used again for the next. Ends early where the file does.
 * @throws Failure (stopped) where the signal is aborted; the system's error
 */
export async function* readPieces(
  descriptor: number,
  start: number,
  size: number,
  signal: AbortSignal,
): AsyncGenerator<Buffer> {
  const buffer = Buffer.allocUnsafe(Math.min(PIECE, size));
  for (let done = 0; done < size; ) {
    if (signal.aborted) throw stopped();
    const length = Math.min(buffer.length, size - done);
    const { bytesRead } = await readInto(descriptor, buffer, 0, length, start + done);
    if (bytesRead === 0) return;
    done += bytesRead;
    yield buffer.subarray(0, bytesRead);
  }
}
