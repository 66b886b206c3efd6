import { crc32 } from 'node:zlib';
import { decodeBegun, decodePart, decodeRecord, decodeUpload, pathOf } from './codec.ts';
import { decodeLastScan, encodeLastScan, type LastScan } from './last-scan.ts';
import type { BegunRecord, LedgerRecord, PartRecord, UploadRecord } from './records.ts';
import type { Task } from './task.ts';

/** Format 1 had no ctime in a file's times, and no last scan; its lines are read as they are. */
export const LEDGER_FORMAT = 2;

/** Entries in one document: few enough to rewrite none, many enough that a million files load quickly. */
export const ENTRIES_PER_DOCUMENT = 1_000;

/**
 * A document of the data file: the header (`_id` 1), a piece of the base (entries sorted by path),
 * a piece of the log (entries in the order they happened, the last one of a path counts), or the last scan
 * (`_id` -1), which stands beside the numbered ones: each run may put another in its place.
 */
export interface Document {
  _id: number;
  task?: Task;
  format?: number;
  /** Documents of the base: they were on the disk before this header was. */
  base?: number;
  kind?: 'base' | 'log' | 'scan';
  text?: string;
  crc?: number;
}

export const LAST_SCAN = -1;

/** Tells the numbered documents, in their order, from the last scan. */
export function sortDocuments(found: readonly Document[]): {
  documents: Document[];
  lastScan: Document | undefined;
} {
  const documents = found.filter(({ _id }) => _id !== LAST_SCAN).sort((a, b) => a._id - b._id);
  return { documents, lastScan: found.find(({ _id }) => _id === LAST_SCAN) };
}

/** Only the log's end may be missing: a crash loses what was appended last, and nothing else. */
export function isWhole(documents: readonly Document[]): boolean {
  const [header, ...rest] = documents;
  if (header?._id !== 1 || !isKnownFormat(header.format)) return false;
  if (rest.length < (header.base ?? 0)) return false;
  return rest.every(
    ({ _id, kind, text, crc }, index) =>
      _id === index + 2 && (kind === 'base' || kind === 'log') && text !== undefined && crc32(text) === crc,
  );
}

/** Whether a later version of the program wrote them. */
export function isNewer([header]: readonly Document[]): boolean {
  return header?._id === 1 && (header.format ?? 0) > LEDGER_FORMAT;
}

function isKnownFormat(format = 0): boolean {
  return format >= 1 && format <= LEDGER_FORMAT;
}

export function scanDocument(scan: LastScan): Document {
  const text = encodeLastScan(scan);
  return { _id: LAST_SCAN, kind: 'scan', text, crc: crc32(text) };
}

/** Without it a run goes on as the first one does. */
export function lastScanIn({ text, crc }: Document): LastScan | undefined {
  return text !== undefined && crc32(text) === crc ? decodeLastScan(text) : undefined;
}

export function document(_id: number, kind: 'base' | 'log', lines: readonly string[]): Document {
  const text = lines.join('\n');
  return { _id, kind, text, crc: crc32(text) };
}

/** How the line of a removal begins. */
const REMOVED = '-';

/** What a log says in the end. */
export interface LogState {
  /** Each path's last entry, ascending by path. */
  records: [path: string, line: string][];
  uploads: Map<string, UploadRecord>;
  begun: Map<string, BegunRecord>;
  entries: number;
}

export function readLog(documents: readonly Document[]): LogState {
  const last = new Map<string, string>();
  const uploads = new Map<string, UploadRecord>();
  const begunLines = new Map<string, string>();
  let entries = 0;
  for (const line of logLines(documents)) {
    entries++;
    const path = pathOf(line);
    if (line.startsWith('u')) uploads.set(path, decodeUpload(line));
    else if (line.startsWith('p')) addPart(uploads, path, decodePart(line));
    else if (line.startsWith('x')) uploads.delete(path);
    else if (line.startsWith('b')) {
      begunLines.set(path, line);
      last.set(path, REMOVED);
    } else {
      last.set(path, line);
      begunLines.delete(path);
    }
  }
  // Nearly all that was begun is recorded by now.
  const begun = new Map(Array.from(begunLines, ([path, line]) => [path, decodeBegun(line)]));
  const records = [...last].sort(([a], [b]) => (a < b ? -1 : 1));
  return { records, uploads, begun, entries };
}

