import { createHints } from './hints.ts';
import type { Doubt } from './watcher.ts';

/** Why everything is scanned. */
export type FullReason = 'start' | 'interval' | 'retry' | 'ledgerChanged' | 'tooFew' | Doubt;

/** What the next run looks at. */
export type Round =
  | { kind: 'full'; reason: FullReason }
  /** @property areAll whether all that may have changed is in these: what is gone from them is nowhere else */
  | { kind: 'part'; folders: readonly string[]; areAll: boolean };

export interface RoundEnd {
  /** Whether all that was to be scanned and done was tried. */
  isThrough: boolean;
  /** Folders in which something failed. */
  failed: Iterable<string>;
  /** Deletions were held back for what failed. */
  isHeld: boolean;
  /** Folders from which something is gone, which was left until others are looked at. */
  putOff: Iterable<string>;
  /** New folders in which files were not at rest, each with the time of the last change. */
  unrested: ReadonlyMap<string, number>;
}

/** Decides what is looked at when. Times are in ms, of a clock that only goes forward. */
export interface Rounds {
  change(folder: string, now: number): void;
  /** Something may have happened of which no event tells. */
  doubt(reason: Exclude<FullReason, 'start' | 'interval' | 'retry'>, now: number): void;
  /** When to ask for the next one. */
  nextAt(): number;
  nextFullAt(): number;
  /** undefined where it is not yet time. */
  next(now: number): Round | undefined;
  ended(round: Round, end: RoundEnd, now: number): void;
  waiting(): number;
  /** How many full ones there were, by reason. */
  fullScans(): ReadonlyMap<FullReason, number>;
}

/** A doubt, or a failure, is followed by the next attempt after so many delays; by twice as many the next time. */
const PAUSE = 10;
/** While COS is away it is tried again after so many ms at the latest. */
const LONGEST_OUTAGE = 60_000;

export interface RoundTimes {
  /** ms at rest before a folder is looked at */
  delay: number;
  /** ms between full scans */
  interval: number;
}

export function createRounds({ delay, interval }: RoundTimes, now: number): Rounds {
  const hints = createHints(delay);
  const fullScans = new Map<FullReason, number>();
  /** How often in a row something failed in a folder. */
  const failures = new Map<string, number>();
  let fullAt = now;
  let reason: FullReason = 'start';
  let lastFull = Number.NEGATIVE_INFINITY;
  /** Whether a full scan came to its end, and nothing happened since of which no event told. */
  let isSure = false;
  /** Rounds in a row that did not come to their end. */
  let stops = 0;
  const pauseAfter = (count: number, most: number) =>
    Math.min(interval, most, PAUSE * Math.max(delay, 100) * 2 ** Math.min(count - 1, 20));
  const pauseOf = (folder: string) => pauseAfter(failures.get(folder) ?? 1, interval);

  function planFull(at: number, why: FullReason): void {
    if (at >= fullAt) return;
    fullAt = at;
    reason = why;
  }

  function endFull({ isThrough }: RoundEnd, now: number): void {
    lastFull = now;
    isSure &&= isThrough;
    if (isThrough) planFull(now + interval, 'interval');
    else planFull(now + pauseAfter(stops, LONGEST_OUTAGE), 'retry');
  }

  /** What waited while COS was away waits no longer. */
  function countStops(isThrough: boolean, now: number): void {
    if (isThrough && stops > 0) {
      hints.hurry(now);
      if (reason === 'retry') planFull(now + delay, 'retry');
    }
    stops = isThrough ? 0 : stops + 1;
  }

  function countFailures(round: Round, failed: ReadonlySet<string>): void {
    const looked = round.kind === 'full' ? [...failures.keys()] : round.folders;
    for (const folder of looked) if (!failed.has(folder)) failures.delete(folder);
    for (const folder of failed) failures.set(folder, (failures.get(folder) ?? 0) + 1);
  }

  function tryAgain(round: Round, failed: ReadonlySet<string>, { isThrough, isHeld }: RoundEnd, now: number) {
    if (round.kind === 'part' && !isThrough) {
      const at = now + pauseAfter(stops, LONGEST_OUTAGE);
      for (const folder of round.folders) hints.noteFor(folder, at);
      return;
    }
    for (const folder of failed) hints.noteFor(folder, now + pauseOf(folder));
    if (round.kind === 'full' || !isHeld || failed.size === 0) return;
    const at = now + Math.min(...Array.from(failed, pauseOf));
    for (const folder of round.folders) hints.noteFor(folder, at);
  }

  return {
    change: hints.note,
    doubt(why, now) {
      isSure = false;
      planFull(Math.max(now + delay, lastFull + PAUSE * delay), why);
    },
    nextAt: () => Math.min(fullAt, hints.dueAt() ?? Number.POSITIVE_INFINITY),
    nextFullAt: () => fullAt,
    next(now) {
      if (fullAt <= now) {
        hints.clear();
        fullAt = Number.POSITIVE_INFINITY;
        isSure = true;
        fullScans.set(reason, (fullScans.get(reason) ?? 0) + 1);
        return { kind: 'full', reason };
      }
      if ((hints.dueAt() ?? Number.POSITIVE_INFINITY) > now) return undefined;
      const { folders, areAll } = hints.take(now);
      return { kind: 'part', folders, areAll: areAll && isSure };
    },
    ended(round, end, now) {
      const failed = new Set(end.failed);
      countStops(end.isThrough, now);
      if (end.isThrough) countFailures(round, failed);
      if (round.kind === 'full') endFull(end, now);
      tryAgain(round, failed, end, now);
      for (const [folder, changedAt] of end.unrested) hints.noteFor(folder, changedAt + delay);
      // A full scan that is due finds it in any case.
      if (isSure) for (const folder of end.putOff) hints.notePutOff(folder, now);
    },
    waiting: hints.size,
    fullScans: () => fullScans,
  };
}
