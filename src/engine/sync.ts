import { setMaxListeners } from 'node:events';
import { statSync } from 'node:fs';
import { join } from 'node:path';
import type { OwnPaths } from '../config/home.ts';
import { prefixOf } from '../config/prefix.ts';
import type { Config } from '../config/schema.ts';
import type { ObjectStore } from '../cos/store.ts';
import type { Failure } from '../failure.ts';
import type { Ledger, LedgerOptions } from '../ledger/ledger.ts';
import { openOnce } from '../open-once.ts';
import { deleteGone } from './delete/delete-gone.ts';
import { decideDeletions } from './deletions.ts';
import { type HeldReason, type RunListener, tellAll } from './listener.ts';
import type { Plan } from './plan.ts';
import { checkLocalPath, planOf } from './plan-folder.ts';
import { createBreaker } from './requests/breaker.ts';
import { createRequests, type Requests } from './requests/requests.ts';
import { countInto, emptyStatistics, type Statistics } from './statistics.ts';
import { createByteBudget } from './transfer/byte-budget.ts';
import { createMd5Threads } from './transfer/md5-threads.ts';
import { deleteBegun } from './transfer/notes.ts';
import type { Run } from './transfer/run.ts';
import { transfer } from './transfer/transfer.ts';
import { createUploadLimit } from './transfer/upload-limit.ts';

/** Bytes of whole files in memory at a time. */
const FILE_MEMORY = 64 * 1024 * 1024;

export interface SyncOptions {
  config: Config;
  configFile: string;
  own: OwnPaths;
  dryRun: boolean;
  allowEmpty: boolean;
  openLedger(onBroken: LedgerOptions['onBroken']): Promise<Ledger>;
  /** @param ask sends the requests that the opening itself needs */
  openStore(ask: Requests['send']): Promise<ObjectStore>;
  listeners: readonly RunListener[];
  /** Aborted by a signal: nothing new begins, what is under way ends. */
  signal: AbortSignal;
}

export interface SyncResult {
  statistics: Statistics;
  deletesHeld: number;
  heldReasons: HeldReason[];
  /** Why the run ended before it was through: COS refused or could not be reached. */
  stoppedBy: Failure | undefined;
  /** Whether anything was done before it was stopped. */
  anySuccess: boolean;
}

/**
 * One run: scan → plan → transfer → delete; the ledger is told of each step's outcome as it happens.
 * @throws LocalPathUnusable, ConfigError, LedgerDamaged, LedgerUnusable
 */
export async function sync(options: SyncOptions): Promise<SyncResult> {
  const { config } = options;
  checkLocalPath(config.localPath, options.configFile);
  const statistics = emptyStatistics();
  const stop = new AbortController();
  const signal = AbortSignal.any([options.signal, stop.signal]);
  setMaxListeners(0, signal);
  let broken: unknown;
  const ledger = await options.openLedger(error => {
    broken = error;
    stop.abort();
  });
  const lastWrite = statSync(ledger.file, { throwIfNoEntry: false })?.mtimeMs ?? 0;
  const store = openOnce(() => options.openStore(run.requests.send));
  const breaker = createBreaker(config.threadNum, () => stop.abort());
  const run = startRun(options, ledger, store.open, statistics, signal, breaker.answered);
  try {
    const plan = await planOf({
      config,
      own: options.own,
      records: ledger.records(),
      begun: ledger.begun,
      onScanned: run.listener.scanned,
      signal,
    });
    tellPlan(run, plan);
    const transferred = await transfer(run, plan, breaker);
    const held = await deleteWhatMay(run, plan, transferred, breaker, options, lastWrite);
    breaker.finish();
    if (broken) throw broken;
    return {
      statistics,
      deletesHeld: held.reduce((sum, { count }) => sum + count, 0),
      heldReasons: held.map(({ reason }) => reason),
      stoppedBy: breaker.reason,
      anySuccess: breaker.anySuccess,
    };
  } finally {
    await run.threads.close();
    await store.close();
    await ledger.close();
  }
}

function startRun(
  options: SyncOptions,
  ledger: Ledger,
  store: Run['store'],
  statistics: Statistics,
  signal: AbortSignal,
  onAnswer: () => void,
): Run {
  const { config, dryRun } = options;
  const listener = tellAll([countInto(statistics), ...options.listeners]);
  return {
    config,
    prefix: prefixOf(config.cosPath),
    dryRun,
    ledger,
    store,
    requests: createRequests({
      threads: config.threadNum,
      retries: config.retryNum,
      signal,
      onRetry: listener.retried,
      onAnswer,
    }),
    budget: createByteBudget(FILE_MEMORY),
    threads: createMd5Threads(),
    uploadLimit: createUploadLimit(config.uploadLimit, config.threadNum),
    listener,
    signal,
  };
}

function tellPlan({ listener, prefix, config }: Run, plan: Plan): void {
  const { failures, skipped, unchanged, createFolders, uploads, checks } = plan;
  listener.unchanged(unchanged);
  for (const { path, failure } of failures) {
    listener.failed({ operation: 'uploadFile', path, key: prefix + path, failure });
  }
  for (const { path, failure } of skipped) listener.skipped(join(config.localPath, path), failure);
  listener.planned({
    files: uploads.length + checks.length,
    folders: createFolders.length,
    deletions: 0,
    bytes: uploads.reduce((sum, { size }) => sum + size, 0),
  });
}

async function deleteWhatMay(
  run: Run,
  plan: Plan,
  transferred: Awaited<ReturnType<typeof transfer>>,
  breaker: ReturnType<typeof createBreaker>,
  { allowEmpty, config }: SyncOptions,
  lastWrite: number,
) {
  const { deleteSync, maxDelete } = config;
  const { files, folders, begun, held } = decideDeletions(plan, transferred, {
    deleteSync,
    maxDelete,
    allowEmpty,
  });
  for (const { count, reason, limit } of held) run.listener.held(count, reason, limit);
  const deletions = files.length + folders.length;
  if (deletions > 0) run.listener.planned({ files: 0, folders: 0, deletions, bytes: 0 });
  const left = deletions - (await deleteGone(run, breaker, files, folders));
  if (left > 0) {
    held.push({ count: left, reason: 'stopped', limit: 0 });
    run.listener.held(left, 'stopped', 0);
  }
  await deleteBegun(run, breaker, begun, lastWrite);
  return held;
}
