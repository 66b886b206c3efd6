import { keyOf } from '../../cos/keys.ts';
import { after, Failure, localFailure } from '../../failure.ts';
import { LedgerUnusable } from '../../ledger/errors.ts';
import type { FileRecord } from '../../ledger/records.ts';
import type { TransferResult } from '../deletions.ts';
import type { PlannedReason, Started } from '../listener.ts';
import { hashLike } from '../local/content-hash.ts';
import { type FileState, isSameState } from '../local/read-file.ts';
import { type Reading, timesOf } from '../local/settle.ts';
import { type Check, type LocalFile, type Plan, whyUploaded } from '../plan.ts';
import { copyMoved, findMove, type GoneContents, indexGone } from './copy-moved.ts';
import { forEach } from './for-each.ts';
import { markUnknown, noteAhead } from './notes.ts';
import { discard } from './open-upload.ts';
import { partSizeFor } from './part-size.ts';
import { localPathOf, type Run } from './run.ts';
import { createFolderObject, upload } from './upload.ts';
import type { Uploaded } from './uploaded.ts';

/**
 * Carries out a plan's creations and uploads, and ends uploads in parts that no file needs any more. Every outcome
 * is told to the listener and recorded in the ledger.
 */
export async function transfer(run: Run, plan: Plan): Promise<TransferResult> {
  const result = await carryOut(run, plan);
  await discardAbandoned(run, plan);
  return result;
}

/** Carries out a plan's creations and uploads, or those of a part of it. */
export async function carryOut(run: Run, plan: Plan): Promise<TransferResult> {
  const failed: Failed = { failedSizes: new Map(), unreadable: [] };
  const result: TransferResult = { ...failed, moved: new Set() };
  const gone = indexGone(plan.goneFiles);

  const folderNotes = noteAhead(
    run,
    plan.createFolders.map(path => ({ path, size: 0 })),
  );
  await forEach(run, plan.createFolders, async path => {
    await folderNotes.ahead();
    const started = { operation: 'createFolder', path, bytes: 0 } as const;
    const failure = await attempt(run, started, () => createFolder(run, path));
    if (!failure || failure.mayBeDone) folderNotes.keep(path);
  });
  folderNotes.takeBack();
  await markUnknown(
    run,
    plan.uploads.filter(({ path }) => !plan.newPaths.has(path)).map(({ path }) => path),
  );
  const fileNotes = noteAhead(
    run,
    plan.uploads.filter(({ path }) => plan.newPaths.has(path)),
  );
  await forEach(run, plan.uploads, async file => {
    const isNew = plan.newPaths.has(file.path);
    if (isNew) await fileNotes.ahead();
    const candidates = isNew ? gone : undefined;
    const started = { operation: 'uploadFile', path: file.path, bytes: file.size } as const;
    const failure = await attempt(run, started, async () => {
      const wanted = { file, scannedAt: plan.scannedAt, reason: whyUploaded(plan, file.path) };
      const movedFrom = await uploadOrCopy(run, wanted, candidates);
      if (movedFrom !== undefined) result.moved.add(movedFrom);
    });
    if (!failure || failure.mayBeDone) fileNotes.keep(file.path);
    if (failure && !waitsForDeletion(plan, file.path, failure)) noteFailed(run, failed, file, failure);
  });
  fileNotes.takeBack();
  await forEach(run, plan.checks, async check => {
    const { path } = check.file;
    const started = { operation: 'uploadFile', path, bytes: 0 } as const;
    const failure = await attempt(run, started, () => checkContent(run, check, plan.scannedAt));
    if (failure) noteFailed(run, failed, check.file, failure);
  });
  return result;
}

/**
 * In a bucket that is a file system too, a file cannot be where a folder is, nor the other way round: this file
 * gets there only after what is gone from its place was deleted, and must not hold that back.
 */
