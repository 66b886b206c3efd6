import { type BegunRecord, isFile, type LedgerRecord, type UploadRecord } from './records.ts';

/**
 * The ledger's entries as text, one a line. A path comes last, so that it may hold anything;
 * a folder's path ends with `/`. This text is what lies on the disk: change it only with LEDGER_FORMAT.
 */

export function encodeRecord(record: LedgerRecord): string {
  if (!isFile(record)) return `d${escaped(record.path)}`;
  const { size, mtime, hash, etag, path } = record;
  const settled = Number.isNaN(mtime) ? '' : String(mtime);
  return `f${size},${settled},${hash},${etag === hash ? '' : etag},${escaped(path)}`;
}

export function encodeRemoval(path: string): string {
  return `-${escaped(path)}`;
}

export function encodeUpload({ size, mtime, partSize, uploadId, path }: UploadRecord): string {
  return `u${size},${mtime},${partSize},${uploadId},${escaped(path)}`;
}

export function encodeUploadRemoval(path: string): string {
  return `x${escaped(path)}`;
}

export function encodeBegun({ path, at, sizes }: BegunRecord): string {
  return `b${at},${sizes.join('+')},,,${escaped(path)}`;
}

/** Reads a line that encodeBegun wrote. */
export function decodeBegun(line: string): BegunRecord {
  const [at, sizes = ''] = line.slice(1).split(',', 2);
  return { path: pathOf(line), at: Number(at), sizes: sizes.split('+').map(Number) };
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
  return {
    path: unescaped(text.slice(d + 1, end)),
    size: Number(text.slice(start + 1, a)),
    mtime: b === a + 1 ? Number.NaN : Number(text.slice(a + 1, b)),
    hash,
    etag: isEtagHash ? hash : text.slice(c + 1, d),
  };
}

/** Reads a line that encodeUpload wrote. */
export function decodeUpload(line: string): UploadRecord {
  const [size, mtime, partSize, uploadId] = line.slice(1).split(',', 4);
  return {
    path: pathOf(line),
    size: Number(size),
    mtime: Number(mtime),
    partSize: Number(partSize),
    uploadId: uploadId ?? '',
  };
}

const COMMA = ','.charCodeAt(0);
const FILE = 'f'.charCodeAt(0);
const UPLOAD = 'u'.charCodeAt(0);
const BEGUN = 'b'.charCodeAt(0);

/** The path in a line of any kind. */
export function pathOf(line: string): string {
  const kind = line.charCodeAt(0);
  if (kind !== FILE && kind !== UPLOAD && kind !== BEGUN) return unescaped(line.slice(1));
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
