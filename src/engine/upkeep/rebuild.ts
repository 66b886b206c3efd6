import { join } from 'node:path';
import type { OwnPaths } from '../../config/home.ts';
import type { Config } from '../../config/schema.ts';
import type { ListedObject, ObjectStore } from '../../cos/store.ts';
import { localFailure } from '../../failure.ts';
import { type FileRecord, isFile, isUnknown, type LedgerRecord } from '../../ledger/records.ts';
import { crc64Hash, hashLike } from '../local/content-hash.ts';
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

export interface Rebuilt {
  records: LedgerRecord[];
  counts: RebuildCounts;
}

export interface RebuildOptions {
  config: Config;
  prefix: string;
  store: ObjectStore;
  requests: Requests;
  own: OwnPaths;
  /** The records of the ledger that is to be replaced, by path, where it can still be read. */
  known: ReadonlyMap<string, LedgerRecord>;
  onListed(objects: number): void;
  signal: AbortSignal;
}

const MD5 = /^[0-9a-f]{32}$/i;

/**
 * Makes the ledger's records anew from what COS holds and what the folder has. Changes nothing.
 * @throws LocalPathUnusable, Failure; the signal's reason when aborted
 */
export async function rebuildRecords(options: RebuildOptions): Promise<Rebuilt> {
  const records: LedgerRecord[] = [];
  const counts = emptyCounts();
  await meetAll(options, localEntries(options), meeting => {
    if (meeting.entry?.kind === 'file' && meeting.object) {
      return async () => {
        const record = await compared(options, meeting, counts);
        if (record) records.push(record);
      };
    }
    records.push(...recordsWithoutReading(meeting, options.known, counts));
    return undefined;
  });
  return { records, counts };
}

function emptyCounts(): RebuildCounts {
  return { files: 0, folders: 0, different: 0, notInCos: 0, kept: 0, leftAlone: 0, unreadable: 0 };
}

async function* localEntries({ config, own, signal }: RebuildOptions): AsyncGenerator<ScannedEntry> {
  try {
    for await (const batch of scan({ config, filter: filterOf(config, own), signal })) {
      yield* batch;
    }
  } catch (error) {
    if (signal.aborted) throw error;
    throw localPathError(config.localPath, error);
  }
}

function recordsWithoutReading(
  { path, entry, object }: Meeting<ScannedEntry>,
  known: ReadonlyMap<string, LedgerRecord>,
  counts: RebuildCounts,
): LedgerRecord[] {
  if (entry?.kind === 'unreadable') counts.unreadable++;
  if (entry?.kind === 'folder') {
    if (!object) return [];
    counts.folders++;
    return [{ path }];
  }
  if (entry?.kind === 'file') {
    counts.notInCos++;
    return [];
  }
  // The folder object of cos_path itself is nobody's.
  if (!object || path === '') return [];
  const record = known.get(path);
  if (record && isStillIts(record, object)) {
    counts.kept++;
    return [record];
  }
  counts.leftAlone++;
  return [];
}

/** A record without a file stays where its object is the recorded one: nobody else's is ever deleted. */
function isStillIts(record: LedgerRecord, object: ListedObject): boolean {
  return !isFile(record) || isUnknown(record) || record.etag === object.etag;
}

async function compared(
  options: RebuildOptions,
  meeting: Meeting<ScannedEntry>,
  counts: RebuildCounts,
): Promise<FileRecord | undefined> {
  try {
    const record = await equalRecord(options, meeting);
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
  { config, store, requests, prefix, known }: RebuildOptions,
  { path, entry, object }: Meeting<ScannedEntry>,
): Promise<FileRecord | undefined> {
  if (!entry || !object || entry.size !== object.size) return undefined;
  const { size, mtime, ctime } = entry;
  const { etag } = object;
  const old = known.get(path);
  if (old && isFile(old) && old.size === size && old.mtime === mtime && old.etag === etag) {
    // One without a ctime is of an older format: its content is looked at.
    if (old.unsettledSince === 0 && (old.ctime === ctime || !config.compareCtime)) return old;
  }

  const file = join(config.localPath, path);
  const readAt = Date.now();
  const asRead = async (recorded: string): Promise<FileRecord | undefined> => {
    const { hash, state } = await hashLike(recorded, file);
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
