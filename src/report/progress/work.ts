import { createThroughput } from './throughput.ts';

/** ms over which the pace is reckoned, and of work before it is known */
const WINDOW = 30_000;
const KNOWN_AFTER = 3_000;

/** One kind of work, in units of its own: how much there is, and how fast it goes while it is under way. */
export interface Work {
  /** Adds to what is to be done. */
  add(units: number): void;
  /** An operation of this kind begins or ends (ms). */
  begin(now: number): void;
  end(now: number): void;
  /** So many units were done, evenly between two times (ms). */
  advance(units: number, from: number, now: number): void;
  /** So many units need not be done: they say nothing about the pace. */
  skip(units: number): void;
  total(): number;
  done(): number;
  /** undefined while it is not known */
  perSecond(now: number): number | undefined;
}

/** Time in which no operation of the kind is under way does not count: its pace is as it was. */
export function createWork(): Work {
  const throughput = createThroughput(WINDOW, 0);
  let [total, done, inFlight, active, activeSince] = [0, 0, 0, 0, 0];
  const activeAt = (now: number) => (inFlight > 0 ? active + now - activeSince : active);
  return {
    add(units) {
      total += units;
    },
    begin(now) {
      if (inFlight++ === 0) activeSince = now;
    },
    end(now) {
      if (--inFlight === 0) active += now - activeSince;
    },
    advance(units, from, now) {
      done += units;
      const end = activeAt(now);
      throughput.add(units, Math.max(0, end - (now - from)), end);
    },
    skip(units) {
      done += units;
    },
    total: () => total,
    done: () => done,
    perSecond(now) {
      const time = activeAt(now);
      return time < KNOWN_AFTER ? undefined : throughput.perSecond(time) || undefined;
    },
  };
}

/**
 * Seconds that two kinds of work take together. Operations of both may go on at the same time or one after
 * the other: the truth lies between the longer and the sum.
 * @returns undefined where the pace of either is not known
 */
export function secondsFor(
  kinds: readonly [Work, Work],
  now: number,
  units: (work: Work) => number,
): number | undefined {
  const [a, b] = kinds.map(work => {
    const amount = units(work);
    const pace = work.perSecond(now);
    if (amount <= 0) return 0;
    return pace === undefined ? undefined : amount / pace;
  });
  if (a === undefined || b === undefined) return undefined;
  return Math.max(a, b) + Math.min(a, b) / 2;
}
