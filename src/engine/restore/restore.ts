import { setMaxListeners } from 'node:events';
import { Readable } from 'node:stream';
import type { ObjectStore } from '../../cos/store.ts';
import { Failure } from '../../failure.ts';
import { largeAmong } from '../large-files.ts';
import { type RunListener, tellAll } from '../listener.ts';
import { createBreaker } from '../requests/breaker.ts';
import { createRequests, type Requests } from '../requests/requests.ts';
import { bytesOf, carryOut } from './carry-out.ts';
import { DiskTooSmall } from './errors.ts';
import type { Job, Restoring } from './job.ts';
import { objectsAt } from './objects.ts';
import { operationOf, type PlanSources, planJobs } from './plan-jobs.ts';

type Given = 'store' | 'requests' | 'breaker' | 'listener' | 'unrecorded' | 'kept' | 'signal';

export interface RestoreOptions extends Omit<Restoring, Given>, Omit<PlanSources, 'objects'> {
  /** ms since 1970: objects as they were at that moment; undefined for as they are */
  at: number | undefined;
  /** @param send sends the requests that the opening itself needs */
  openStore(send: Requests['send']): Promise<ObjectStore>;
  listeners: readonly RunListener[];
  /** Aborted by a signal: nothing new begins, what is under way ends. */
  signal: AbortSignal;
}

export interface RestoreResult {
  /** Why it ended before it was through: COS refused, could not be reached, or the disk takes no more. */
  stoppedBy: Failure | undefined;
  /** COS did not list on: what it had listed until then was worked through. */
  isListingCut: boolean;
  anySuccess: boolean;
  /** Equal files that the ledger was not told of, for their content was not read. */
  unrecorded: number;
}

/** Jobs that are held, planned and not begun: before the first is begun, and from then on. */
const PLANNED_FIRST = 100_000;
const PLANNED_AHEAD = 2_000;
/** Jobs that tell what others may need, and so many times their bytes that a disk has plenty of room. */
const FIRST_PLANNED = 1_000;
const PLENTY = 100;
/** Jobs that are told to the listener together. */
const TOGETHER = 100;
/** A folder that takes no more of one file does of none. */
const TAKES_NO_MORE: ReadonlySet<string> = new Set(['ENOSPC', 'EDQUOT', 'EROFS', 'NoState', 'FolderMoved']);

/**
 * Brings objects back: list → plan → fetch, prove, rename. Every outcome is told to the listeners.
 * @throws DiskTooSmall; Failure where COS lists nothing
 */
export async function restore(options: RestoreOptions): Promise<RestoreResult> {
  const { config, prefix, selection, at } = options;
  const stop = new AbortController();
  const signal = AbortSignal.any([options.signal, stop.signal]);
  setMaxListeners(0, signal);
  const listener = tellAll(options.listeners);
  const breaker = createBreaker(config.threadNum, () => stop.abort());
  const requests = createRequests({
    threads: config.threadNum,
    retries: config.retryNum,
    signal,
    onRetry: listener.retried,
    onAnswer: breaker.answered,
  });
  const kept = new Set<string>();
  let store: ObjectStore | undefined;
  let isThrough = false;
  try {
    store = await options.openStore(requests.send);
    const run: Restoring = { ...options, store, requests, breaker, listener, unrecorded: 0, kept, signal };
    const objects = objectsAt(store, requests, prefix + selection.common, at);
    const plan = await planAhead(run, planJobs(run, { ...options, objects }));
    const full = await workThrough(run, plan.jobs, stop).finally(() => plan.jobs.destroy());
    const unlisted = signal.aborted ? undefined : plan.unlisted();
    if (unlisted && !breaker.anySuccess) throw unlisted;
    isThrough = !signal.aborted && !unlisted;
    if (isThrough) tellUnmatched(run, selection.unmatched());
    breaker.finish();
    return {
      stoppedBy: full ?? breaker.reason ?? unlisted,
      isListingCut: unlisted !== undefined,
      anySuccess: breaker.anySuccess,
      unrecorded: run.unrecorded,
    };
  } finally {
    if (isThrough) keepOthers(options, kept);
    if (!options.dryRun) tidy(options, kept, isThrough);
    await store?.close();
  }
}

interface PlanAhead {
  jobs: Readable;
  /** Why COS did not list on, once the jobs have ended. */
  unlisted(): Failure | undefined;
}

/**
 * Plans ahead of the work, and sees that the disk has room for what is planned: before the first job is begun for as
 * many as it may need, and then for those that come as they come. Where COS does not list on, they end.
 * @throws DiskTooSmall, as the jobs do
 */
