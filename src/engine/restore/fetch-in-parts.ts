import { createHash } from 'node:crypto';
import { combineCrc64, startCrc64 } from '../../cos/crc64.ts';
import type { ObjectHead } from '../../cos/store.ts';
import { Failure } from '../../failure.ts';
import { crc64Hash } from '../local/content-hash.ts';
import { mayRepeat } from '../requests/requests.ts';
import { checkContent, contentMismatch, isMd5 } from './check-content.ts';
import type { Fetched, Job, Restoring } from './job.ts';
import { writePart } from './part-writer.ts';
import type { Unfinished } from './place.ts';
import { meantMtime } from './plan.ts';
import { readPieces } from './read-pieces.ts';

/** Bytes that do not prove to be COS's are fetched so many times. */
const MOST_TIMES = 2;

/** A part of an object, and its place in the file. */
interface Part {
  /** From 0. */
  index: number;
  /** In bytes. */
  start: number;
  size: number;
}

/**
 * Fetches an object in parts, several at a time, into an unfinished file beside its place. What is written is
 * noted, so that a restore that is killed goes on where it was.
 * @throws Failure
 */
export async function fetchInParts(run: Restoring, job: Job): Promise<Fetched> {
  const file = run.place.openUnfinished(job.path, job.object.size);
  const parts = partsOf(job.object.size, run.config.partSize);
  let sums: Sums = new Map();
  try {
    for (let times = 1; ; times++) {
      sums = times === 1 && file.isResumed ? await writtenBefore(run, job, file, parts) : new Map();
      const head = await fetchMissing(run, job, file, parts, sums);
      try {
        const crc64 = await proved(run, head, file, parts, sums, job.object.size);
        const state = file.finish(meantMtime(head, job), job.look);
        const { status, requestId, etag } = head;
        return { state, etag, hash: crc64Hash(crc64), status, requestId };
      } catch (error) {
        if ((error as Failure).code !== 'ContentMismatch' || times === MOST_TIMES) throw error;
      }
    }
  } catch (error) {
    const isKept = parts.length > 1 && sums.size > 0 && isWorthKeeping(error as Failure);
    if (isKept) run.kept.add(run.place.unfinishedName(job.path));
    file.abandon(isKept);
    throw error;
  }
}

function isWorthKeeping(failure: Failure): boolean {
  return failure.code !== 'ContentMismatch' && (failure.kind === 'stopped' || mayRepeat(failure));
}

function partsOf(size: number, partSize: number): Part[] {
  return Array.from({ length: Math.ceil(size / partSize) }, (_, index) => {
    const start = index * partSize;
    return { index, start, size: Math.min(partSize, size - start) };
  });
}

type Sums = Map<number, string>;

/** The parts that an earlier run wrote, each read again: a power cut keeps no promise. */
async function writtenBefore(run: Restoring, job: Job, file: Unfinished, parts: Part[]): Promise<Sums> {
  const { etag, size } = job.object;
  const noted = run.journal.partsOf({ path: job.path, etag, size, partSize: run.config.partSize });
  const sums: Sums = new Map();
  for (const part of parts) {
    const sum = noted.get(part.index);
    if (sum === undefined) continue;
    const crc64 = await startCrc64();
    for await (const piece of readPieces(file.descriptor, part.start, part.size, run.signal))
      crc64.update(piece);
    if (crc64.digest() === sum) sums.set(part.index, sum);
  }
  return sums;
}

/** @returns what COS says of the object; adds the CRC-64 of each part to `sums` */
async function fetchMissing(
  run: Restoring,
  job: Job,
  file: Unfinished,
  parts: readonly Part[],
  sums: Sums,
): Promise<ObjectHead> {
  const there = parts.filter(({ index }) => sums.has(index));
  if (there.length > 0) {
    const bytes = there.reduce((sum, { size }) => sum + size, 0);
    run.listener.resumed(job.path, { parts: there.length, allParts: parts.length, bytes });
  }
  const missing = parts.filter(({ index }) => !sums.has(index)).values();
  let head: ObjectHead | undefined;
  let failure: Failure | undefined;

  async function work(): Promise<void> {
    for (const part of missing) {
      if (failure) return;
      try {
        const fetched = await fetchPart(run, job, file, part, parts.length);
        head ??= fetched.head;
        sums.set(part.index, fetched.crc64);
      } catch (error) {
        failure ??= error as Failure;
      }
    }
  }

  // All of them end before the file is closed: its number may be another's by then.
  await Promise.all(Array.from({ length: Math.min(parts.length, run.config.threadNum) }, work));
  if (failure) throw failure;
  if (head) return head;
  const { key, versionId, etag } = job.object;
  const found = await run.requests.send(() => run.store.head(key, versionId));
  if (!found) throw new Failure('stale', { code: 'NoSuchKey' });
  if (found.etag !== etag) throw new Failure('stale', { code: 'PreconditionFailed' });
  return found;
}

async function fetchPart(
  run: Restoring,
  job: Job,
  file: Unfinished,
  { index, start, size }: Part,
  count: number,
): Promise<{ head: ObjectHead; crc64: string }> {
  const { key, versionId, etag, size: wholeSize } = job.object;
  const range = count === 1 ? undefined : { first: start, last: start + size - 1 };
  const wanted = { key, versionId, size, range, etag };
  const fetched = await run.requests.send(() =>
    writePart(
      file.descriptor,
      start,
      piece => run.listener.sent(piece, job.path),
      sink => run.store.get(wanted, sink),
    ),
  );
  if (count > 1) {
    const { partSize } = run.config;
    run.journal.notePart({ path: job.path, etag, size: wholeSize, partSize, index, crc64: fetched.crc64 });
  }
  return fetched;
}

/** @returns the whole's CRC-64 @throws Failure (ContentMismatch) */
async function proved(
  { signal }: Restoring,
  head: ObjectHead,
  file: Unfinished,
  parts: readonly Part[],
  sums: Sums,
  size: number,
): Promise<string> {
  let crc64 = '0';
  for (const part of parts) crc64 = combineCrc64(crc64, sums.get(part.index) ?? '', part.size);
  if (head.crc64 !== undefined) await checkContent(head, { crc64: () => crc64 });
  else {
    if (!isMd5(head.etag)) throw contentMismatch(head);
    const md5 = createHash('md5');
    for await (const piece of readPieces(file.descriptor, 0, size, signal)) md5.update(piece);
    await checkContent(head, { md5: md5.digest('hex'), crc64: () => crc64 });
  }
  return crc64;
}