function waitsForDeletion({ goneFiles, goneFolders }: Plan, path: string, { code }: Failure): boolean {
  if (code !== 'PathConflict') return false;
  const isInTheWay = (gone: string) => path.startsWith(`${gone}/`) || gone.startsWith(`${path}/`);
  return goneFiles.some(gone => isInTheWay(gone.path)) || goneFolders.some(isInTheWay);
}

interface Failed {
  failedSizes: Map<number, string>;
  unreadable: string[];
}

/** What is gone may be this file, moved; but not one that could not be read before it was gone, nor an empty one. */
function noteFailed(run: Run, failed: Failed, { path, size }: LocalFile, { kind }: Failure): void {
  const isUnreadable = kind === 'local';
  if (isUnreadable) failed.unreadable.push(path);
  if (size > 0 && !(isUnreadable && run.ledger.lastScan?.unreadable.has(path))) {
    failed.failedSizes.set(size, path);
  }
}

/** Of what turns out to be nothing that is sent only when it is opened. */
const NOTHING_TO_SEND: ReadonlySet<string> = new Set(['SizeUnknown', 'SymlinkSkipped', 'NotAFile']);

/** What an operation answers that needed nothing of COS: it is no sign that COS would do anything. */
const LOCAL_ONLY = Symbol('local only');

/** Runs one operation; its failure is told and answered, and goes no further. */
async function attempt(
  run: Run,
  started: Started & { operation: 'createFolder' | 'uploadFile' },
  work: () => Promise<unknown>,
): Promise<Failure | undefined> {
  const { operation, path } = started;
  run.listener.started(started);
  try {
    if ((await work()) !== LOCAL_ONLY) run.breaker.succeeded(operation, path);
    return undefined;
  } catch (error) {
    if (error instanceof LedgerUnusable) throw error;
    const failure = localFailure(error);
    if (failure.kind === 'stopped') return failure;
    if (NOTHING_TO_SEND.has(failure.code)) {
      run.listener.skipped(path, failure);
      return failure;
    }
    run.breaker.failed(failure, operation, path);
    run.listener.failed({ operation, path, key: run.prefix + path, failure });
    return failure;
  } finally {
    run.listener.ended(operation, path);
  }
}

async function createFolder(run: Run, path: string): Promise<void> {
  const key = keyOf(run.prefix, path);
  const done = { operation: 'createFolder', path, key, bytes: 0 } as const;
  if (run.dryRun) return run.listener.done({ ...done, reason: 'new' });
  run.breaker.allow('createFolder', path);
  const { status, requestId } = await createFolderObject(run, key);
  run.ledger.put({ path });
  run.listener.done({ ...done, status, requestId });
}

/** A file to upload, when the scan had seen it so, and why it is to be. */
interface Wanted {
  file: LocalFile;
  scannedAt: number;
  reason: PlannedReason;
}

/** @returns the path that the content was copied from, where it was */
async function uploadOrCopy(run: Run, wanted: Wanted, gone?: GoneContents): Promise<string | undefined> {
  const { file } = wanted;
  const key = keyOf(run.prefix, file.path);
  run.breaker.allow('uploadFile', file.path);
  partSizeFor(file.size, run.config.partSize);
  const move = gone && (await findMove(run, file, gone));
  let notCopied: Failure | undefined;
  if (move) {
    const { path: source } = move.source;
    if (run.dryRun) {
      const done = { operation: 'uploadFile', path: file.path, key, bytes: 0 } as const;
      run.listener.done({ ...done, movedFrom: source, reason: 'moved' });
      return source;
    }
    const copied = await copyMoved(run, move, key, keyOf(run.prefix, source));
    if (!(copied instanceof Failure)) {
      confirm(run, wanted, copied, source);
      return source;
    }
    notCopied = copied;
    gone?.notCopied(copied);
  }
  await uploadNow(run, wanted).catch(error => {
    throw after(notCopied, localFailure(error));
  });
  return undefined;
}

