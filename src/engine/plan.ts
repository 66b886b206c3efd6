import type { Failure } from '../failure.ts';
import type { Disk } from '../ledger/last-scan.ts';
import { type BegunRecord, type FileRecord, isUnknown, type LedgerRecord } from '../ledger/records.ts';
import type { ScannedEntry } from './local/scan.ts';

/** A local file as the scan saw it. */
export interface LocalFile {
  /** Relative to local_path, with `/`. */
  path: string;
  /** bytes */
  size: number;
  /** ms since 1970 */
  mtime: number;
  /** ms since 1970 */
  ctime: number;
}

/** A file whose size is the recorded one and whose content must be read to know more. */
export interface Check {
  file: LocalFile;
  record: FileRecord;
}

/** What a run has to do. Paths ascend; a folder's path ends with `/`. */
export interface Plan {
  createFolders: string[];
  /** Files that have no record, or another size than their record. */
  uploads: LocalFile[];
  /** Paths of uploads that have no record: what moved is among these. */
  newPaths: Set<string>;
  /** Paths of uploads of which it is not known what COS holds. */
  unknownPaths: Set<string>;
  checks: Check[];
  /** Records whose file or folder is gone. */
  goneFiles: FileRecord[];
  goneFolders: string[];
  /** New objects that an earlier run began to send, with no record and nothing there now. */
  goneBegun: BegunRecord[];
  /** When the scan had seen all of this, in ms since 1970. */
  scannedAt: number;
  /** Paths of what is gone from folders that changed during the scan: it may have moved where that had been already. */
  goneDuringScan: string[];
  /**
   * Paths of all that is gone, where that was a part that was scanned alone and nobody looked yet where it may have
   * moved: nothing of it is deleted. Else empty.
   */
  goneForLater: string[];
  /** New folders with files that changed a moment ago, of a part: each with the last change's time, in ms since 1970. */
  unrested: ReadonlyMap<string, number>;
  /** Paths of what is gone and was there in the last run: it may have moved to another shard. */
  goneForShards: string[];
  /** How many are gone from places whose file system is another than in the last run. */
  goneOnOtherDisk: ReadonlyMap<string, number>;
  /** Records whose file was not found, but that may be there: where the scan could not look, and one such place. */
  doubtful: number;
  doubtfulPlace: string;
  /** Records in whose place is what cannot be synced (a pipe, a link that is not followed), and one such place. */
  displaced: number;
  displacedPlace: string;
  /** A place where the scan could not look and of which nothing is recorded: what is gone may have moved there. */
  unknownPlace: string | undefined;
  /** Sizes in bytes of files that cannot be uploaded as they are, each with one such file. */
  failedSizes: Map<number, string>;
  /** Places that could not be read. */
  unreadable: string[];
  /** The systems' own folders that are there and take no part. */
  leftOut: string[];
  /** What the next run is to compare the file systems with that it finds, by place. */
  disks: ReadonlyMap<string, Disk>;
  failures: { path: string; failure: Failure }[];
  skipped: { path: string; failure: Failure }[];
  /** Files that are as their record says. */
  unchanged: number;
  /** Records of such files that had no ctime yet, with the one that there is. */
  refreshed: FileRecord[];
  /** Files that the scan found, and files in the ledger. */
  scannedFiles: number;
  recordedFiles: number;
}

/** Why a file is uploaded that the scan alone shows to be another than its record. */
export function whyUploaded(plan: Plan, path: string): 'new' | 'unknownInCos' | 'otherSize' {
  if (plan.newPaths.has(path)) return 'new';
  return plan.unknownPaths.has(path) ? 'unknownInCos' : 'otherSize';
}

export interface PlanRules {
  /** Whether a recorded path takes no part; it is then left alone in COS. */
  isExcluded(path: string): boolean;
  createFolders: boolean;
  /** Every file of unchanged size is checked, whatever its times say. */
  checksum: boolean;
  /** Whether a file's ctime means something here. */
  compareCtime: boolean;
  /** New objects that an earlier run began to send, by path. */
  begun?: ReadonlyMap<string, BegunRecord>;
  /** Places that could not be read in the last run either: what is gone since did not move there unseen. */
  unreadableBefore?: ReadonlySet<string> | undefined;
}

/** Meets the scan's entries with the ledger's records; both ascend by path. */
export interface Planner {
  meet(entry: ScannedEntry): void;
  /**
   * What was planned since the last time, for who cannot wait for the end. Only where nothing is recorded is it
   * final: nothing can have moved, and nothing is gone.
   */
  takeNew(): Plan;
  finish(): Plan;
}

/**
 * Starts a plan. The rules of what a run does are here and nowhere else:
 * - a file without a record, or of another size than its record, is uploaded
 * - a file of another mtime or ctime than its record, or whose record is unsettled, is checked by its content
 * - a folder without a record is created
 * - a record without a file is gone, unless it is excluded or the scan could not look there
 */
