import { createHash, hash } from 'node:crypto';
import { startCrc64 } from '../../cos/crc64.ts';
import { stopped } from '../../failure.ts';
import { compareWithNow, type FileState, openFile, readRange, refuseUnsized } from './read-file.ts';

const CRC64 = 'crc64:';

/** How the ledger writes the CRC-64 of a file that went up in parts. */
export function crc64Hash(crc64: string): string {
  return CRC64 + crc64;
}

/** The CRC-64 in a recorded hash, where it is one. */
export function crc64In(recorded: string): string | undefined {
  return recorded.startsWith(CRC64) ? recorded.slice(CRC64.length) : undefined;
}

export function md5Of(bytes: Uint8Array): string {
  return hash('md5', bytes, 'hex');
}

/** An unsigned decimal, COS's notation. */
export async function crc64Of(bytes: Uint8Array): Promise<string> {
  const crc64 = await startCrc64();
  crc64.update(bytes);
  return crc64.digest();
}

/**
 * Computes a file's hash of the same kind as a recorded one.
 * @throws Failure (changed) where the file changes under the reading, (stopped) where the signal is aborted; the
 *   system's error
 */
export async function hashLike(
  recorded: string,
  path: string,
  signal?: AbortSignal,
): Promise<{ hash: string; state: FileState }> {
  const { handle, state } = await openFile(path);
  try {
    if (state.size === 0) await refuseUnsized(handle);
    const wantsCrc = crc64In(recorded) !== undefined;
    const digest = wantsCrc ? await crc64Digest() : md5Digest();
    for await (const piece of readRange(handle, 0, state.size)) {
      if (signal?.aborted) throw stopped();
      digest.update(piece);
    }
    await compareWithNow(handle, state, false);
    return { hash: digest.end(), state };
  } finally {
    await handle.close();
  }
}

interface Digest {
  update(bytes: Uint8Array): void;
  end(): string;
}

function md5Digest(): Digest {
  const md5 = createHash('md5');
  return { update: bytes => void md5.update(bytes), end: () => md5.digest('hex') };
}

async function crc64Digest(): Promise<Digest> {
  const crc64 = await startCrc64();
  return { update: bytes => crc64.update(bytes), end: () => crc64Hash(crc64.digest()) };
}