async function uploadNow(run: Run, wanted: Wanted): Promise<void> {
  const { file, reason } = wanted;
  const key = keyOf(run.prefix, file.path);
  if (run.dryRun) {
    run.listener.done({ operation: 'uploadFile', path: file.path, key, bytes: file.size, reason });
    return;
  }
  run.breaker.allow('uploadFile', file.path);
  confirm(run, wanted, await upload(run, file, key));
}

/** Records what COS confirmed, then tells of it. */
function confirm(
  run: Run,
  { file, scannedAt }: Wanted,
  { confirmation, state, readAt, hash, hasGrown }: Uploaded,
  movedFrom?: string,
): void {
  const { path } = file;
  const key = keyOf(run.prefix, path);
  const { size } = state;
  const { status, requestId, etag } = confirmation;
  const seenAt = isSameSeen(file, state) ? scannedAt : readAt;
  const times = timesIn(run, path, { state, readAt, seenAt });
  run.ledger.put({ path, size, ...times, ...(hasGrown && { unsettledSince: seenAt }), hash, etag });
  const bytes = movedFrom === undefined ? size : 0;
  const done = { operation: 'uploadFile', path, key, bytes, status, requestId } as const;
  run.listener.done(movedFrom === undefined ? done : { ...done, movedFrom });
  if (hasGrown) run.listener.grew(path);
}

/** What an earlier look saw of a file is what it is now. */
function isSameSeen(seen: Omit<LocalFile, 'path'>, state: FileState): boolean {
  return isSameState(seen, state) && (seen.ctime === state.ctime || Number.isNaN(seen.ctime));
}

function timesIn(run: Run, path: string, read: Omit<Reading, 'file'>): ReturnType<typeof timesOf> {
  return timesOf({ ...read, file: localPathOf(run, path) }, run.config.compareCtime);
}

/** A file whose times changed, or whose record is unsettled: equal content only refreshes its record. */
async function checkContent(run: Run, { file, record }: Check, scannedAt: number): Promise<unknown> {
  const readAt = Date.now();
  const { hash, state } = await hashLike(record.hash, localPathOf(run, file.path), run.signal).catch(
    error => {
      const failure = localFailure(error);
      if (failure.kind === 'changed')
        return { hash: '', state: { ...file, device: Number.NaN, mtimeNs: 0n } };
      throw failure;
    },
  );
  if (hash !== record.hash) {
    await markUnknown(run, [file.path]);
    return uploadNow(run, { file, scannedAt, reason: 'otherContent' });
  }
  const wasSeen = record.unsettledSince !== 0 && isSameSeen(record, state);
  const seenAt = wasSeen ? record.unsettledSince : isSameSeen(file, state) ? scannedAt : readAt;
  const refreshed = { ...record, ...timesIn(run, file.path, { state, readAt, seenAt }) };
  if (!run.dryRun && !isSameRecord(record, refreshed)) run.ledger.put(refreshed);
  run.listener.unchanged(1);
  return LOCAL_ONLY;
}

function isSameRecord(a: FileRecord, b: FileRecord): boolean {
  return Object.is(a.mtime, b.mtime) && Object.is(a.ctime, b.ctime) && a.unsettledSince === b.unsettledSince;
}

/** Ends uploads in parts that earlier runs began and that no file needs any more. */
async function discardAbandoned(run: Run, plan: Plan): Promise<void> {
  if (run.dryRun || run.signal.aborted || run.ledger.uploads.size === 0) return;
  const wanted = new Set(plan.uploads.map(({ path }) => path));
  for (const check of plan.checks) wanted.add(check.file.path);
  const abandoned = [...run.ledger.uploads].filter(([path]) => !wanted.has(path));
  await forEach(run, abandoned, async ([path, { uploadId }]) => {
    // An upload that cannot be ended now stays recorded for the next run.
    const upload = { store: await run.store(), path, key: run.prefix + path, uploadId };
    await discard(run, upload).catch(() => {});
  });
}