/** Notes a part with its upload. */
export function addPart(uploads: Map<string, UploadRecord>, path: string, part: PartRecord): void {
  const upload = uploads.get(path);
  if (upload) (upload.parts as Map<number, PartRecord>).set(part.number, part);
}

function* logLines(documents: readonly Document[]): Generator<string> {
  for (const { kind, text = '' } of documents) {
    if (kind !== 'log' || text === '') continue;
    for (let start = 0, end = 0; start < text.length; start = end + 1) {
      end = lineEnd(text, start);
      yield text.slice(start, end);
    }
  }
}

function lineEnd(text: string, start: number): number {
  const end = text.indexOf('\n', start);
  return end < 0 ? text.length : end;
}

/**
 * The base's records with the log's in their places, ascending by path; removed ones are left out.
 * Every run reads a million records through here: one generator, not one in another.
 * @param changed each path's last entry of the log, ascending by path
 * @param from the first path that is wanted
 */
export function* recordsIn(
  documents: readonly Document[],
  changed: readonly (readonly [path: string, line: string])[],
  from = '',
): Generator<LedgerRecord> {
  let next = from === '' ? 0 : placeIn(changed, from);
  let path = changed[next]?.[0];
  for (let index = from === '' ? 0 : documentOf(documents, from); index < documents.length; index++) {
    const { kind, text = '' } = documents[index]!;
    if (kind !== 'base' || text === '') continue;
    for (let start = lineOf(text, from), end = 0; start < text.length; start = end + 1) {
      end = lineEnd(text, start);
      const record = decodeRecord(text, start, end);
      let isKept = true;
      while (path !== undefined && path <= record.path) {
        if (path === record.path) isKept = false;
        yield* recordIn(changed[next]?.[1]);
        path = changed[++next]?.[0];
      }
      if (isKept) yield record;
    }
  }
  for (; next < changed.length; next++) yield* recordIn(changed[next]?.[1]);
}

/** The place of a path among entries that ascend by path, or where it would stand. */
export function placeIn(entries: readonly (readonly [path: string, line: string])[], path: string): number {
  return firstOf(0, entries.length, index => entries[index]![0] >= path);
}

/** The document of the base that a path stands in, if it is there; the header is before all. */
function documentOf(documents: readonly Document[], path: string): number {
  const isAfter = ({ kind, text = '' }: Document) => kind !== 'base' || pathAt(text, 0) > path;
  return Math.max(0, firstOf(1, documents.length, index => isAfter(documents[index]!)) - 1);
}

/** Where the first line of a path that is not before `path` begins. */
function lineOf(text: string, path: string): number {
  if (path === '') return 0;
  const startOf = (place: number) => text.lastIndexOf('\n', place - 1) + 1;
  const place = firstOf(0, text.length, at => pathAt(text, startOf(at)) >= path);
  return place === text.length ? text.length : startOf(place);
}

function pathAt(text: string, start: number): string {
  return pathOf(text.slice(start, lineEnd(text, start)));
}

/** The first number from `low` on for which something holds that holds for all after it; `high` where it does for none. */
function firstOf(low: number, high: number, holds: (index: number) => boolean): number {
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (holds(middle)) high = middle;
    else low = middle + 1;
  }
  return low;
}

/** Nothing where it was removed. */
function recordIn(line = ''): LedgerRecord[] {
  return line.startsWith(REMOVED) ? [] : [decodeRecord(line)];
}
