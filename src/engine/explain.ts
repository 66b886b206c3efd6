import type { Stats } from 'node:fs';
import { stat } from 'node:fs/promises';
import { isAbsolute, join, relative, sep } from 'node:path';
import type { Config } from '../config/schema.ts';
import type { Failure } from '../failure.ts';
import { inTime } from '../in-time.ts';
import { type FileRecord, isFolderPath, type LedgerRecord } from '../ledger/records.ts';
import type { Held, RunListener } from './listener.ts';
import { type Exclusion, type Filter, filterOf, ownExclusion } from './local/filter.ts';
import { type SyncOptions, sync } from './sync.ts';

/** What a run would do with one path, and why. */
export type Explanation =
  | { verdict: 'excluded'; exclusion: Exclusion; isRecorded: boolean }
  | { verdict: 'upload'; why: 'new' | 'unknownInCos' | 'otherContent' }
  | { verdict: 'upload'; why: 'otherSize'; from: number; to: number }
  | { verdict: 'copy'; from: string }
  | { verdict: 'createFolder' }
  | { verdict: 'unchanged'; why: 'asRecorded' | 'sameContent' | 'folder' | 'noFolderObjects' }
  | { verdict: 'delete' }
  | { verdict: 'held'; held: Held[] }
  /** Its file is gone, its object stays: delete_sync is off. */
  | { verdict: 'kept' }
  | { verdict: 'skipped' | 'failed'; failure: Failure }
  /** Neither there nor recorded. */
  | { verdict: 'nowhere' };

/** @returns the path relative to local_path with `/`; undefined where it lies outside */
export async function pathInTree(
  { localPath, timeout }: Pick<Config, 'localPath' | 'timeout'>,
  given: string,
): Promise<string | undefined> {
  const path = isAbsolute(given) ? relative(localPath, given) : relative('.', given);
  const isOutside = path === '' || path === '..' || path.startsWith(`..${sep}`) || isAbsolute(path);
  if (isOutside) return undefined;
  const slashed = path.split(sep).join('/');
  const isFolder = /[\\/]$/.test(given) || (await statOf(join(localPath, path), timeout))?.isDirectory();
  return isFolder ? `${slashed}/` : slashed;
}

/**
 * Says what a run would do with some paths, by a dry run.
 * @param paths relative to local_path; a folder's ends with `/`
 * @returns an explanation for each path that was given
 * @throws what sync throws
 */
export async function explain(
  options: Omit<SyncOptions, 'dryRun' | 'listeners'>,
  paths: readonly string[],
): Promise<Map<string, Explanation>> {
  const { config } = options;
  const filter = filterOf(config, options.own);
  const records = await recordsOf(options, new Set(paths));
  const seen = new Map<string, Explanation>();
  const blocked = new Map<string, Explanation>();
  const held: Held[] = [];
  const note = (path: string, explanation: Explanation) => {
    if (paths.includes(path)) seen.set(path, explanation);
  };
  const block = (path: string, explanation: Explanation) => blocked.set(path, explanation);
  const listener: RunListener = {
    done({ operation, path, bytes, movedFrom, reason }) {
      if (operation === 'createFolder') note(path, { verdict: 'createFolder' });
      else if (operation !== 'uploadFile') note(path, { verdict: 'delete' });
      else if (movedFrom !== undefined) note(path, { verdict: 'copy', from: movedFrom });
      else note(path, uploadFor(reason as UploadReason, bytes, records.get(path)));
    },
    failed: ({ path, failure }) => block(path, { verdict: 'failed', failure }),
    skipped: (path, failure) => block(path, { verdict: 'skipped', failure }),
    held: each => held.push({ ...each, place: join(config.localPath, each.place) }),
  };
  await sync({ ...options, dryRun: true, listeners: [listener] });

  const explanationOf = async (path: string): Promise<Explanation> => {
    const record = records.get(path);
    const exclusion = filter.exclusionOf(path);
    if (exclusion) return { verdict: 'excluded', exclusion, isRecorded: record !== undefined };
    const met = blockOf(path, blocked) ?? seen.get(path);
    if (met) return met;
    const own = await ownExclusionOf(config, filter, path);
    if (own) return { verdict: 'excluded', exclusion: own, isRecorded: record !== undefined };
    return whyNothing(config, path, record, held);
  };
  const explanations = new Map<string, Explanation>();
  for (const path of paths) explanations.set(path, await explanationOf(path));
  return explanations;
}

/** What kept the scan from seeing a path: a failure of its own, or of a folder above it. */
function blockOf(path: string, blocked: ReadonlyMap<string, Explanation>): Explanation | undefined {
  for (let slash = path.indexOf('/'); slash >= 0; slash = path.indexOf('/', slash + 1)) {
    const found = blocked.get(path.slice(0, slash + 1)) ?? blocked.get(path.slice(0, slash));
    if (found) return found;
  }
  return blocked.get(path);
}

/** Why a path is left out that leads to the program's own by another name. */
async function ownExclusionOf(
  { localPath, timeout }: Config,
  filter: Filter,
  path: string,
): Promise<Exclusion | undefined> {
  const ends = [...path.matchAll(/\/(?!$)/g)].map(({ index }) => index + 1);
  for (const end of [...ends, path.length]) {
    const place = path.slice(0, end);
    const absolute = join(localPath, place);
    const stats = await statOf(absolute, timeout);
    if (stats && filter.isOwn(absolute, stats.ino)) return ownExclusion(place);
  }
  return undefined;
}

async function recordsOf(
  { openLedger }: Pick<SyncOptions, 'openLedger'>,
  paths: ReadonlySet<string>,
): Promise<Map<string, LedgerRecord>> {
  const ledger = await openLedger(undefined);
  const found = new Map<string, LedgerRecord>();
  for (const record of ledger.records()) if (paths.has(record.path)) found.set(record.path, record);
  await ledger.close();
  return found;
}

type UploadReason = 'new' | 'unknownInCos' | 'otherSize' | 'otherContent';

function uploadFor(why: UploadReason, to: number, record: LedgerRecord | undefined): Explanation {
  if (why !== 'otherSize') return { verdict: 'upload', why };
  return { verdict: 'upload', why, from: (record as FileRecord).size, to };
}

/** What there is to say of a path that no operation is about. */
async function whyNothing(
  config: Config,
  path: string,
  record: LedgerRecord | undefined,
  held: Held[],
): Promise<Explanation> {
  const stats = await statOf(join(config.localPath, path), config.timeout);
  if (stats && isFolderPath(path)) {
    return { verdict: 'unchanged', why: record ? 'folder' : 'noFolderObjects' };
  }
  if (stats) {
    const isTouched = config.checksum || (record as FileRecord | undefined)?.mtime !== stats.mtimeMs;
    return { verdict: 'unchanged', why: isTouched ? 'sameContent' : 'asRecorded' };
  }
  if (record === undefined) return { verdict: 'nowhere' };
  return config.deleteSync ? { verdict: 'held', held } : { verdict: 'kept' };
}

async function statOf(path: string, timeout: number): Promise<Stats | undefined> {
  try {
    return await inTime(stat(path), timeout);
  } catch {
    return undefined;
  }
}
