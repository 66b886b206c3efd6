/** What COS holds for one local file. */
export interface FileRecord {
  path: string;
  /** bytes */
  size: number;
  /** ms since 1970, with its fraction; NaN where it is not known */
  mtime: number;
  /** When content, name or mode last changed, as mtime; NaN where it is not known or means nothing. */
  ctime: number;
  /**
   * When the file was first seen in this state, in ms since 1970 by this machine's clock, where a later
   * change could hide behind it; 0 where none could: the record is settled.
   */
  unsettledSince: number;
  /** MD5 in hex, or `crc64:` and the unsigned decimal where the file went up in parts. */
  hash: string;
  /** COS's ETag, without quotation marks. */
  etag: string;
}

/** A folder object that was made. */
export interface FolderRecord {
  /** Ends with `/`. */
  path: string;
}

/** An upload in parts that was begun and not completed. */
export interface UploadRecord {
  path: string;
  /** bytes */
  size: number;
  /** ms since 1970 */
  mtime: number;
  /** bytes */
  partSize: number;
  uploadId: string;
  /** Parts that COS confirmed, by number. */
  parts: ReadonlyMap<number, PartRecord>;
}

/** A part that COS confirmed. Encrypted parts have ETags that are no MD5: only the CRC-64 is of the content. */
export interface PartRecord {
  number: number;
  etag: string;
  /** Unsigned decimal. */
  crc64: string;
}

/**
 * A new object that was about to be sent, or a folder's that was about to be deleted; whether COS holds
 * it was not recorded. The path has no record while this stands.
 */
export interface BegunRecord {
  /** A folder's ends with `/`. */
  path: string;
  /** Each time that it was begun, the latest last. */
  begun: readonly Begun[];
}

export interface Begun {
  /** ms since 1970, by this machine's clock; 0 where the object was ours before */
  at: number;
  /** When its run had written to the ledger last; undefined where that run goes on. */
  until: number | undefined;
  /** bytes */
  size: number;
}

export type LedgerRecord = FileRecord | FolderRecord;

/** The record of an object that is ours and whose content is not known: no file is like it. */
export function unknownContent(path: string): FileRecord {
  return { path, size: -1, mtime: Number.NaN, ctime: Number.NaN, unsettledSince: 0, hash: '', etag: '' };
}

export function isFolderPath(path: string): boolean {
  return path.endsWith('/');
}

export function isFile(record: LedgerRecord): record is FileRecord {
  return 'hash' in record;
}

/** Whether a record is one that `unknownContent` made. */
export function isUnknown(record: LedgerRecord): boolean {
  return isFile(record) && record.size < 0;
}
