import { existsSync, statSync } from 'node:fs';
import type Datastore from 'nedb-promises';
import { keepChanges } from './changes.ts';
import {
  encodeBegun,
  encodePart,
  encodeRecord,
  encodeRemoval,
  encodeUpload,
  encodeUploadRemoval,
} from './codec.ts';
import {
  endTornLine,
  fileState,
  findAside,
  keepHeapSmall,
  openDatafile,
  putAside,
  removeFile,
  syncFile,
} from './datafile.ts';
import {
  type Document,
  document,
  ENTRIES_PER_DOCUMENT,
  isNewer,
  isWhole,
  LAST_SCAN,
  LEDGER_FORMAT,
  lastScanIn,
  recordsIn,
  scanDocument,
  sortDocuments,
} from './documents.ts';
import { LedgerDamaged, LedgerNewer, LedgerOfOther, LedgerUnusable } from './errors.ts';
import { encodeLastScan, type LastScan } from './last-scan.ts';
import { addPart, readLog } from './read-log.ts';
import type { Begun, BegunRecord, LedgerRecord, PartRecord, UploadRecord } from './records.ts';
import { isSameTask, type Task } from './task.ts';
import { writeLedger } from './write-ledger.ts';

/** ms between writes: what an interrupted run may forget. */
const FLUSH_INTERVAL = 500;
/**
 * The log is merged into the sorted base when it holds this many entries and a quarter of the base's:
 * reading fewer costs less than the writing that merging them takes.
 */
const MERGE_ENTRIES = 20_000;
const MERGE_SHARE = 0.25;

/** Each piece of the log that a run writes is a document: with more of them than these, a ledger that stays open is read anew. */
const MOST_PIECES = 5_000;

/** With so many documents a ledger is large, and is kept in a small heap. */
const MANY_PIECES = 200;

/** So many times that an object was begun are remembered: each one that is forgotten may leave it in COS. */
const BEGUN_KEPT = 8;

/** The record of what COS holds, and of what was begun. */
export interface Ledger {
  readonly file: string;
  /** All records, ascending by path, or those from a path on. To be read before anything is written. */
  records(from?: string): Iterable<LedgerRecord>;
  /** Uploads in parts that earlier runs did not complete, by path. */
  readonly uploads: ReadonlyMap<string, UploadRecord>;
  /** Objects that earlier runs were about to send, or folders' to delete, when they were killed, by path. */
  readonly begun: ReadonlyMap<string, BegunRecord>;
  /** What the last run noted of the folder; undefined where there was none. */
  readonly lastScan: LastScan | undefined;
  put(record: LedgerRecord): void;
  remove(path: string): void;
  /** Notes a new object before it is sent, or a folder's before it is deleted; put and remove end that. */
  putBegun(begun: BegunRecord): void;
  putUpload(upload: UploadRecord): void;
  /** Notes a part of an upload that is noted. */
  putPart(path: string, part: PartRecord): void;
  removeUpload(path: string): void;
  putLastScan(scan: LastScan): void;
  /** Writes what is not yet written. @throws LedgerUnusable */
  flush(): Promise<void>;
  /** Writes what is not yet written, and waits until it would outlast a power cut. @throws LedgerUnusable */
  flushToDisk(): Promise<void>;
  /** Writes everything and ends; one that stays open is left as it is where that serves the next run. @throws LedgerUnusable */
  close(): Promise<void>;
  /** Whether nobody else has written to the file, or removed it, since it was closed. */
  isAsLeft(): boolean;
  /**
   * Goes on after `close` with what is in memory.
   * @returns false where it is better read anew
   */
  reopen(options: Pick<LedgerOptions, 'onBroken' | 'lost'>): boolean;
}

export interface LedgerOptions {
  file: string;
  task: Task;
  /** Reads only: a missing file is an empty ledger, and nothing is ever written. */
  readOnly?: boolean;
  /** Is called at once when records cannot be written, so that the run can end early. */
  onBroken?: (error: LedgerUnusable) => void;
  /** Aborted when the lock is lost: the file may be another run's, and nothing more is written to it. */
  lost?: AbortSignal | undefined;
  /** Several runs use it, one after the other: it knows what they write. */
  staysOpen?: boolean;
  /** All of it becomes the base at the end, however little that is: of a base it shows when a part is missing. */
  isDraft?: boolean;
  /** Where the ledger is made now: how often the task's were divided anew before. */
  generation?: number;
}

/**
 * Opens a task's ledger; the caller holds its lock.
 * @throws LedgerDamaged, LedgerOfOther, LedgerNewer, LedgerUnusable
 */
