import { existsSync, statSync } from 'node:fs';
import { join } from 'node:path';
import type { OwnPaths } from '../config/home.ts';
import type { Config } from '../config/schema.ts';
import { Failure } from '../failure.ts';
import type { LastScan } from '../ledger/last-scan.ts';
import { type BegunRecord, isFolderPath, type LedgerRecord } from '../ledger/records.ts';
import { type FoundDisks, findDisks } from './local/disk.ts';
import { filterOf, type UnmatchedPatterns } from './local/filter.ts';
import { LocalPathUnusable, localPathError, lookAtLocalPath } from './local/local-path.ts';
import { folderOf, type Part } from './local/part.ts';
import type { FolderFollower } from './local/read-ahead.ts';
import { scan } from './local/scan.ts';
import { othersThan } from './local/shard.ts';
import { systemFoldersIn } from './local/system-folders.ts';
import { disksToRemember, withoutOtherDisks } from './other-disk.ts';
import { type LocalFile, type Plan, startPlan } from './plan.ts';

/** ms by which the clock that folders' times are taken from may be behind. Source: jiffies, at 100 Hz. */
const CLOCK_STEP = 10;

export interface LocalPlanOptions {
  config: Config;
  own: OwnPaths;
  records: Iterable<LedgerRecord>;
  /** New objects that an earlier run began to send, by path. */
  begun?: ReadonlyMap<string, BegunRecord>;
  /** What the last run noted of the folder. */
  lastScan?: LastScan | undefined;
  /** Takes a file system for the right one that is another than in the last run. */
  otherDisk?: boolean;
  /** Only this part is scanned, and met with its records. */
  part?: PartToPlan | undefined;
  follower?: FolderFollower | undefined;
  onScanned(entries: number): void;
  /** Takes what is planned while the scan goes on, where nothing is recorded. */
  onPlanned?: ((plan: Plan) => void) | undefined;
  /** Is told after the scan which patterns had no effect. */
  onUnmatched?(patterns: UnmatchedPatterns): void;
  signal: AbortSignal;
}

/** A part of local_path, and what the plan must know of the rest. */
export interface PartToPlan extends Part {
  /** Whether what is gone is really gone, and has not moved to where nobody looked. */
  mayDelete: boolean;
  /** ms for which the files of a new folder must have been at rest: of those no event told. */
  rest: number;
  /** Files that the ledger has in all, about. */
  recordedFiles: number;
  /** Whether the ledger has a file that is not of this part. */
  hasOthers: boolean;
}

/**
 * Scans local_path, or a part of it, and meets what is there with the records.
 * @throws LocalPathUnusable where the folder cannot be read
 */
export async function planOf(options: LocalPlanOptions): Promise<Plan> {
  const { config, signal, lastScan, part, follower, begun } = options;
  const scanStart = Date.now();
  const before = await placeOnDisk(config, signal);
  if (before === undefined) return emptyPlanOf(config);
  const filter = filterOf(config, options.own);
  const planner = startPlan(options.records, {
    isExcluded: path => (isFolderPath(path) ? filter.excludesFolderObject(path) : filter.excludes(path)),
    createFolders: config.createFolders,
    checksum: config.checksum,
    compareCtime: config.compareCtime,
    ...(begun && { begun: part ? new Map([...begun].filter(([path]) => part.includes(path))) : begun }),
    unreadableBefore: lastScan?.unreadable,
  });
  let entries = 0;
  let hasFile = false;
  let hasOther = false;
  let found: FoundDisks;
  try {
    const disks = findDisks(config.localPath, lastScan?.disks, part !== undefined);
    for await (const batch of scan({ config, filter, signal, part, follower })) {
      for (const entry of batch) {
        planner.meet(entry);
        hasFile ||= entry.kind === 'file';
        hasOther ||= entry.kind === 'elsewhere' && !isFolderPath(entry.path);
        disks.meet(entry);
      }
      entries += batch.length;
      options.onScanned(entries);
      options.onPlanned?.({ ...planner.takeNew(), scannedAt: Date.now() });
    }
    // A disk that went away during the scan makes what was not yet looked at seem gone.
    if ((await placeOnDisk(config, signal)) !== before)
      throw new LocalPathUnusable(config.localPath, 'ENODEV');
    found = disks.finish();
  } catch (error) {
    if (signal.aborted) return emptyPlanOf(config);
    throw localPathError(config.localPath, error);
  }
  const known = options.otherDisk ? undefined : lastScan;
  const plan = withoutOtherDisks(planner.finish(), known, found);
  const sure = withoutMoved(plan, config.localPath, scanStart, lastScan?.missing);
  if (part) return planOfPart(withoutUnrested(sure, part, config), part, lastScan);
  const leavesNoFile = config.include.length > 0 && !hasFile && !hasOther;
  options.onUnmatched?.({ ...filter.unmatched(), leavesNoFile });
  const leftOut = leftOutIn(config, found);
  const told = leftOut.filter(path => !lastScan?.leftOut.has(path)).map(leftOutOnce);
  const disks = disksToRemember(plan, lastScan, known, found);
  const whole = { ...sure, skipped: [...sure.skipped, ...told], leftOut, disks, scannedAt: Date.now() };
  return config.shard ? planOfShard(whole, config, hasOther, lastScan) : whole;
}

