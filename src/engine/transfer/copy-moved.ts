import { eachLimit } from 'async';
import { verify } from '../../cos/confirmation.ts';
import type { Confirmation, CopySource } from '../../cos/store.ts';
import { type Failure, localFailure } from '../../failure.ts';
import type { FileRecord } from '../../ledger/records.ts';
import { crc64Hash, crc64In, hashLike } from '../local/content-hash.ts';
import { type FileState, fileChanged, isSameState } from '../local/read-file.ts';
import type { LocalFile } from '../plan.ts';
import { completeUpload } from './complete-upload.ts';
import { beginUpload, discard, discardIfAllowed, type OpenUpload } from './open-upload.ts';
import { headersOf, localPathOf, type Run } from './run.ts';
import type { Uploaded } from './uploaded.ts';

const GiB = 1024 * 1024 * 1024;
/** Bytes: a larger object is copied in parts, and how large these are. */
export interface CopySizes {
  whole: number;
  part: number;
}

/** Source: COS "Specifications and limits". */
const COPY_SIZES: CopySizes = { whole: 5 * GiB, part: GiB };

/** So many copies that were denied say that the others will be, too. */
const DENIED_LIMIT = 10;

/** Records whose file is gone, found by what they hold. */
export interface GoneContents {
  /** The recorded hashes of gone files of a size, one of each kind of hash. */
  hashesOf(size: number): string[];
  find(size: number, hash: string): FileRecord | undefined;
  /** Takes note of a copy that was not made: where none can be, none is tried any more. */
  notCopied(failure: Failure): void;
}

/** Empty files have nothing to copy, so they are left out. */
export function indexGone(gone: readonly FileRecord[]): GoneContents {
  let denied = 0;
  const bySize = new Map<number, Map<string, FileRecord>>();
  for (const record of gone) {
    if (record.size === 0) continue;
    const ofSize = bySize.get(record.size) ?? new Map<string, FileRecord>();
    bySize.set(record.size, ofSize.set(record.hash, record));
  }
  return {
    hashesOf(size) {
      const hashes = [...(bySize.get(size)?.keys() ?? [])];
      const md5 = hashes.find(hash => crc64In(hash) === undefined);
      const crc64 = hashes.find(hash => crc64In(hash) !== undefined);
      return [md5, crc64].filter(hash => hash !== undefined);
    },
    find: (size, hash) => bySize.get(size)?.get(hash),
    notCopied({ kind }) {
      if (kind === 'denied') denied++;
      if (kind === 'unsupported' || denied >= DENIED_LIMIT) bySize.clear();
    },
  };
}

/** A file that has a gone file's content. */
export interface Move {
  path: string;
  source: FileRecord;
  state: FileState;
  readAt: number;
}

/** Looks whether a new file is one that moved; reads it only where a gone file has its size. */
export async function findMove(run: Run, file: LocalFile, gone: GoneContents): Promise<Move | undefined> {
  for (const recorded of gone.hashesOf(file.size)) {
    const readAt = Date.now();
    const read = await hashLike(recorded, localPathOf(run, file.path), run.signal).catch(noneIfChanged);
    if (!read) return undefined;
    const source = gone.find(read.state.size, read.hash);
    if (source) return { path: file.path, source, state: read.state, readAt };
  }
  return undefined;
}

/** A file that changes while it is looked at is uploaded like any other that does. */
function noneIfChanged(error: unknown): undefined {
  const failure = localFailure(error);
  if (failure.kind !== 'changed') throw failure;
}

/**
 * Copies a moved file's object inside COS, if COS still holds what was recorded.
 * @returns what speaks against the copy where there is any doubt: the file is then uploaded
 * @throws Failure where the run cannot go on
 */
export async function copyMoved(
  run: Run,
  move: Move,
  key: string,
  sourceKey: string,
  sizes = COPY_SIZES,
): Promise<Uploaded | Failure> {
  const { source, state, readAt } = move;
  const store = await run.store();
  const from = { key: sourceKey, etag: source.etag };
  try {
    const confirmation =
      source.size > sizes.whole
        ? await copyInParts(run, { store, path: move.path, key }, move, from, sizes.part)
        : await run.requests.send(() => store.copy(key, from, headersOf(run, key, state)));
    await verifyCopy(run, confirmation, move);
    return { confirmation, state, readAt, hash: source.hash, hasGrown: false };
  } catch (error) {
    const failure = localFailure(error);
    // A refusal may be of the copy alone; if it is of everything, the upload will hear it too.
    if (failure.kind === 'stopped' || failure.kind === 'unreachable') throw failure;
    return failure;
  }
}

/** An encrypted copy has an ETag of its own: its CRC-64 decides, and that of the file where none is recorded. */
async function verifyCopy(
  run: Run,
  confirmation: Confirmation,
  { source, path, state }: Move,
): Promise<void> {
  if (confirmation.etag === source.etag) return;
  const recorded = crc64In(source.hash);
  if (recorded !== undefined) return verify(confirmation, { crc64: () => recorded });
  await verify(confirmation, { md5: source.hash, crc64: () => crc64OfFile(run, path, state) });
}

async function crc64OfFile(run: Run, path: string, state: FileState): Promise<string> {
  // The copy is made: what came of it is found out.
  const read = await hashLike(crc64Hash(''), localPathOf(run, path));
  if (!isSameState(read.state, state)) throw fileChanged();
  return crc64In(read.hash) ?? '';
}

async function copyInParts(
  run: Run,
  target: Omit<OpenUpload, 'uploadId'>,
  { source, state }: Move,
  from: CopySource,
  partSize: number,
): Promise<Confirmation> {
  const { store, path, key } = target;
  const left = run.ledger.uploads.get(path);
  if (left) await discardIfAllowed(run, { ...target, uploadId: left.uploadId });
  const upload = await beginUpload(run, target, state, partSize);
  try {
    const count = Math.ceil(source.size / partSize);
    const parts = Array.from({ length: count }, (_, index) => ({ number: index + 1, etag: '', size: 0 }));
    await eachLimit(parts, run.config.threadNum, async (part: (typeof parts)[number]) => {
      const first = (part.number - 1) * partSize;
      const last = Math.min(first + partSize, source.size) - 1;
      const answer = await run.requests.send(() =>
        store.copyPart(key, upload.uploadId, part.number, from, first, last),
      );
      part.etag = answer.etag;
      part.size = last - first + 1;
    });
    return await completeUpload(run, upload, parts, crc64In(source.hash));
  } catch (error) {
    await discard(run, upload).catch(() => {});
    throw error;
  }
}
