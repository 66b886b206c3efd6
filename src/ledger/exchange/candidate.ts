import type { LedgerRecord } from '../records.ts';
import type { Task } from '../task.ts';

/** Where candidates are read from. */
export interface ImportSource {
  file: string;
  task: Task;
  /** A table of the predecessors' database, where there are several and none is this task's. */
  table: string | undefined;
}

/** A record from elsewhere, before it is held against the local file. */
export interface Candidate {
  record: LedgerRecord;
  /** What its mtime was cut to, in ms: 1000 where it counts whole seconds; 0 where it is exact. */
  grain: number;
  /** Where the object is, as far as the source says. */
  bucket: string | undefined;
  key: string | undefined;
}

/** Why a line or row is no candidate at all: it cannot be read, or is of a file that is not below local_path. */
export type Refused = 'invalid' | 'outside';

const HASH = /^(?:[0-9a-f]{32}|crc64:\d{1,20})$/;
/** The ledger's lines have commas between their fields. */
const ETAG = /^[\x21-\x2b\x2d-\x7e]{1,200}$/;

/** Reads a record out of a line of ours, or answers that it is none. */
export function candidateOf(line: Readonly<Record<string, unknown>>): Candidate | Refused {
  const { path, bucket, key } = line;
  if (typeof path !== 'string' || !isRelative(path)) return 'invalid';
  const from = { grain: 0, bucket: textOrNone(bucket), key: textOrNone(key) };
  if (path.endsWith('/')) return { ...from, record: { path } };
  const size = numberIn(line.size);
  const mtime = numberIn(line.mtime);
  const hash = String(line.hash ?? '').toLowerCase();
  const etag = String(line.etag ?? '');
  if (!Number.isSafeInteger(size) || size < 0 || !HASH.test(hash) || !ETAG.test(etag)) return 'invalid';
  return { ...from, record: { path, size, mtime, ctime: Number.NaN, unsettledSince: 0, hash, etag } };
}

/** A path that leads nowhere but below local_path. */
export function isRelative(path: string): boolean {
  const parts = (path.endsWith('/') ? path.slice(0, -1) : path).split('/');
  const isUnsafe = (part: string) => part === '' || part === '.' || part === '..' || part.includes('\0');
  return !parts.some(isUnsafe) && !(process.platform === 'win32' && /[\\:]/.test(path));
}

function textOrNone(value: unknown): string | undefined {
  return typeof value === 'string' && value !== '' ? value : undefined;
}

/** NaN where there is none: as mtime it says that the content has to be looked at. */
function numberIn(value: unknown): number {
  return value === null || value === undefined || value === '' ? Number.NaN : Number(value);
}
