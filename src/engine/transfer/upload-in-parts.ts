import { createHash } from 'node:crypto';
import { eachLimit } from 'async';
import { verify } from '../../cos/confirmation.ts';
import { type Crc64, combineCrc64, startCrc64 } from '../../cos/crc64.ts';
import type { ObjectStore, UploadedPart } from '../../cos/store.ts';
import { type Failure, isRefusal, localFailure, stopped } from '../../failure.ts';
import type { UploadRecord } from '../../ledger/records.ts';
import { crc64Hash } from '../local/content-hash.ts';
import { boundOf } from '../local/no-way-out.ts';
import {
  compareWithNow,
  type FileHandle,
  type FileState,
  fileChanged,
  isSameState,
  openFile,
  readRange,
} from '../local/read-file.ts';
import { completeUpload } from './complete-upload.ts';
import { beginUpload, discard, discardIfAllowed, isLost, type OpenUpload } from './open-upload.ts';
import { partSizeFor } from './part-size.ts';
import { localPathOf, type Run } from './run.ts';
import type { Uploaded } from './uploaded.ts';

interface Part {
  number: number;
  start: number;
  /** bytes */
  size: number;
}

interface SentPart extends UploadedPart {
  crc64: string;
}

/** A part that COS holds, with its CRC-64 where the ledger knows it. */
interface HeldPart extends UploadedPart {
  crc64: string | undefined;
}

/** A large file that is open for reading, and where its parts go. */
interface Source {
  store: ObjectStore;
  path: string;
  key: string;
  handle: FileHandle;
  state: FileState;
  /** bytes */
  partSize: number;
}

/** An upload of a file's parts, begun now or by an earlier run. */
interface Upload extends OpenUpload {
  /** Parts that COS holds already, by number. */
  held: ReadonlyMap<number, HeldPart>;
}

/**
 * Uploads a large file in parts; a later run goes on with the parts that COS holds.
 * @throws Failure
 */
export async function sendInParts(run: Run, path: string, key: string): Promise<Uploaded> {
  const readAt = Date.now();
  const { handle, state } = await openFile(localPathOf(run, path), boundOf(run.config));
  try {
    if (state.size <= run.config.multipartThreshold) throw fileChanged();
    const partSize = partSizeFor(state.size, run.config.partSize);
    const source: Source = { store: await run.store(), path, key, handle, state, partSize };
    const upload = (await resume(run, source)) ?? (await begin(run, source));
    const parts = await sendParts(run, source, upload).catch((failure: Failure) =>
      endIfUseless(run, upload, failure, isLost(failure)),
    );
    // What is always appended to would never arrive: what it had at the opening does.
    const hasGrown = await compareWithNow(handle, state, true).catch(async (error: unknown) => {
      await discardIfAllowed(run, upload);
      throw error;
    });
    const crc64 = parts.reduce((sum, part) => combineCrc64(sum, part.crc64, part.size), '0');
    const confirmation = await completeUpload(run, upload, parts, crc64).catch((failure: Failure) =>
      endIfUseless(run, upload, failure, isLost(failure) || failure.code === 'ChecksumMismatch'),
    );
    return { confirmation, state, readAt, hash: crc64Hash(crc64), hasGrown };
  } finally {
    await handle.close();
  }
}

function partsOf(size: number, partSize: number): Part[] {
  return Array.from({ length: Math.ceil(size / partSize) }, (_, index) => {
    const start = index * partSize;
    return { number: index + 1, start, size: Math.min(partSize, size - start) };
  });
}

async function resume(run: Run, { store, path, key, state, partSize }: Source): Promise<Upload | undefined> {
  const recorded = run.ledger.uploads.get(path);
  if (!recorded) return undefined;
  const upload = { store, path, key, uploadId: recorded.uploadId };
  if (!isSameState(recorded, state) || recorded.partSize !== partSize) {
    await discardIfAllowed(run, upload);
    return undefined;
  }
  try {
    const listed = await run.requests.send(() => store.listParts(key, upload.uploadId));
    return { ...upload, held: heldParts(listed, recorded) };
  } catch (error) {
    const failure = error as Failure;
    // What COS confirmed of them is noted; if the upload is gone, the next part or the end will say so.
    if (isRefusal(failure)) return { ...upload, held: recordedParts(recorded) };
    if (!isLost(failure)) throw failure;
    run.ledger.removeUpload(path);
    return undefined;
  }
}

function heldParts(listed: readonly UploadedPart[], { parts }: UploadRecord): Map<number, HeldPart> {
  const withCrc64 = (part: UploadedPart) => {
    const recorded = parts.get(part.number);
    return { ...part, crc64: recorded?.etag === part.etag ? recorded.crc64 : undefined };
  };
  return new Map(listed.map(part => [part.number, withCrc64(part)]));
}

