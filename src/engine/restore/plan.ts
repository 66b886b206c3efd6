import type { ListedObject, ObjectHead } from '../../cos/store.ts';
import { type FileRecord, isFolderPath } from '../../ledger/records.ts';

/** What there is in the place of an object. */
export type Look =
  | LookAtFile
  | { kind: 'nothing' }
  | { kind: 'folder' }
  | { kind: 'link' }
  | { kind: 'other' };

export interface LookAtFile {
  kind: 'file';
  /** bytes */
  size: number;
  /** ms since 1970 */
  mtime: number;
  ctime: number;
}

/** What is done about files that are there and different. */
export type Overwrite = 'never' | 'older' | 'always';

export const OVERWRITE_RULES: readonly Overwrite[] = ['never', 'older', 'always'];

export interface RestoreRules {
  overwrite: Overwrite;
  /** Files of the same size are compared by content, whatever their times say. */
  checksum: boolean;
  /** The ledger is about this folder, and a file's ctime means something in it. */
  compareCtime: boolean;
}

/** Why an object cannot have its place. */
export type Obstacle =
  | 'FileExists'
  | 'FileInTheWay'
  | 'FolderInTheWay'
  | 'SymlinkInTheWay'
  | 'NotAFile'
  | 'InvalidLocalName';

/** What becomes of one object. */
export type Decision =
  | { what: 'fetch'; reason: 'missing' | 'different' }
  | { what: 'createFolder' }
  /** It is there, and equal. */
  | { what: 'keep' }
  /** It is there and newer, and stays. */
  | { what: 'leave' }
  /** Whether it is equal is told by its content, or by what only the object's headers say. */
  | { what: 'compare' }
  /** Its size differs; its time decides. */
  | { what: 'compareTimes' }
  | { what: 'fail'; code: Obstacle };

/**
 * Decides on an object by what is listed of it, what lies in its place, and the ledger's record of it. The
 * rules of what a restore does are here and nowhere else.
 * @param record only where it describes these bytes: its ETag is the object's
 */
export function decide(
  path: string,
  object: Pick<ListedObject, 'size'>,
  look: Look,
  record: FileRecord | undefined,
  rules: RestoreRules,
): Decision {
  if (isFolderPath(path)) return decideFolder(object.size, look);
  if (look.kind === 'nothing') return { what: 'fetch', reason: 'missing' };
  if (look.kind === 'link') return { what: 'fail', code: 'SymlinkInTheWay' };
  if (look.kind === 'folder') return { what: 'fail', code: 'FolderInTheWay' };
  if (look.kind === 'other') return { what: 'fail', code: 'NotAFile' };
  if (look.size !== object.size) {
    return rules.overwrite === 'older' ? { what: 'compareTimes' } : decideDifferent(look, Number.NaN, rules);
  }
  if (look.size === 0) return { what: 'keep' };
  if (rules.checksum) return { what: 'compare' };
  return record && isRecordedSo(look, record, rules) ? { what: 'keep' } : { what: 'compare' };
}

function isRecordedSo(look: LookAtFile, record: FileRecord, { compareCtime }: RestoreRules): boolean {
  if (record.mtime !== look.mtime) return false;
  if (!compareCtime) return true;
  return record.unsettledSince === 0 && (record.ctime === look.ctime || Number.isNaN(record.ctime));
}

function decideFolder(size: number, look: Look): Decision {
  // A folder has no content of its own here.
  if (size > 0) return { what: 'fail', code: 'InvalidLocalName' };
  if (look.kind === 'nothing') return { what: 'createFolder' };
  if (look.kind === 'folder') return { what: 'keep' };
  return { what: 'fail', code: look.kind === 'link' ? 'SymlinkInTheWay' : 'FileInTheWay' };
}

/**
 * Decides on a file that is there and different.
 * @param mtime the object's, in ms since 1970
 */
export function decideDifferent(
  look: LookAtFile,
  mtime: number,
  { overwrite }: Pick<RestoreRules, 'overwrite'>,
): Decision {
  if (overwrite === 'never') return { what: 'fail', code: 'FileExists' };
  if (overwrite === 'older' && !(look.mtime < mtime)) return { what: 'leave' };
  return { what: 'fetch', reason: 'different' };
}

/** Times that were set are read back to within this many ms where a file system keeps fractions. */
const FRACTION = 1;
/** FAT keeps every other second, others whole ones, exFAT hundredths; in ms. */
const COARSE = [2_000, 1_000, 10];

/**
 * Whether a file has the time that was meant, as far as its file system can keep it. In ms since 1970.
 * @param keepsFractions whether that keeps milliseconds
 */
export function isSameTime(found: number, meant: number, keepsFractions: boolean): boolean {
  if (Math.abs(found - meant) < FRACTION) return true;
  if (keepsFractions) return false;
  return COARSE.some(grain => found % grain === 0 && found === Math.floor(meant / grain) * grain);
}

/**
 * The time that a restored file gets: the object's own, what the ledger knows of these bytes, its upload's.
 * @returns NaN where nobody says
 */
export function meantMtime(
  { mtime, lastModified }: Pick<ObjectHead, 'mtime' | 'lastModified'>,
  { record, object }: { record: FileRecord | undefined; object: Pick<ListedObject, 'lastModified'> },
): number {
  const known = [mtime, record?.mtime, lastModified, Date.parse(object.lastModified)];
  return known.find(time => time !== undefined && !Number.isNaN(time)) ?? Number.NaN;
}
