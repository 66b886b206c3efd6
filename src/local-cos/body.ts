import { createHash } from 'node:crypto';
import { closeSync, fstatSync, openSync, rmSync, write, writeSync } from 'node:fs';
import type { IncomingMessage } from 'node:http';
import { promisify } from 'node:util';
import { borrowCrc64, crc64Of, crcDecimal, returnCrc64 } from './crc64.ts';
import { CosError } from './errors.ts';

const writeAsync = promisify(write);

/** Largest body kept in memory and written in one go; bigger ones are streamed to disk. In bytes. */
const SMALL_BODY = 256 * 1024;
/** Largest object of one PUT, and largest part: 5 GiB. */
export const LARGEST_PUT = 5 * 1024 ** 3;
/** Largest XML body, in bytes. */
const LARGEST_XML = 2 * 1024 ** 2;

/** Bytes that arrived whole and lie in a temporary file, closed, waiting for their place. */
export interface StagedBody {
  path: string;
  /** Bytes. */
  size: number;
  /** Of the file, in ms: tells later whether somebody changed it by hand. */
  mtime: number;
  /** Hex. */
  md5: string;
  /** Unsigned decimal. */
  crc: string;
}

/** Where a body is staged: a new file of its own, or a stretch of a file that is there. */
export interface StageTarget {
  path: string;
  /** Offset in bytes; absent for a new file. */
  at?: number;
}

/**
 * Takes in a request's body to a file, hashing on the way; no new file is left when it fails.
 * @param target asked for once it is clear that the body may come
 * @throws CosError EntityTooLarge, IncompleteBody, InvalidDigest, BadDigest
 */
export async function stageBody(request: IncomingMessage, target: () => StageTarget): Promise<StagedBody> {
  const wanted = contentMd5(request);
  const announced = contentLength(request);
  if (announced !== undefined && announced > LARGEST_PUT) throw new CosError('EntityTooLarge');
  const check = ({ size, md5 }: { size: number; md5: string }) => {
    if (announced !== undefined && size !== announced) throw new CosError('IncompleteBody');
    if (wanted !== undefined && wanted !== md5) throw new CosError('BadDigest');
  };
  if (announced === undefined || announced > SMALL_BODY)
    return stageStream(chunksOf(request), target(), check);
  return stageBuffer(await readWhole(request, SMALL_BODY), target(), check);
}

/** Bytes that are in memory need no second turn of the event loop: a handful of quick system calls. */
function stageBuffer(data: Buffer, target: StageTarget, check: (hashed: Hashed) => void): StagedBody {
  const hashed = { size: data.length, md5: createHash('md5').update(data).digest('hex'), crc: crc64Of(data) };
  check(hashed);
  const fd = openTarget(target);
  try {
    const at = target.at ?? 0;
    for (let done = 0; done < data.length; ) done += writeSync(fd, data, done, data.length - done, at + done);
    return { path: target.path, ...hashed, mtime: fstatSync(fd).mtimeMs };
  } catch (error) {
    discard(target);
    throw error;
  } finally {
    closeSync(fd);
  }
}

/** Streams chunks to a file as a staged body, not larger than one PUT may be. */
export async function stageStream(
  source: AsyncIterable<Buffer>,
  target: StageTarget,
  check: (hashed: Hashed) => void = () => {},
): Promise<StagedBody> {
  const fd = openTarget(target);
  const md5 = createHash('md5');
  const crc = await borrowCrc64();
  let size = 0;
  try {
    for await (const chunk of source) {
      const written = writeFully(fd, chunk, (target.at ?? 0) + size);
      // Hashing while the thread pool writes.
      md5.update(chunk);
      crc.update(chunk);
      size += chunk.length;
      await written;
      if (size > LARGEST_PUT) throw new CosError('EntityTooLarge');
    }
    const hashed = { size, md5: md5.digest('hex'), crc: crcDecimal(crc) };
    check(hashed);
    return { path: target.path, ...hashed, mtime: fstatSync(fd).mtimeMs };
  } catch (error) {
    discard(target);
    throw isAborted(error) ? new CosError('IncompleteBody') : error;
  } finally {
    returnCrc64(crc);
    closeSync(fd);
  }
}

type Hashed = Pick<StagedBody, 'size' | 'md5' | 'crc'>;

function openTarget({ path, at }: StageTarget): number {
  return openSync(path, at === undefined ? 'wx' : 'r+');
}

function discard({ path, at }: StageTarget): void {
  if (at === undefined) rmSync(path, { force: true });
}

/** Writes all of a buffer at an offset. */
export async function writeFully(fd: number, data: Uint8Array, at: number): Promise<void> {
  for (let done = 0; done < data.length; ) {
    done += (await writeAsync(fd, data, done, data.length - done, at + done)).bytesWritten;
  }
}

/**
 * Reads an XML body into memory, checking its Content-MD5.
 * @throws CosError MalformedXML (larger than 2 MiB), IncompleteBody, InvalidDigest, BadDigest
 */
export async function readXmlBody(request: IncomingMessage): Promise<Buffer> {
  const wanted = contentMd5(request);
  const announced = contentLength(request);
  if (announced !== undefined && announced > LARGEST_XML) throw new CosError('MalformedXML');
  const body = await readWhole(request, LARGEST_XML);
  if (wanted !== undefined && createHash('md5').update(body).digest('hex') !== wanted)
    throw new CosError('BadDigest');
  return body;
}

async function readWhole(request: IncomingMessage, limit: number): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let size = 0;
  try {
    for await (const chunk of chunksOf(request)) {
      chunks.push(chunk);
      size += chunk.length;
      if (size > limit) throw new CosError('MalformedXML');
    }
  } catch (error) {
    throw isAborted(error) ? new CosError('IncompleteBody') : error;
  }
  return chunks.length === 1 ? chunks[0]! : Buffer.concat(chunks);
}

/** A body's chunks; leaving the loop keeps the connection, so that a refusal can still be answered on it. */
function chunksOf(request: IncomingMessage): AsyncIterable<Buffer> {
  return { [Symbol.asyncIterator]: () => request.iterator({ destroyOnReturn: false }) };
}

function isAborted(error: unknown): boolean {
  return error instanceof Error && (error as NodeJS.ErrnoException).code === 'ECONNRESET';
}

/** Bytes announced; undefined for a body in chunks. */
export function contentLength(request: IncomingMessage): number | undefined {
  const text = request.headers['content-length'];
  // Without a length and without chunks HTTP says there is no body.
  if (text === undefined) return request.headers['transfer-encoding'] === undefined ? 0 : undefined;
  return Number(text);
}

/** The Content-MD5 header as hex. */
function contentMd5(request: IncomingMessage): string | undefined {
  const text = request.headers['content-md5'];
  if (text === undefined || text === '') return undefined;
  const bytes = Buffer.from(String(text), 'base64');
  if (bytes.length !== 16 || bytes.toString('base64') !== text) throw new CosError('InvalidDigest');
  return bytes.toString('hex');
}