async function planAhead(run: Restoring, jobs: AsyncIterable<Job>): Promise<PlanAhead> {
  const free = run.dryRun ? undefined : run.place.freeSpace();
  const coming = together(jobs);
  const first: Job[] = [];
  let needed = 0;
  let unlisted: Failure | undefined;

  async function next(): Promise<Job[] | undefined> {
    try {
      return (await coming.next()).value;
    } catch (error) {
      if (!(error instanceof Failure)) throw error;
      unlisted = error;
      return undefined;
    }
  }

  async function more(): Promise<Job[] | undefined> {
    const some = await next();
    tellPlan(run, some ?? [], some !== undefined);
    for (const job of some ?? []) needed += roomFor(run, job);
    return some;
  }

  function requireRoom(isBegun: boolean): void {
    if (free === undefined || needed <= free) return;
    throw new DiskTooSmall(run.place.root, { needed, free, isBegun });
  }

  async function* all(): AsyncGenerator<Job> {
    yield* first.splice(0);
    for (let next = await more(); next; next = await more()) {
      requireRoom(true);
      yield* next;
    }
  }

  const hasPlenty = () => free === undefined || (first.length >= FIRST_PLANNED && needed * PLENTY < free);
  while (!hasPlenty() && first.length < PLANNED_FIRST) {
    const next = await more();
    if (!next) break;
    first.push(...next);
  }
  requireRoom(false);
  return { jobs: Readable.from(all(), { highWaterMark: PLANNED_AHEAD }), unlisted: () => unlisted };
}

async function* together(jobs: AsyncIterable<Job>): AsyncGenerator<Job[], undefined> {
  let some: Job[] = [];
  try {
    for await (const job of jobs) {
      if (some.push(job) < TOGETHER) continue;
      yield some;
      some = [];
    }
  } catch (error) {
    yield some;
    throw error;
  }
  yield some;
}

/** Bytes that the disk must still have for a job: what an earlier run wrote of it is there. */
function roomFor({ journal, place }: Restoring, job: Job): number {
  const bytes = bytesOf(job);
  if (bytes === 0 || !journal.isResumed) return bytes;
  return Math.max(0, bytes - place.unfinishedBytes(job.path));
}

/** @param isPartial there may be more */
function tellPlan({ listener }: Restoring, jobs: readonly Job[], isPartial: boolean): void {
  const folders = jobs.filter(({ decision }) => decision.what === 'createFolder').length;
  const sizes = jobs.map(bytesOf);
  const bytes = sizes.reduce((sum, size) => sum + size, 0);
  const large = largeAmong(sizes);
  listener.planned({ files: jobs.length - folders, folders, deletions: 0, bytes, large, isPartial });
}

/** @returns why the folder takes no more, where it does not @throws DiskTooSmall when what is under way has ended */
async function workThrough(
  run: Restoring,
  ahead: Readable,
  stop: AbortController,
): Promise<Failure | undefined> {
  const { breaker } = run;
  const jobs: AsyncIterator<Job> = ahead[Symbol.asyncIterator]();
  let full: Failure | undefined;

  async function work(): Promise<void> {
    for (let next = await jobs.next(); !next.done && !run.signal.aborted; next = await jobs.next()) {
      const failure = await carryOut(run, next.value);
      const { path } = next.value;
      const operation = operationOf(path);
      if (!failure) breaker.succeeded(operation, path);
      else if (failure.kind !== 'stopped') breaker.failed(failure, operation, path);
      if (failure === undefined || !TAKES_NO_MORE.has(failure.code)) continue;
      full ??= failure;
      stop.abort();
    }
  }

  const ended = await Promise.allSettled(Array.from({ length: run.config.threadNum }, work));
  const broken = ended.find(({ status }) => status === 'rejected') as PromiseRejectedResult | undefined;
  if (broken && !run.signal.aborted) throw broken.reason;
  return full;
}

/** What was asked for by name and is not in COS. */
function tellUnmatched({ listener, prefix }: Restoring, paths: readonly string[]): void {
  for (const path of paths) {
    const failure = new Failure('stale', { code: 'NoSuchKey' });
    listener.failed({ operation: 'downloadFile', path, key: prefix + path, failure });
  }
}

/** What an earlier restore wrote of objects that this one was not asked for is there for a later one. */
function keepOthers({ journal, place, selection, isExcluded }: RestoreOptions, kept: Set<string>): void {
  for (const path of journal.paths()) {
    if (!selection.covers(path) || isExcluded(path)) kept.add(place.unfinishedName(path));
  }
}

/** Removes what killed restores left, once nothing is left to go on with. */
function tidy(
  { journal, place }: Pick<Restoring, 'journal' | 'place'>,
  kept: ReadonlySet<string>,
  isThrough: boolean,
): void {
  if (isThrough && journal.isResumed) {
    for (const folder of journal.folders()) place.sweep(folder, name => kept.has(name));
  }
  if (kept.size === 0 && (isThrough || !journal.isResumed)) journal.remove();
}