/** Leaves for later what may still be being written, and what is gone and may be in it. */
function withoutUnrested(plan: Plan, part: PartToPlan, { compareCtime }: Config): Plan {
  const end = Date.now() - part.rest;
  const unrested = new Map<string, number>();
  const isRested = (file: LocalFile) => {
    const folder = folderOf(file.path);
    const changedAt = compareCtime ? file.ctime : file.mtime;
    if (part.isKnown(folder) || changedAt <= end) return true;
    unrested.set(folder, Math.max(unrested.get(folder) ?? 0, changedAt));
    return false;
  };
  const uploads = plan.uploads.filter(isRested);
  const checks = plan.checks.filter(({ file }) => isRested(file));
  return { ...plan, uploads, checks, unrested };
}

/**
 * A plan of a part as a part of the whole: what the last full scan noted of the rest still holds, and what is
 * gone counts against all that is recorded.
 */
function planOfPart(plan: Plan, part: PartToPlan, lastScan: LastScan | undefined): Plan {
  const outside = (paths: ReadonlySet<string> = new Set()) => [...paths].filter(path => !part.includes(path));
  // A known folder that is not there any more is for a run that looks at what was in it, too.
  const goneFolders = plan.goneFolders.filter(path => !part.isKnown(path));
  const gone = [...plan.goneFiles, ...plan.goneBegun].map(({ path }) => path);
  const mayDelete = part.mayDelete && plan.unrested.size === 0;
  return {
    ...plan,
    goneFolders,
    goneForLater: mayDelete ? [] : [...gone, ...goneFolders],
    unreadable: [...outside(lastScan?.unreadable), ...plan.unreadable],
    leftOut: [...(lastScan?.leftOut ?? [])],
    disks: lastScan?.disks ?? new Map(),
    scannedAt: Date.now(),
    scannedFiles: plan.scannedFiles + (part.hasOthers ? 1 : 0),
    recordedFiles: Math.max(plan.recordedFiles, part.recordedFiles),
  };
}

/**
 * A plan of a shard. Another one sends what moved to it, whenever it runs: what is gone stays in COS for one run
 * more. A folder is not empty while other shards have files in it. What a ledger lists of another shard was never
 * looked for.
 */
function planOfShard(plan: Plan, { shard }: Config, hasOther: boolean, lastScan?: LastScan): Plan {
  const isOthers = othersThan(shard);
  const goneFiles = plan.goneFiles.filter(({ path }) => !isOthers(path));
  const goneBegun = plan.goneBegun.filter(({ path }) => !isOthers(path));
  const gone = [...goneFiles, ...goneBegun].map(({ path }) => path);
  return {
    ...plan,
    goneFiles,
    goneBegun,
    goneFolders: plan.goneFolders.filter(path => !isOthers(path)),
    scannedFiles: plan.scannedFiles + (hasOther ? 1 : 0),
    goneForShards: gone.filter(path => !isFolderPath(path) && !lastScan?.missing.has(path)),
  };
}

/**
 * Sets aside what may have moved, while the scan was under way, to where it had been already: its object
 * would be deleted while COS has none of the new place. The next scan sees it; what was missing before this one
 * began did not move during it.
 */
function withoutMoved(
  plan: Plan,
  localPath: string,
  scanStart: number,
  missingBefore?: ReadonlySet<string>,
): Plan {
  const known = new Map<string, boolean>();
  const hasChanged = (folder: string): boolean => {
    const answered = known.get(folder);
    if (answered !== undefined) return answered;
    const mtime = mtimeOf(join(localPath, folder));
    const isGone = mtime === undefined && folder !== '';
    const answer = isGone ? hasChanged(folderOf(folder)) : !((mtime ?? Number.NaN) < scanStart - CLOCK_STEP);
    known.set(folder, answer);
    return answer;
  };
  const goneDuringScan: string[] = [];
  const isSure = (path: string) => {
    const isDoubtful = !missingBefore?.has(path) && hasChanged(folderOf(path));
    if (isDoubtful) goneDuringScan.push(path);
    return !isDoubtful;
  };
  return {
    ...plan,
    goneFiles: plan.goneFiles.filter(({ path }) => isSure(path)),
    goneFolders: plan.goneFolders.filter(isSure),
    goneBegun: plan.goneBegun.filter(({ path }) => isSure(path)),
    goneDuringScan,
  };
}

/** The systems' own folders that are there, on the disks that the scan came by: any other may be dead. */
function leftOutIn({ localPath, include }: Config, { begin }: FoundDisks): string[] {
  const places = systemFoldersIn(localPath, include).filter(path => begin.has(folderOf(path)));
  return places.filter(path => existsSync(join(localPath, path)));
}

function leftOutOnce(path: string): Plan['skipped'][number] {
  return { path, failure: new Failure('local', { code: 'SystemFolder' }) };
}

/** In ms since 1970; undefined where there is no such folder, NaN where that cannot be told. */
function mtimeOf(folder: string): number | undefined {
  try {
    const stats = statSync(folder, { throwIfNoEntry: false });
    return stats?.isDirectory() ? stats.mtimeMs : undefined;
  } catch {
    return Number.NaN;
  }
}

/** Tells local_path, and the disk it is on, from another in its place; undefined when aborted. */
async function placeOnDisk(config: Config, signal: AbortSignal): Promise<string | undefined> {
  try {
    const { dev, ino } = await lookAtLocalPath(config, signal);
    return `${dev}:${ino}`;
  } catch (error) {
    if (signal.aborted) return undefined;
    throw error;
  }
}

/** An aborted scan is no evidence of anything. */
function emptyPlanOf({ checksum, compareCtime }: Config): Plan {
  const rules = { isExcluded: () => true, createFolders: false, checksum, compareCtime };
  return startPlan([], rules).finish();
}
