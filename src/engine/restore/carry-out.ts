import { join } from 'node:path';
import { Failure, localFailure } from '../../failure.ts';
import type { FileState } from '../local/read-file.ts';
import { timesOf } from '../local/settle.ts';
import { compare, compareTimes } from './compare.ts';
import { fetch } from './fetch.ts';
import type { Job, Restoring } from './job.ts';
import type { Decision } from './plan.ts';
import { keep, operationOf } from './plan-jobs.ts';

/**
 * Does what was planned for one object. Its outcome is told to the listener, and to the ledger where that is
 * about this folder.
 * @returns the failure; it goes no further
 */
export async function carryOut(run: Restoring, job: Job): Promise<Failure | undefined> {
  const { path, object } = job;
  const operation = operationOf(path);
  run.listener.started({ operation, path, bytes: bytesOf(job) });
  try {
    await workOn(run, job, job.decision);
    return undefined;
  } catch (error) {
    const failure = localFailure(error);
    if (failure.kind !== 'stopped') run.listener.failed({ operation, path, key: object.key, failure });
    return failure;
  } finally {
    run.listener.ended(operation, path);
  }
}

/** Bytes that are to be fetched, as far as that is known. */
export function bytesOf({ decision, object }: Job): number {
  return decision.what === 'fetch' ? object.size : 0;
}

async function workOn(run: Restoring, job: Job, decision: Decision): Promise<void> {
  if (decision.what === 'fail') throw new Failure('local', { code: decision.code });
  if (decision.what === 'createFolder') return createFolder(run, job);
  if (decision.what === 'fetch') return download(run, job, decision.reason);
  if (decision.what === 'leave') {
    run.listener.skipped(job.path, new Failure('local', { code: 'LocalIsNewer' }));
    return run.listener.unchanged(1);
  }
  if (decision.what === 'keep' || job.look.kind !== 'file') return keep(run, job.path, job.record);
  if (decision.what === 'compareTimes') return workOn(run, job, await compareTimes(run, job, job.look));
  const { decision: compared, read } = await compare(run, job, job.look);
  if (compared.what !== 'keep' || !read) return workOn(run, job, compared);
  noteInLedger(run, job.path, { ...read, etag: job.object.etag });
  run.listener.unchanged(1);
}

/** Both COS and the folder hold these bytes. */
function noteInLedger(
  { record, place, config }: Restoring,
  path: string,
  { state, hash, etag }: { state: FileState; hash: string; etag: string },
): void {
  if (!record) return;
  const now = Date.now();
  const reading = { file: join(place.root, path), state, readAt: now, seenAt: now };
  record({ path, size: state.size, ...timesOf(reading, config.compareCtime), hash, etag });
}

function createFolder(run: Restoring, { path, object }: Job): void {
  if (!run.dryRun) {
    run.place.makeFolder(path);
    run.record?.({ path });
  }
  run.listener.done({ operation: 'createFolder', path, key: object.key, bytes: 0, reason: 'missing' });
}

async function download(run: Restoring, job: Job, reason: 'missing' | 'different'): Promise<void> {
  const { path, object } = job;
  const done = { operation: 'downloadFile', path, key: object.key, reason } as const;
  if (run.dryRun) return run.listener.done({ ...done, bytes: object.size });
  run.breaker.allow('downloadFile', path);
  const { status, requestId, ...fetched } = await fetch(run, job);
  noteInLedger(run, path, fetched);
  run.listener.done({ ...done, bytes: fetched.state.size, status, requestId });
}