function recordedParts({ size, partSize, parts }: UploadRecord): Map<number, HeldPart> {
  const sizes = new Map(partsOf(size, partSize).map(part => [part.number, part.size]));
  return new Map([...parts].map(([number, part]) => [number, { ...part, size: sizes.get(number) ?? 0 }]));
}

async function begin(run: Run, source: Source): Promise<Upload> {
  return { ...(await beginUpload(run, source, source.state, source.partSize)), held: new Map() };
}

async function sendParts(run: Run, source: Source, upload: Upload): Promise<SentPart[]> {
  const sent: SentPart[] = [];
  let failed: unknown;
  const left: Part[] = [];
  // One after the other: reading them keeps no connection busy, and many at a time take memory.
  for (const part of partsOf(source.state.size, source.partSize)) {
    const held = upload.held.get(part.number);
    const kept = run.signal.aborted ? undefined : await keepHeldPart(source.handle, part, held);
    if (kept) sent[part.number - 1] = kept;
    else left.push(part);
  }
  tellResumed(run, source, sent);
  /** Memory of parts that are sent. */
  const idle: Buffer[][] = [];
  await eachLimit(left, run.config.threadNum, async (part: Part) => {
    if (failed !== undefined) return;
    try {
      const isUseless = () => failed !== undefined;
      sent[part.number - 1] = await sendPart(run, source.handle, upload, part, { isUseless, idle });
    } catch (error) {
      // The others are waited for: they read from the same handle.
      failed ??= error;
    }
  });
  if (failed !== undefined) throw failed;
  return sent;
}

function tellResumed(run: Run, { path, state, partSize }: Source, kept: readonly SentPart[]): void {
  const held = kept.filter(part => part !== undefined);
  if (held.length === 0) return;
  const bytes = held.reduce((sum, { size }) => sum + size, 0);
  const allParts = Math.ceil(state.size / partSize);
  run.listener.resumed(path, { parts: held.length, allParts, bytes });
}

/** A part that COS holds is kept when it is what the file has there now: by its CRC-64, else by the MD5 as ETag. */
async function keepHeldPart(
  handle: FileHandle,
  part: Part,
  held: HeldPart | undefined,
): Promise<SentPart | undefined> {
  if (held?.size !== part.size) return undefined;
  const md5 = held.crc64 === undefined ? createHash('md5') : undefined;
  const crc64 = await startCrc64();
  for await (const piece of readRange(handle, part.start, part.size)) {
    md5?.update(piece);
    crc64.update(piece);
  }
  const sum = crc64.digest();
  const isSame = md5 ? held.etag.toLowerCase() === md5.digest('hex') : held.crc64 === sum;
  return isSame ? { ...held, crc64: sum } : undefined;
}

async function sendPart(
  run: Run,
  handle: FileHandle,
  { store, path, key, uploadId }: Upload,
  part: Part,
  { isUseless, idle }: { isUseless: () => boolean; idle: Buffer[][] },
): Promise<SentPart> {
  const buffers = idle.pop() ?? [];
  const { piece: atATime } = run.uploadLimit;
  let bodies = 0;
  return run.requests.send(async () => {
    if (isUseless()) throw stopped();
    // A body may be sent again within one try, while what was refused early is still being read: each has its own.
    let crc64: Crc64 | undefined;
    async function* content() {
      const own = await startCrc64();
      crc64 = own;
      const memory = bodies++ === 0 ? buffers : [];
      try {
        for await (const piece of readRange(handle, part.start, part.size, atATime, memory)) {
          await run.uploadLimit.take(piece.length, run.signal);
          own.update(piece);
          run.listener.sent(piece.length, path);
          yield piece;
        }
      } catch (error) {
        throw localFailure(error);
      }
    }
    const answer = await store.putPart(key, uploadId, part.number, { size: part.size, open: content });
    const sum = (crc64 ?? (await startCrc64())).digest();
    const read = { crc64: () => sum };
    await verify(answer, answer.crc64 === undefined ? { ...read, md5: await md5OfPart(handle, part) } : read);
    const sent = { number: part.number, size: part.size, etag: answer.etag, crc64: sum };
    run.ledger.putPart(path, sent);
    if (bodies === 1 && part.size >= atATime) idle.push(buffers);
    return sent;
  });
}

/** A gateway that gives no CRC-64 gives the MD5 as ETag. What changed in between shows in the file's state at the end. */
async function md5OfPart(handle: FileHandle, { start, size }: Part): Promise<string> {
  const md5 = createHash('md5');
  for await (const piece of readRange(handle, start, size)) md5.update(piece);
  return md5.digest('hex');
}

/** An upload whose parts COS does not know, or that holds other bytes than the file, is no use to a later run. */
async function endIfUseless(run: Run, upload: Upload, failure: Failure, isUseless: boolean): Promise<never> {
  // Where it cannot be ended now, the ledger remembers it.
  if (isUseless) await discard(run, upload).catch(() => {});
  throw failure;
}
