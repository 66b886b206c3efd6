import { existsSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { dirname } from 'node:path';
import { crc32 } from 'node:zlib';
import type Datastore from 'nedb-promises';
import {
  type BegunRecord,
  decodeBegun,
  decodeRecord,
  decodeUpload,
  encodeBegun,
  encodeRecord,
  encodeRemoval,
  encodeUpload,
  encodeUploadRemoval,
  type LedgerRecord,
  pathOf,
  type UploadRecord,
} from './codec.ts';
import {
  endTornLine,
  findAside,
  openDatafile,
  putAside,
  removeFile,
  replaceFile,
  syncFile,
} from './datafile.ts';
import { LedgerDamaged, LedgerUnusable } from './errors.ts';

export const LEDGER_FORMAT = 1;

/** Entries in one document: few enough to rewrite none, many enough that a million files load quickly. */
const ENTRIES_PER_DOCUMENT = 1_000;
/** ms between writes: what an interrupted run may forget. */
const FLUSH_INTERVAL = 500;
/** The log is merged into the sorted base when it holds this many entries and a quarter of the base's. */
const MERGE_ENTRIES = 1_000;
const MERGE_SHARE = 0.25;

/** What a ledger is about; a change of any of these is another ledger. */
export interface Task {
  bucket: string;
  /** The region, or the endpoint where one is configured. */
  place: string;
  localPath: string;
  prefix: string;
}

/**
 * A document of the data file: the header (`_id` 1), a piece of the base (entries sorted by path),
 * or a piece of the log (entries in the order they happened, the last one of a path counts).
 */
interface Document {
  _id: number;
  task?: Task;
  format?: number;
  /** Documents of the base: they were on the disk before this header was. */
  base?: number;
  kind?: 'base' | 'log';
  text?: string;
  crc?: number;
}

/** The record of what COS holds, and of what was begun. */
export interface Ledger {
  readonly file: string;
  /** All records, ascending by path. To be read before anything is written. */
  records(): Iterable<LedgerRecord>;
  /** Uploads in parts that earlier runs did not complete, by path. */
  readonly uploads: ReadonlyMap<string, UploadRecord>;
  /** Objects that earlier runs were about to send, or folders' to delete, when they were killed, by path. */
  readonly begun: ReadonlyMap<string, BegunRecord>;
  put(record: LedgerRecord): void;
  remove(path: string): void;
  /** Notes a new object before it is sent, or a folder's before it is deleted; put and remove end that. */
  putBegun(begun: BegunRecord): void;
  putUpload(upload: UploadRecord): void;
  removeUpload(path: string): void;
  /** Writes what is not yet written. @throws LedgerUnusable */
  flush(): Promise<void>;
  /** Writes what is not yet written, and waits until it would outlast a power cut. @throws LedgerUnusable */
  flushToDisk(): Promise<void>;
  /** Writes everything and ends. @throws LedgerUnusable */
  close(): Promise<void>;
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
}

/**
 * Opens a task's ledger; the caller holds its lock.
 * @throws LedgerDamaged, LedgerUnusable
 */
export async function openLedger(options: LedgerOptions): Promise<Ledger> {
  const { file, readOnly = false } = options;
  try {
    const damaged = existsSync(file) ? undefined : await findAside(file);
    if (damaged !== undefined) throw new LedgerDamaged(damaged);
    if (!existsSync(file) && readOnly) return ledgerOf([], undefined, options);
    if (!existsSync(file)) await create(file, options.task, []);
    const store = await openDatafile<Document>(file);
    const documents = (await store.find({})).sort((a, b) => a._id - b._id);
    if (!isWhole(documents)) throw new LedgerDamaged(readOnly ? file : await putAside(file));
    if (!readOnly) await endTornLine(file);
    return ledgerOf(documents, readOnly ? undefined : store, options);
  } catch (error) {
    throw error instanceof LedgerDamaged ? error : new LedgerUnusable(file, error);
  }
}

/** Makes a ledger of the given records, in the place of any there is. */
export async function createLedger(file: string, task: Task, records: Iterable<LedgerRecord>): Promise<void> {
  const lines = Array.from(records, record => [record.path, encodeRecord(record)] as const);
  lines.sort(([a], [b]) => (a < b ? -1 : 1));
  await create(
    file,
    task,
    lines.map(([, line]) => line),
  );
}

/** Only the log's end may be missing: a crash loses what was appended last, and nothing else. */
function isWhole(documents: readonly Document[]): boolean {
  const [header, ...rest] = documents;
  if (header?._id !== 1 || header.format !== LEDGER_FORMAT) return false;
  if (rest.length < (header.base ?? 0)) return false;
  return rest.every(
    ({ _id, kind, text, crc }, index) =>
      _id === index + 2 && (kind === 'base' || kind === 'log') && text !== undefined && crc32(text) === crc,
  );
}

async function create(
  file: string,
  task: Task,
  sorted: readonly string[],
  log: readonly string[] = [],
  lost?: AbortSignal,
): Promise<void> {
  const unfinished = `${file}.new`;
  await mkdir(dirname(file), { recursive: true });
  await removeFile(unfinished);
  const store = await openDatafile<Document>(unfinished);
  const base = Math.ceil(sorted.length / ENTRIES_PER_DOCUMENT);
  await store.insert({ _id: 1, format: LEDGER_FORMAT, task, base });
  for (let start = 0, _id = 2; start < sorted.length; start += ENTRIES_PER_DOCUMENT, _id++) {
    lost?.throwIfAborted();
    await store.insert(document(_id, 'base', sorted.slice(start, start + ENTRIES_PER_DOCUMENT)));
  }
  if (log.length > 0) await store.insert(document(base + 2, 'log', log));
  lost?.throwIfAborted();
  await replaceFile(unfinished, file);
}

function document(_id: number, kind: 'base' | 'log', lines: readonly string[]): Document {
  const text = lines.join('\n');
  return { _id, kind, text, crc: crc32(text) };
}

function* linesOf(documents: readonly Document[], kind: 'base' | 'log'): Generator<string> {
  for (const { kind: its, text = '' } of documents) {
    if (its !== kind || text === '') continue;
    let start = 0;
    for (let end = text.indexOf('\n'); end >= 0; end = text.indexOf('\n', start)) {
      yield text.slice(start, end);
      start = end + 1;
    }
    yield text.slice(start);
  }
}

/** What most runs read, without a step in between: a million records go through here. */
function* baseRecords(documents: readonly Document[]): Generator<LedgerRecord> {
  for (const { kind, text = '' } of documents) {
    if (kind !== 'base' || text === '') continue;
    let start = 0;
    for (let end = text.indexOf('\n'); end >= 0; end = text.indexOf('\n', start)) {
      yield decodeRecord(text, start, end);
      start = end + 1;
    }
    yield decodeRecord(text, start);
  }
}

function* decoded(lines: Iterable<string>): Generator<LedgerRecord> {
  for (const line of lines) yield decodeRecord(line);
}

interface LogState {
  /** Each path's last entry, ascending by path. */
  records: [path: string, line: string][];
  uploads: Map<string, UploadRecord>;
  begun: Map<string, BegunRecord>;
  entries: number;
}

function readLog(documents: readonly Document[]): LogState {
  const last = new Map<string, string>();
  const uploads = new Map<string, UploadRecord>();
  const begun = new Map<string, BegunRecord>();
  let entries = 0;
  for (const line of linesOf(documents, 'log')) {
    entries++;
    const path = pathOf(line);
    if (line.startsWith('u')) uploads.set(path, decodeUpload(line));
    else if (line.startsWith('x')) uploads.delete(path);
    else if (line.startsWith('b')) {
      begun.set(path, decodeBegun(line));
      last.set(path, encodeRemoval(path));
    } else {
      last.set(path, line);
      begun.delete(path);
    }
  }
  const records = [...last].sort(([a], [b]) => (a < b ? -1 : 1));
  return { records, uploads, begun, entries };
}

/** The base's lines with the log's in their places; removed ones are left out. */
function* mergedLines(documents: readonly Document[], log: LogState): Generator<string> {
  let next = 0;
  const changed = log.records;
  for (const line of linesOf(documents, 'base')) {
    const path = changed.length === 0 ? '' : pathOf(line);
    while (next < changed.length && changed[next]![0] < path) yield* kept(changed[next++]![1]);
    if (next < changed.length && changed[next]![0] === path) yield* kept(changed[next++]![1]);
    else yield line;
  }
  while (next < changed.length) yield* kept(changed[next++]![1]);
}

function* kept(line: string): Generator<string> {
  if (!line.startsWith('-')) yield line;
}

function ledgerOf(
  documents: readonly Document[],
  store: Datastore<Document> | undefined,
  { file, task, onBroken, lost }: LedgerOptions,
): Ledger {
  const log = readLog(documents);
  const { uploads, begun } = log;
  let nextId = documents.length + 1;
  let waiting: string[] = [];
  let writing: Promise<void> = Promise.resolve();
  let lastSync: Promise<void> = Promise.resolve();
  let nextSync: Promise<void> | undefined;
  let broken: LedgerUnusable | undefined;

  const timer = setInterval(() => void flush().catch(() => {}), FLUSH_INTERVAL);
  timer.unref();

  function note(line: string): void {
    waiting.push(line);
    if (waiting.length >= ENTRIES_PER_DOCUMENT) void flush().catch(() => {});
  }

  function flush(): Promise<void> {
    const lines = waiting;
    waiting = [];
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

  async function mergeWhenWorthIt(): Promise<void> {
    if (!store || lost?.aborted) return;
    const now = (await store.find({})).sort((a, b) => a._id - b._id);
    const base = now.filter(({ kind }) => kind === 'base').length * ENTRIES_PER_DOCUMENT;
    const current = readLog(now);
    if (current.entries < MERGE_ENTRIES || current.entries < base * MERGE_SHARE) return;
    const open = [...[...uploads.values()].map(encodeUpload), ...[...begun.values()].map(encodeBegun)];
    await create(file, task, [...mergedLines(now, current)], open, lost);
  }

  return {
    file,
    uploads,
    begun,
    records: () => (log.records.length === 0 ? baseRecords(documents) : decoded(mergedLines(documents, log))),
    put(record) {
      begun.delete(record.path);
      note(encodeRecord(record));
    },
    remove(path) {
      begun.delete(path);
      note(encodeRemoval(path));
    },
    putBegun(record) {
      const before = begun.get(record.path);
      const size = !before || before.size === record.size ? record.size : undefined;
      const noted = { path: record.path, at: before?.at ?? record.at, size };
      begun.set(record.path, noted);
      note(encodeBegun(noted));
    },
    putUpload(upload) {
      uploads.set(upload.path, upload);
      note(encodeUpload(upload));
    },
    removeUpload(path) {
      if (uploads.delete(path)) note(encodeUploadRemoval(path));
    },
    flush,
    flushToDisk,
    async close() {
      clearInterval(timer);
      await flush();
      // Merging only saves time later; where it fails (disk full), the log stands as it is.
      await mergeWhenWorthIt().catch(async () => {
        if (!lost?.aborted) await removeFile(`${file}.new`);
      });
    },
  };
}
