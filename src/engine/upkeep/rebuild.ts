import { join } from 'node:path';
import type { OwnPaths } from '../../config/home.ts';
import type { Config } from '../../config/schema.ts';
import type { ListedObject, ObjectStore } from '../../cos/store.ts';
import { localFailure } from '../../failure.ts';
import type { Disk } from '../../ledger/last-scan.ts';
import type { Ledger } from '../../ledger/ledger.ts';
import { lookupIn } from '../../ledger/lookup.ts';
import { type FileRecord, isFile, isUnknown, type LedgerRecord } from '../../ledger/records.ts';
import { crc64Hash, hashLike } from '../local/content-hash.ts';
import { disksFound, findDisks } from '../local/disk.ts';
import { filterOf } from '../local/filter.ts';
import { localPathError } from '../local/local-path.ts';
import { type ScannedEntry, scan } from '../local/scan.ts';
import { timesOf } from '../local/settle.ts';
import type { Requests } from '../requests/requests.ts';
import { type Meeting, meetAll } from './meet-listing.ts';

/** What rebuild found, in numbers of objects and files. */
export interface RebuildCounts {
  /** Files and folders whose object is equal: recorded, with nothing uploaded. */
  files: number;
  folders: number;
  /** Of another size or content than their object: the next sync uploads them. */
  different: number;
  /** Without an object: the next sync uploads them. */
  notInCos: number;
  /** Objects without a local file, recorded before: a sync with delete_sync deletes them. */
  kept: number;
  /** Objects without a local file and without a record: nobody's, never touched. */
  leftAlone: number;
  /** Local files that could not be read. */
  unreadable: number;
}

export interface RebuildOptions {
  config: Config;
  prefix: string;
  store: ObjectStore;
  requests: Requests;
  own: OwnPaths;
  /** The ledger that is to be replaced, where it can still be read. */
  old: Pick<Ledger, 'records'> | undefined;
  /** Takes the records of the new one, nearly ascending by path. */
  onRecord(record: LedgerRecord): void;
  /** Takes which file systems there are in the folder, for the next run to compare with. */
  onDisks(disks: ReadonlyMap<string, Disk>): void;
  onListed(objects: number): void;
  signal: AbortSignal;
}

const MD5 = /^[0-9a-f]{32}$/i;

/**
 * Makes the ledger's records anew from what COS holds and what the folder has. Changes nothing.
 * @throws LocalPathUnusable, Failure; the signal's reason when aborted
 */
export async function rebuildRecords(options: RebuildOptions): Promise<RebuildCounts> {
  const { old, onRecord } = options;
  const counts = emptyCounts();
  const recorded = old ? lookupIn(old.records) : () => undefined;
  await meetAll(options, localEntries(options), meeting => {
    const known = meeting.object && recorded(meeting.path);
    if (meeting.entry?.kind === 'file' && meeting.object) {
      return async () => {
        const record = await compared(options, meeting, known, counts);
        if (record) onRecord(record);
      };
    }
    const record = recordWithoutReading(meeting, known, counts);
    if (record) onRecord(record);
    return undefined;
  });
  return counts;
}

function emptyCounts(): RebuildCounts {
  return { files: 0, folders: 0, different: 0, notInCos: 0, kept: 0, leftAlone: 0, unreadable: 0 };
}

async function* localEntries(options: RebuildOptions): AsyncGenerator<ScannedEntry> {
  const { config, own, signal } = options;
  try {
    const disks = findDisks(config.localPath);
    for await (const batch of scan({ config, filter: filterOf(config, own), signal })) {
      batch.forEach(disks.meet);
      yield* batch;
    }
    options.onDisks(disksFound(disks.finish()));
  } catch (error) {
    if (signal.aborted) throw error;
    throw localPathError(config.localPath, error);
  }
}

function recordWithoutReading(
  { path, entry, object }: Meeting<ScannedEntry>,
  known: LedgerRecord | undefined,
  counts: RebuildCounts,
): LedgerRecord | undefined {
  if (entry?.kind === 'unreadable') counts.unreadable++;
  if (entry?.kind === 'folder') {
    if (!object) return undefined;
    counts.folders++;
    return { path };
  }
  if (entry?.kind === 'file') {
    counts.notInCos++;
    return undefined;
  }
  // The folder object of cos_path itself is nobody's.
  if (!object || path === '') return undefined;
  if (known && isStillIts(known, object)) {
    counts.kept++;
    return known;
  }
  counts.leftAlone++;
  return undefined;
}

/** A record without a file stays where its object is the recorded one: nobody else's is ever deleted. */
function isStillIts(record: LedgerRecord, object: ListedObject): boolean {
  return !isFile(record) || isUnknown(record) || record.etag === object.etag;
}

async function compared(
  options: RebuildOptions,
  meeting: Meeting<ScannedEntry>,
  known: LedgerRecord | undefined,
  counts: RebuildCounts,
): Promise<FileRecord | undefined> {
  try {
    const record = await equalRecord(options, meeting, known);
    if (record) counts.files++;
    else counts.different++;
    return record;
  } catch (error) {
    const failure = localFailure(error);
    if (failure.kind === 'changed') counts.different++;
    else if (failure.kind === 'local') counts.unreadable++;
    else throw failure;
    return undefined;
  }
}

/** The record of a file whose object has its size and content; undefined where it has not. */
async function equalRecord(
  { config, store, requests, prefix, signal }: RebuildOptions,
  { path, entry, object }: Meeting<ScannedEntry>,
  old: LedgerRecord | undefined,
): Promise<FileRecord | undefined> {
  if (!entry || !object || entry.size !== object.size) return undefined;
  const { size, mtime, ctime } = entry;
  const { etag } = object;
  if (old && isFile(old) && old.size === size && old.mtime === mtime && old.etag === etag) {
    // One without a ctime is of an older format: its content is looked at.
    if (old.unsettledSince === 0 && (old.ctime === ctime || !config.compareCtime)) return old;
  }

  const file = join(config.localPath, path);
  const readAt = Date.now();
  const asRead = async (recorded: string): Promise<FileRecord | undefined> => {
    const { hash, state } = await hashLike(recorded, file, signal);
    if (hash !== recorded || state.size !== size) return undefined;
    const times = timesOf({ file, state, readAt, seenAt: readAt }, config.compareCtime);
    return { path, size, ...times, hash, etag };
  };
  const byMd5 = MD5.test(etag) ? await asRead(etag.toLowerCase()) : undefined;
  if (byMd5) return byMd5;
  // An object that came in parts, or is encrypted, has another kind of ETag; its CRC-64 is of the content.
  const head = await requests.send(() => store.head(prefix + path));
  if (head?.crc64 === undefined || head.size !== size || head.etag !== etag) return undefined;
  return asRead(crc64Hash(head.crc64));
}