export async function openLedger(options: LedgerOptions): Promise<Ledger> {
  const { file, readOnly = false, generation } = options;
  try {
    const damaged = existsSync(file) ? undefined : await findAside(file);
    if (damaged !== undefined) throw new LedgerDamaged(damaged, true);
    if (!existsSync(file) && readOnly) return ledgerOf([], undefined, options);
    if (!existsSync(file)) await writeLedger(file, options.task, { sorted: [], count: 0, generation });
    const lastWrite = statSync(file).mtimeMs;
    const store = await openDatafile<Document>(file);
    const { documents, lastScan } = sortDocuments(await store.find({}));
    if (isNewer(documents)) throw new LedgerNewer(file);
    if (!isWhole(documents)) {
      throw readOnly ? new LedgerDamaged(file, false) : new LedgerDamaged(await putAside(file), true);
    }
    await checkTask(file, documents[0]?.task, options.task);
    if (!readOnly) await endTornLine(file);
    if (!readOnly && documents[0]?.format !== LEDGER_FORMAT) {
      await store.update({ _id: 1 }, { ...documents[0], format: LEDGER_FORMAT });
    }
    const before = { lastScan: lastScan && lastScanIn(lastScan), lastWrite };
    return ledgerOf(documents, readOnly ? undefined : store, options, before);
  } catch (error) {
    const isSaid = [LedgerDamaged, LedgerOfOther, LedgerNewer].some(kind => error instanceof kind);
    if (isSaid) throw error;
    throw new LedgerUnusable(file, error);
  }
}

/** A ledger that was copied to another's place says of objects that they are ours which are not. */
async function checkTask(file: string, found: Task | undefined, wanted: Task): Promise<void> {
  const { bucket, place, localPath, prefix } = found ?? { bucket: '', place: '', localPath: '', prefix: '' };
  if (!found || !(await isSameTask(found, wanted))) {
    throw new LedgerOfOther(file, `${localPath} -> cos://${bucket}/${prefix} (${place})`);
  }
}

/** Makes a ledger of the given records, in the place of any there is. */
export async function createLedger(file: string, task: Task, records: Iterable<LedgerRecord>): Promise<void> {
  const lines = Array.from(records, record => [record.path, encodeRecord(record)] as const);
  lines.sort(([a], [b]) => (a < b ? -1 : 1));
  const sorted = lines.map(([, line]) => line);
  await writeLedger(file, task, { sorted, count: sorted.length });
}

/** What earlier runs left. */
interface Before {
  lastScan: LastScan | undefined;
  /** ms since 1970 */
  lastWrite: number;
}

/** What was begun by runs before this one, and is not known yet to be. */
function withoutEnd(begun: ReadonlyMap<string, BegunRecord>): BegunRecord[] {
  return [...begun.values()].filter(record => record.begun.some(({ until }) => until === undefined));
}

