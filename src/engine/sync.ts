import { setMaxListeners } from 'node:events';
import type { OwnPaths } from '../config/home.ts';
import type { Config } from '../config/schema.ts';
import type { ObjectStore } from '../cos/store.ts';
import type { Failure } from '../failure.ts';
import type { Ledger, LedgerOptions } from '../ledger/ledger.ts';
import { isFile } from '../ledger/records.ts';
import { deleteBegun } from './delete/delete-begun.ts';
import { deleteGone } from './delete/delete-gone.ts';
import { decideDeletions, type TransferResult } from './deletions.ts';
import { largeAmong } from './large-files.ts';
import type { HeldReason, RunListener } from './listener.ts';
import type { UnmatchedPatterns } from './local/filter.ts';
import { checkLocalPath } from './local/local-path.ts';
import { type Part, recordsOf } from './local/part.ts';
import type { FolderFollower } from './local/read-ahead.ts';
import { isLongAgo } from './local/settle.ts';
import type { Plan } from './plan.ts';
import { type PartToPlan, planOf } from './plan-folder.ts';
import type { Requests } from './requests/requests.ts';
import { type Run, startRun } from './transfer/run.ts';
import { transfer } from './transfer/transfer.ts';
import { transferAhead } from './transfer/transfer-ahead.ts';

export interface SyncOptions {
  config: Config;
  configFile: string;
  own: OwnPaths;
  dryRun: boolean;
  allowEmpty: boolean;
  /** Takes a file system for the right one that is another than in the last run. */
  otherDisk: boolean;
  openLedger(onBroken: LedgerOptions['onBroken']): Promise<Ledger>;
  /** @param send sends the requests that the opening itself needs */
  openStore(send: Requests['send']): Promise<ObjectStore>;
  listeners: readonly RunListener[];
  /** Aborted by a signal: nothing new begins, what is under way ends. */
  signal: AbortSignal;
  /** A run for changes: only this part of the folder is scanned. */
  part?: ChangedPart | undefined;
  /** Is told of each folder that is scanned. */
  follower?: FolderFollower | undefined;
}

export interface ChangedPart extends Omit<PartToPlan, 'hasOthers'> {
  /** Files that runs for changes deleted since the last full one. */
  deletedBefore: number;
}

export interface SyncResult {
  deletesHeld: number;
  heldReasons: HeldReason[];
  /** Why the run ended before it was through: COS refused or could not be reached. */
  stoppedBy: Failure | undefined;
  /** Whether anything was done before it was stopped. */
  anySuccess: boolean;
  /** Files that the ledger had, or that the scan found. */
  knownFiles: number;
  /** Paths that were found gone and are left to a later run, because they may have moved. */
  goneForLater: readonly string[];
  /** New folders whose files were not at rest, each with the last change's time, in ms since 1970. */
  unrested: ReadonlyMap<string, number>;
  /** Files that were copied to where they had moved. */
  movedFiles: number;
}

/**
 * One run: scan → plan → transfer → delete; the ledger is told of each step's outcome as it happens.
 * @throws LocalPathUnusable, ConfigError, LedgerDamaged, LedgerUnusable
 */
export async function sync(options: SyncOptions): Promise<SyncResult> {
  const { config } = options;
  await checkLocalPath(config, options.configFile, options.signal);
  const stop = new AbortController();
  const signal = AbortSignal.any([options.signal, stop.signal]);
  setMaxListeners(0, signal);
  let broken: unknown;
  const ledger = await options.openLedger(error => {
    broken = error;
    stop.abort();
  });
  const run = startRun({
    ...options,
    ledger,
    signal,
    stop: () => stop.abort(),
    keepsThreads: options.part !== undefined,
  });
  const { breaker } = run;
  // What a part finds may have to wait for its end.
  const ahead = !options.part && isEmpty(ledger) ? transferAhead(run) : undefined;
  try {
    let unmatched: UnmatchedPatterns | undefined;
    const plan = await planOf({
      config,
      own: options.own,
      records: options.part ? recordsOf(options.part, ledger.records) : ledger.records(),
      part: options.part && { ...options.part, hasOthers: hasOthers(options.part, ledger) },
      follower: options.follower,
      begun: ledger.begun,
      lastScan: ledger.lastScan,
      otherDisk: options.otherDisk,
      onScanned: run.listener.scanned,
      onPlanned:
        ahead &&
        (part => {
          tellOperations(run, part, true);
          ahead.take(part);
        }),
      onUnmatched: patterns => {
        unmatched = patterns;
      },
      signal,
    });
    tellPlan(run, plan);
    recordRefreshed(run, plan);
    const transferred = await (ahead?.end() ?? transfer(run, plan));
    rememberScan(run, plan, transferred, options);
    const held = await deleteWhatMay(run, plan, transferred, options);
    breaker.finish();
    if (broken) throw broken;
    if (unmatched && !signal.aborted) run.listener.unmatched(unmatched);
    return {
      deletesHeld: held.reduce((sum, { count }) => sum + count, 0),
      heldReasons: held.map(({ reason }) => reason),
      stoppedBy: breaker.reason,
      anySuccess: breaker.anySuccess,
      knownFiles: Math.max(plan.recordedFiles, plan.scannedFiles),
      goneForLater: [...plan.goneForLater, ...plan.goneDuringScan],
      unrested: plan.unrested,
      movedFiles: transferred.moved.size,
    };
  } finally {
    await ahead?.end().catch(() => {});
    await run.close();
    await ledger.close();
  }
}

