import { createHints } from './hints.ts';
import type { Doubt } from './watcher.ts';

/** Why everything is scanned. */
export type FullReason = 'start' | 'interval' | 'retry' | Doubt;

/** What the next run looks at. */
export type Round =
  | { kind: 'full'; reason: FullReason }
  /** @property areAll whether no other folder waits to be looked at */
  | { kind: 'part'; folders: readonly string[]; areAll: boolean };

export interface RoundEnd {
  /** Whether all that was to be scanned and done was tried. */
  isThrough: boolean;
  /** Folders in which something failed. */
  failed: Iterable<string>;
  /** Folders from which something is gone, which was left until others are looked at. */
  putOff: Iterable<string>;
}

/** Decides what is looked at when. Times are in ms, of a clock that only goes forward. */
export interface Rounds {
  change(folder: string, now: number): void;
  doubt(reason: Doubt, now: number): void;
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

export interface RoundTimes {
  /** ms at rest before a folder is looked at */
  delay: number;
  /** ms between full scans */
  interval: number;
}

export function createRounds({ delay, interval }: RoundTimes, now: number): Rounds {
  const hints = createHints(delay);
  const fullScans = new Map<FullReason, number>();
  let fullAt = now;
  let reason: FullReason = 'start';
  let lastFull = Number.NEGATIVE_INFINITY;
  let failures = 0;
  const pause = () => Math.min(interval, PAUSE * Math.max(delay, 100) * 2 ** Math.min(failures - 1, 20));

  function planFull(at: number, why: FullReason): void {
    if (at >= fullAt) return;
    fullAt = at;
    reason = why;
  }

  function endFull({ isThrough }: RoundEnd, now: number): void {
    lastFull = now;
    if (isThrough) planFull(now + interval, 'interval');
    else planFull(now + pause(), 'retry');
  }

  return {
    change: hints.note,
    doubt: (why, now) => planFull(Math.max(now + delay, lastFull + PAUSE * delay), why),
    nextAt: () => Math.min(fullAt, hints.dueAt() ?? Number.POSITIVE_INFINITY),
    nextFullAt: () => fullAt,
    next(now) {
      if (fullAt <= now) {
        hints.clear();
        fullAt = Number.POSITIVE_INFINITY;
        fullScans.set(reason, (fullScans.get(reason) ?? 0) + 1);
        return { kind: 'full', reason };
      }
      if ((hints.dueAt() ?? Number.POSITIVE_INFINITY) > now) return undefined;
      return { kind: 'part', ...hints.take(now) };
    },
    ended(round, end, now) {
      const failed = [...end.failed];
      failures = end.isThrough && failed.length === 0 ? 0 : failures + 1;
      if (round.kind === 'full') endFull(end, now);
      const again = round.kind === 'part' && !end.isThrough ? round.folders : failed;
      for (const folder of again) hints.noteFor(folder, now + pause());
      for (const folder of end.putOff) hints.notePutOff(folder, now);
    },
    waiting: hints.size,
    fullScans: () => fullScans,
  };
}
