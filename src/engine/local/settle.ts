import type { FileRecord } from '../../ledger/records.ts';
import { isOnThisMachine } from './local-types.ts';
import type { FileState } from './read-file.ts';

/**
 * A change within this many ms of another may leave a file's times as they are: FAT counts steps of 2 s,
 * and the system's clock its own small ones.
 */
const CLOCK_GRAIN = 2_100;

/** A file's content that was read, and the state that it was in. */
export interface Reading {
  /** For the file system's calls. */
  file: string;
  state: FileState;
  /** When the reading began, in ms since 1970. */
  readAt: number;
  /** When the file was in this state already, in ms since 1970; never after readAt. */
  seenAt: number;
}

/**
 * What the ledger keeps of a file's times. Where a later change could leave these as they are, the record is
 * unsettled, and the next run looks at the content. On a share the times are of another machine's clock, which
 * may be far from ours: there only what had been seen long enough before it was read is settled.
 */
export function timesOf(
  { file, state, readAt, seenAt }: Reading,
  compareCtime: boolean,
): Pick<FileRecord, 'mtime' | 'ctime' | 'unsettledSince'> {
  const { mtime, device } = state;
  const ctime = compareCtime ? state.ctime : Number.NaN;
  const isSettled =
    readAt - seenAt >= CLOCK_GRAIN || (isLongAgo(mtime, ctime, readAt) && isOurs(device, file));
  return { mtime, ctime, unsettledSince: isSettled ? 0 : seenAt };
}

/** Nobody can set a ctime, so one in the future is of another clock; an mtime there was set by hand. */
export function isLongAgo(mtime: number, ctime: number, now: number): boolean {
  return Math.abs(now - mtime) >= CLOCK_GRAIN && !(now - ctime < CLOCK_GRAIN);
}

const known = new Map<number, boolean>();

/** Whether a device's times are those of this machine's clock. */
function isOurs(device: number, file: string): boolean {
  const answered = known.get(device);
  if (answered !== undefined) return answered;
  const answer = isOnThisMachine(file);
  known.set(device, answer);
  return answer;
}