/** Whether the ledger has a file that a part leaves alone. */
function hasOthers(part: Part, { records }: Ledger): boolean {
  for (const record of records('')) if (isFile(record) && !part.includes(record.path)) return true;
  return false;
}

/** Whether nothing is known of the folder, not even of an upload that was begun. */
function isEmpty({ records, begun, uploads }: Ledger): boolean {
  return begun.size === 0 && uploads.size === 0 && records()[Symbol.iterator]().next().done === true;
}

function tellPlan(run: Run, plan: Plan): void {
  const { listener, prefix } = run;
  const { failures, skipped, unchanged } = plan;
  listener.unchanged(unchanged);
  for (const { path, failure } of failures) {
    listener.failed({ operation: 'uploadFile', path, key: prefix + path, failure });
  }
  for (const { path, failure } of skipped) listener.skipped(path, failure);
  tellOperations(run, plan);
}

function tellOperations(
  { listener }: Run,
  { createFolders, uploads, checks }: Plan,
  isPartial = false,
): void {
  listener.planned({
    files: uploads.length + checks.length,
    folders: createFolders.length,
    deletions: 0,
    bytes: uploads.reduce((sum, { size }) => sum + size, 0),
    large: largeAmong(uploads.map(({ size }) => size)),
    isPartial,
  });
}

/** A ctime that is older than the scan by more than a clock's steps tells every later change. */
function recordRefreshed({ ledger, dryRun }: Run, { refreshed, scannedAt }: Plan): void {
  if (dryRun) return;
  for (const record of refreshed) {
    if (isLongAgo(record.mtime, record.ctime, scannedAt)) ledger.put(record);
  }
}

/** Notes for the next run what this one saw of the folder, if it saw all of it. */
function rememberScan(
  { ledger, dryRun, signal }: Run,
  plan: Plan,
  { unreadable }: TransferResult,
  { config, part }: SyncOptions,
): void {
  if (dryRun || (signal.aborted && plan.disks.size === 0)) return;
  const missingElsewhere = part
    ? [...(ledger.lastScan?.missing ?? [])].filter(path => !part.includes(path))
    : [];
  ledger.putLastScan({
    disks: plan.disks,
    missing: new Set([...missingElsewhere, ...plan.goneDuringScan, ...(config.shard ? goneIn(plan) : [])]),
    unreadable: new Set([...plan.unreadable, ...unreadable]),
    leftOut: new Set(plan.leftOut),
  });
}

const goneIn = ({ goneFiles, goneBegun }: Plan) => [...goneFiles, ...goneBegun].map(({ path }) => path);

async function deleteWhatMay(
  run: Run,
  plan: Plan,
  transferred: TransferResult,
  { allowEmpty, config, part }: SyncOptions,
) {
  const { deleteSync, maxDelete } = config;
  const { files, folders, begun, held } = decideDeletions(plan, transferred, {
    deleteSync,
    maxDelete,
    allowEmpty,
    ...(part && { deletedBefore: part.deletedBefore }),
  });
  for (const each of held) run.listener.held(each);
  const deletions = files.length + folders.length;
  if (deletions > 0) run.listener.planned({ files: 0, folders: 0, deletions, bytes: 0 });
  const left = deletions - (await deleteGone(run, files, folders));
  if (left > 0) {
    const stopped = { count: left, reason: 'stopped', limit: 0, place: '' } as const;
    held.push(stopped);
    run.listener.held(stopped);
  }
  await deleteBegun(run, begun);
  return held;
}
