import { crc32 } from 'node:zlib';
import { decodeRecord, isRecord, pathOf } from './codec.ts';
import { decodeLastScan, encodeLastScan, type LastScan } from './last-scan.ts';
import type { LedgerRecord } from './records.ts';
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
  /** When the file was written anew, in ms since 1970; it was longer with every run since. */
  made?: number;
  /** How often the task's ledgers were divided anew before this one; 0 where it is missing. */
  generation?: number;
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

/** The base's documents of records' lines, ascending by path. */
export function* baseOf(lines: Iterable<string>): Generator<Document> {
  let some: string[] = [];
  let _id = 2;
  for (const line of lines) {
    if (some.push(line) < ENTRIES_PER_DOCUMENT) continue;
    yield document(_id++, 'base', some);
    some = [];
  }
  if (some.length > 0) yield document(_id, 'base', some);
}

export function lineEnd(text: string, start: number): number {
  const end = text.indexOf('\n', start);
  return end < 0 ? text.length : end;
}

/**
 * The base's records with the log's in their places, ascending by path; removed ones are left out.
 * Every run reads a million records through here: one generator, not one in another.
 * @param changed each path's last line of the log, ascending by path
 * @param from the first path that is wanted
 */
export function* recordsIn(
  documents: readonly Document[],
  changed: readonly string[],
  from = '',
): Generator<LedgerRecord> {
  let next = from === '' ? 0 : placeIn(changed, from);
  let path = pathIn(changed, next);
  for (let index = from === '' ? 0 : documentOf(documents, from); index < documents.length; index++) {
    const { kind, text = '' } = documents[index]!;
    if (kind !== 'base' || text === '') continue;
    for (let start = lineOf(text, from), end = 0; start < text.length; start = end + 1) {
      end = lineEnd(text, start);
      const record = decodeRecord(text, start, end);
      let isKept = true;
      while (path !== undefined && path <= record.path) {
        if (path === record.path) isKept = false;
        if (isRecord(changed[next]!)) yield decodeRecord(changed[next]!);
        path = pathIn(changed, ++next);
      }
      if (isKept) yield record;
    }
  }
  for (; next < changed.length; next++) if (isRecord(changed[next]!)) yield decodeRecord(changed[next]!);
}

function pathIn(lines: readonly string[], index: number): string | undefined {
  const line = lines[index];
  return line === undefined ? undefined : pathOf(line);
}

/** The place of a path among lines that ascend by path, or where it would stand. */
export function placeIn(lines: readonly string[], path: string): number {
  return firstOf(0, lines.length, index => pathOf(lines[index]!) >= path);
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
