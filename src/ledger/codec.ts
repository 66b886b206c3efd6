import {
  type Begun,
  type BegunRecord,
  type FileRecord,
  isFile,
  type LedgerRecord,
  type PartRecord,
  type UploadRecord,
} from './records.ts';

/**
 * The ledger's entries as text, one a line. A path comes last, so that it may hold anything;
 * a folder's path ends with `/`. This text is what lies on the disk: change it only with LEDGER_FORMAT.
 */

export function encodeRecord(record: LedgerRecord): string {
  if (!isFile(record)) return `d${escaped(record.path)}`;
  const { size, hash, etag, path } = record;
  return `f${size},${encodeTimes(record)},${field(hash)},${etag === hash ? '' : field(etag)},${escaped(path)}`;
}

/** What came from COS or a file; its form was checked there. @throws RangeError where it would be read as several fields */
function field(text: string): string {
  if (/[,\n]/.test(text)) throw new RangeError('a separator in a field of the ledger');
  return text;
}

/** `mtime`, then `c` and the ctime where it is known (nothing where it is the mtime); `u…m` before them: unsettled. */
function encodeTimes({ mtime, ctime, unsettledSince }: FileRecord): string {
  const unsettled = unsettledSince === 0 ? '' : `u${unsettledSince}m`;
  const modified = Number.isNaN(mtime) ? '' : String(mtime);
  if (Number.isNaN(ctime)) return unsettled + modified;
  return `${unsettled}${modified}c${ctime === mtime ? '' : ctime}`;
}

export function encodeRemoval(path: string): string {
  return `-${escaped(path)}`;
}

export function encodeUpload({ size, mtime, partSize, uploadId, path }: UploadRecord): string {
  return `u${size},${mtime},${partSize},${field(uploadId)},${escaped(path)}`;
}

export function encodePart(path: string, { number, etag, crc64 }: PartRecord): string {
  return `p${number},${field(etag)},${field(crc64)},,${escaped(path)}`;
}

export function encodeUploadRemoval(path: string): string {
  return `x${escaped(path)}`;
}

export function encodeBegun({ path, begun }: BegunRecord): string {
  const joined = (field: keyof Begun) => begun.map(each => each[field] ?? '').join('+');
  return `b${joined('at')},${joined('size')},${joined('until')},,${escaped(path)}`;
}

/** Reads a line that encodeBegun wrote; format 1 had one time for all sizes. */
export function decodeBegun(line: string): BegunRecord {
  const [ats = [], sizes = [], untils = []] = line
    .slice(1)
    .split(',', 3)
    .map(field => field.split('+'));
  const begun = sizes.map((size, index) => ({
    at: Number(ats[index] ?? ats[0]),
    until: untils[index] ? Number(untils[index]) : undefined,
    size: Number(size),
  }));
  return { path: pathOf(line), begun };
}

/** Reads a line that encodeRecord wrote, where it stands in a text: a run reads all that the ledger holds. */
export function decodeRecord(text: string, start = 0, end = text.length): LedgerRecord {
  if (text.charCodeAt(start) !== FILE) return { path: unescaped(text.slice(start + 1, end)) };
  const a = text.indexOf(',', start);
  const b = text.indexOf(',', a + 1);
  const c = text.indexOf(',', b + 1);
  const hash = text.slice(b + 1, c);
  const isEtagHash = text.charCodeAt(c + 1) === COMMA;
  const d = isEtagHash ? c + 1 : text.indexOf(',', c + 1);
  let first = a + 1;
  let unsettledSince = 0;
  if (text.charCodeAt(first) === UNSETTLED) {
    const m = text.indexOf('m', first);
    unsettledSince = Number(text.slice(first + 1, m));
    first = m + 1;
  }
  // Format 1 has no ctime.
  const mark = text.indexOf('c', first);
  const second = mark < 0 || mark > b ? b : mark;
  const mtime = second === first ? Number.NaN : Number(text.slice(first, second));
  return {
    path: unescaped(text.slice(d + 1, end)),
    size: Number(text.slice(start + 1, a)),
    mtime,
    ctime: second === b ? Number.NaN : second + 1 === b ? mtime : Number(text.slice(second + 1, b)),
    unsettledSince,
    hash,
    etag: isEtagHash ? hash : text.slice(c + 1, d),
  };
}

/** Whether a line is of a record, and not of what leaves its path without one. */
export function isRecord(line: string): boolean {
  const kind = line.charCodeAt(0);
  return kind === FILE || kind === FOLDER;
}

/** Reads a line that encodeUpload wrote; its parts stand in lines of their own. */
export function decodeUpload(line: string): UploadRecord {
  const [size, mtime, partSize, uploadId] = line.slice(1).split(',', 4);
  return {
    path: pathOf(line),
    size: Number(size),
    mtime: Number(mtime),
    partSize: Number(partSize),
    uploadId: uploadId ?? '',
    parts: new Map(),
  };
}

/** Reads a line that encodePart wrote. */
export function decodePart(line: string): PartRecord {
  const [number, etag = '', crc64 = ''] = line.slice(1).split(',', 3);
  return { number: Number(number), etag, crc64 };
}

const COMMA = ','.charCodeAt(0);
const FILE = 'f'.charCodeAt(0);
const FOLDER = 'd'.charCodeAt(0);
const UPLOAD = 'u'.charCodeAt(0);
const PART = 'p'.charCodeAt(0);
const UNSETTLED = 'u'.charCodeAt(0);
const BEGUN = 'b'.charCodeAt(0);

/** The path in a line of any kind. */
export function pathOf(line: string): string {
  const kind = line.charCodeAt(0);
  if (kind !== FILE && kind !== UPLOAD && kind !== PART && kind !== BEGUN) return unescaped(line.slice(1));
  let comma = 0;
  for (let field = 0; field < 4; field++) comma = line.indexOf(',', comma + 1);
  return unescaped(line.slice(comma + 1));
}

function escaped(path: string): string {
  return /[\n\\]/.test(path) ? path.replaceAll('\\', '\\\\').replaceAll('\n', '\\n') : path;
}

function unescaped(text: string): string {
  return text.includes('\\') ? text.replace(/\\(.)/g, (_, char) => (char === 'n' ? '\n' : char)) : text;
}