function ledgerOf(
  documents: readonly Document[],
  store: Datastore<Document> | undefined,
  options: LedgerOptions,
  before: Before = { lastScan: undefined, lastWrite: 0 },
): Ledger {
  const { file, task, staysOpen = false, isDraft = false } = options;
  let { onBroken, lost } = options;
  let { lastScan: knownScan, lastWrite } = before;
  const log = readLog(documents);
  const { uploads, begun } = log;
  const changes = keepChanges(log.records);
  const baseEntries = documents.filter(({ kind }) => kind === 'base').length * ENTRIES_PER_DOCUMENT;
  let { entries } = log;
  const generation = documents[0]?.generation;
  let nextId = documents.length + 1;
  let waiting: string[] = [];
  let writing: Promise<void> = Promise.resolve();
  let lastSync: Promise<void> = Promise.resolve();
  let nextSync: Promise<void> | undefined;
  let broken: LedgerUnusable | undefined;

  let lastScan = knownScan && encodeLastScan(knownScan);
  let timer = startUse();
  /** What the file was when the last run left it. */
  let left: string | undefined;
  let isKept = false;

  function startUse(): NodeJS.Timeout {
    for (const record of withoutEnd(begun)) putBegun({ ...record, begun: record.begun.map(ended) });
    return setInterval(() => void flush().catch(() => {}), FLUSH_INTERVAL).unref();
  }

  /** @param path the one whose record the line is, or takes the place of */
  function note(line: string, path?: string): void {
    entries++;
    if (staysOpen && path !== undefined) changes.set(path, line);
    waiting.push(line);
    if (waiting.length >= ENTRIES_PER_DOCUMENT) void flush().catch(() => {});
  }

  function ended(each: Begun): Begun {
    return { ...each, until: each.until ?? lastWrite };
  }

  function putBegun(record: BegunRecord): void {
    begun.set(record.path, record);
    if (staysOpen) changes.set(record.path, encodeRemoval(record.path));
    note(encodeBegun(record));
  }

  function flush(): Promise<void> {
    const lines = waiting;
    waiting = [];
    if (lines.length > 0 && nextId === MANY_PIECES) keepHeapSmall();
    writing = writing.then(async () => {
      if (broken) throw broken;
      if (lines.length === 0 || !store || lost?.aborted) return;
      // After a failure the file may end in half a line; the next opening passes over it.
      await store.insert(document(nextId++, 'log', lines)).catch(endUse);
    });
    writing.catch(() => {});
    return writing;
  }

  /** Callers that come while one fsync is under way share the next. */
  function flushToDisk(): Promise<void> {
    nextSync ??= lastSync.then(async () => {
      nextSync = undefined;
      await flush();
      if (store && !lost?.aborted) await syncFile(file).catch(endUse);
    });
    lastSync = nextSync.catch(() => {});
    return nextSync;
  }

  function endUse(error: unknown): never {
    broken = new LedgerUnusable(file, error);
    onBroken?.(broken);
    throw broken;
  }

  const isMergeWorthIt = () => isDraft || entries >= Math.max(MERGE_ENTRIES, baseEntries * MERGE_SHARE);

  async function mergeWhenWorthIt(): Promise<void> {
    if (!store || lost?.aborted || !isMergeWorthIt()) return;
    const { documents: now, lastScan: scan } = sortDocuments(await store.find({}));
    const { records } = readLog(now);
    const all = () => recordsIn(now, records);
    let count = 0;
    for (const _ of all()) count++;
    const open = [...[...uploads.values()].flatMap(linesOf), ...[...begun.values()].map(encodeBegun)];
    const content = { sorted: encoded(all()), count, log: open, lastScan: scan, generation };
    await writeLedger(file, task, content, lost);
  }

  return {
    file,
    uploads,
    begun,
    get lastScan() {
      return knownScan;
    },
    records: from => recordsIn(documents, changes.sorted(), from),
    put(record) {
      begun.delete(record.path);
      note(encodeRecord(record), record.path);
    },
    remove(path) {
      begun.delete(path);
      note(encodeRemoval(path), path);
    },
    putBegun({ path, begun: again }) {
      const all = [...(begun.get(path)?.begun ?? []), ...again];
      putBegun({ path, begun: all.slice(-BEGUN_KEPT) });
    },
    putUpload(upload) {
      uploads.set(upload.path, { ...upload, parts: new Map(upload.parts) });
      for (const line of linesOf(upload)) note(line);
    },
    putPart(path, part) {
      addPart(uploads, path, part);
      note(encodePart(path, part));
    },
    removeUpload(path) {
      if (uploads.delete(path)) note(encodeUploadRemoval(path));
    },
    putLastScan(scan) {
      const text = encodeLastScan(scan);
      knownScan = scan;
      if (text === lastScan) return;
      lastScan = text;
      entries += scan.missing.size + scan.unreadable.size;
      writing = writing.then(async () => {
        if (broken) throw broken;
        if (!store || lost?.aborted) return;
        await store.update({ _id: LAST_SCAN }, scanDocument(scan), { upsert: true }).catch(endUse);
      });
      writing.catch(() => {});
    },
    flush,
    flushToDisk,
    async close() {
      clearInterval(timer);
      await flush();
      const isReadAnew = isMergeWorthIt() || changes.areTooMany() || nextId - documents.length > MOST_PIECES;
      isKept = staysOpen && store !== undefined && !isReadAnew && !lost?.aborted;
      if (isKept) {
        left = fileState(file);
        lastWrite = statSync(file).mtimeMs;
        return;
      }
      // Merging only saves time later; where it fails (disk full), the log stands as it is.
      await mergeWhenWorthIt().catch(async () => {
        if (!lost?.aborted) await removeFile(`${file}.new`);
      });
      left = fileState(file);
    },
    isAsLeft: () => left === fileState(file),
    reopen(next) {
      if (!isKept || broken) return false;
      isKept = false;
      ({ onBroken, lost } = next);
      timer = startUse();
      return true;
    },
  };
}

function* encoded(records: Iterable<LedgerRecord>): Generator<string> {
  for (const record of records) yield encodeRecord(record);
}

function linesOf(upload: UploadRecord): string[] {
  return [encodeUpload(upload), ...Array.from(upload.parts.values(), part => encodePart(upload.path, part))];
}