export function startPlan(records: Iterable<LedgerRecord>, rules: PlanRules): Planner {
  const plan = emptyPlan();
  const missing: LedgerRecord[] = [];
  const hidden = new Set<string>();
  const skipped = new Set<string>();
  const unknown = new Set<string>();
  const own = new Set<string>();
  const begun = new Map(rules.begun);
  const iterator = records[Symbol.iterator]();
  let record = iterator.next();

  function advanceTo(path: string): LedgerRecord | undefined {
    while (!record.done) {
      const passed = record.value;
      const isMatch = passed.path === path;
      if (!isMatch && passed.path > path) return undefined;
      count(passed);
      record = iterator.next();
      if (isMatch) return passed;
      missing.push(passed);
    }
    return undefined;
  }

  function count(passed: LedgerRecord): void {
    if ('hash' in passed) plan.recordedFiles++;
  }

  function meetFile(file: ScannedEntry): void {
    plan.scannedFiles++;
    const known = advanceTo(file.path) as FileRecord | undefined;
    if (known === undefined) plan.newPaths.add(file.path);
    else if (isUnknown(known)) plan.unknownPaths.add(file.path);
    if (known === undefined || known.size !== file.size) plan.uploads.push(file);
    else if (rules.checksum || mayHaveChanged(known, file)) plan.checks.push({ file, record: known });
    else {
      plan.unchanged++;
      if (rules.compareCtime && Number.isNaN(known.ctime))
        plan.refreshed.push({ ...known, ctime: file.ctime });
    }
  }

  function mayHaveChanged({ mtime, ctime, unsettledSince }: FileRecord, file: LocalFile): boolean {
    if (mtime !== file.mtime || unsettledSince !== 0) return true;
    return rules.compareCtime && ctime !== file.ctime && !Number.isNaN(ctime);
  }

  const isExcluded = (path: string) => rules.isExcluded(path) || placeOf(path, own) !== undefined;

  function meetUnreadable({ path, size }: ScannedEntry, failure: Failure): void {
    plan.failures.push({ path, failure });
    // Nothing moves into a link that leads nowhere.
    if (failure.code === 'DanglingSymlink') return;
    plan.unreadable.push(path);
    if (rules.unreadableBefore?.has(path)) return;
    if (Number.isNaN(size)) unknown.add(path);
    // An empty file holds nothing that could be lost.
    else if (size > 0) plan.failedSizes.set(size, path);
  }

  return {
    meet(entry) {
      if (begun.size > 0) begun.delete(entry.path);
      if (entry.kind === 'file') return meetFile(entry);
      if (entry.kind === 'folder') {
        const isNew = advanceTo(entry.path) === undefined;
        if (isNew && rules.createFolders && !rules.isExcluded(entry.path)) {
          plan.createFolders.push(entry.path);
        }
        return;
      }
      if (entry.kind === 'begun' || entry.kind === 'elsewhere') return;
      if (entry.kind === 'own' || entry.kind === 'away') return void own.add(entry.path);
      hidden.add(entry.path);
      const { path, failure } = entry;
      if (failure === undefined) return;
      if (entry.kind === 'unreadable') meetUnreadable(entry, failure);
      else {
        skipped.add(path);
        plan.skipped.push({ path, failure });
        // A link that leads back was given an object by earlier versions: it is a folder still.
        if (path.endsWith('/')) advanceTo(path);
      }
    },

    takeNew() {
      const { createFolders, uploads, newPaths } = plan;
      Object.assign(plan, { createFolders: [], uploads: [], newPaths: new Set() });
      return { ...emptyPlan(), createFolders, uploads, newPaths };
    },

    finish() {
      for (; !record.done; record = iterator.next()) {
        count(record.value);
        missing.push(record.value);
      }
      for (const gone of missing) {
        if (isExcluded(gone.path)) continue;
        const place = placeOf(gone.path, hidden);
        if (place !== undefined && skipped.has(place)) {
          plan.displaced++;
          plan.displacedPlace ||= place;
        } else if (place !== undefined) {
          plan.doubtful++;
          plan.doubtfulPlace ||= place;
          unknown.delete(place);
        } else if ('hash' in gone) plan.goneFiles.push(gone);
        else plan.goneFolders.push(gone.path);
      }
      plan.unknownPlace = [...unknown][0];
      plan.goneBegun = [...begun.values()].filter(
        ({ path }) => !isExcluded(path) && placeOf(path, hidden) === undefined,
      );
      return plan;
    },
  };
}

/** The path itself, or a folder above it, that is among the places. */
function placeOf(path: string, places: ReadonlySet<string>): string | undefined {
  if (places.size === 0) return undefined;
  if (places.has(path)) return path;
  for (let slash = path.indexOf('/'); slash >= 0; slash = path.indexOf('/', slash + 1)) {
    const above = path.slice(0, slash);
    if (places.has(`${above}/`)) return `${above}/`;
    if (places.has(above)) return above;
  }
  return undefined;
}

function emptyPlan(): Plan {
  return {
    createFolders: [],
    uploads: [],
    newPaths: new Set(),
    unknownPaths: new Set(),
    checks: [],
    goneFiles: [],
    goneFolders: [],
    goneBegun: [],
    scannedAt: Number.POSITIVE_INFINITY,
    goneDuringScan: [],
    goneForLater: [],
    unrested: new Map(),
    goneForShards: [],
    goneOnOtherDisk: new Map(),
    doubtful: 0,
    doubtfulPlace: '',
    displaced: 0,
    displacedPlace: '',
    unknownPlace: undefined,
    failedSizes: new Map(),
    unreadable: [],
    leftOut: [],
    disks: new Map(),
    failures: [],
    skipped: [],
    unchanged: 0,
    refreshed: [],
    scannedFiles: 0,
    recordedFiles: 0,
  };
}
