import { createHash } from 'node:crypto';
import { fstatSync, read } from 'node:fs';
import { promisify } from 'node:util';
import { borrowCrc64, crcDecimal, returnCrc64 } from './crc64.ts';

const readAsync = promisify(read);
const CHUNK = 1 << 20;

/**
 * The bytes of an open file from start to end (exclusive), in chunks; ends early where the file does.
 * A chunk is only valid until the next one is asked for.
 */
export async function* readRange(fd: number, start: number, end: number): AsyncGenerator<Buffer> {
  const buffer = Buffer.allocUnsafe(Math.min(CHUNK, Math.max(1, end - start)));
  for (let at = start; at < end; ) {
    const { bytesRead } = await readAsync(fd, buffer, 0, Math.min(buffer.length, end - at), at);
    if (bytesRead === 0) return;
    at += bytesRead;
    yield buffer.subarray(0, bytesRead);
  }
}

/** Hashes a file as it is now. */
export async function rehash(fd: number): Promise<{ size: number; mtime: number; md5: string; crc: string }> {
  const mtime = fstatSync(fd).mtimeMs;
  const md5 = createHash('md5');
  const crc = await borrowCrc64();
  let size = 0;
  try {
    for await (const chunk of readRange(fd, 0, Number.POSITIVE_INFINITY)) {
      size += chunk.length;
      md5.update(chunk);
      crc.update(chunk);
    }
    return { size, mtime, md5: md5.digest('hex'), crc: crcDecimal(crc) };
  } finally {
    returnCrc64(crc);
  }
}
