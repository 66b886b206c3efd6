/** After a refusal the rate drops to this share of the one that was refused, and comes back over time. */
const DECREASE = 0.85;
/** A refusal after so few successes since a decrease says that the limit is much lower. */
const SOON = 4;
const STEEP_DECREASE = 0.7;
/** While no limit is known the rate doubles in this many ms. */
const SEARCH_DOUBLING = 500;
/** Beyond the remembered limit the rate first grows slowly, then doubles in this many ms. */
const GROWTH_DOUBLING = 1_000;
/** Seconds until the rate is back at the remembered limit: long enough for some 60 requests. */
const SHORTEST_RETURN = 3;
const LONGEST_RETURN = 10;
const REQUESTS_PER_RETURN = 60;
/** Far below every limit of COS: a server that refuses at any rate must not stop a run. */
const SLOWEST = 10;

/**
 * How many requests a second may begin. No limit until COS refuses one for being too many; then the rate
 * that COS let through, which grows back to the one refused last, waits there, and probes beyond it
 * with growing steps (the curve that TCP CUBIC uses for the same question).
 */
export interface AllowedRate {
  /** requests per second; Infinity where there is no limit */
  now(): number;
  /** COS took a request. */
  succeeded(): void;
  /** COS refused a request that was sent at that moment of the clock, after the last decrease. */
  refused(sentAt: number): void;
  /** The rate held nothing back for a while: it is no limit any more. */
  release(): void;
}

/** Where the rate comes from at a moment: `at` is when the phase began, in ms. */
type Phase =
  | { kind: 'free' }
  | { kind: 'search'; start: number; at: number }
  | { kind: 'known'; limit: number; at: number };

/** @param clock ms */
export function createAllowedRate(clock: () => number): AllowedRate {
  const successes = countLastSecond(clock);
  let phase: Phase = { kind: 'free' };
  /** Successes since the last decrease. */
  let since = 0;

  function phaseAfterRefusal(at: number, sentAt: number): Phase {
    const proven = Math.max(SLOWEST, successes.count());
    if (phase.kind === 'free') return { kind: 'search', start: Math.max(SLOWEST, proven / 2), at };
    const rate = rateIn(phase, Math.max(phase.at, sentAt));
    if (phase.kind === 'search' && rate < phase.start * 2) {
      return { kind: 'search', start: Math.max(SLOWEST, phase.start * STEEP_DECREASE), at };
    }
    const isSoon = since < SOON;
    // What COS took in the last second it would take again.
    const limit = isSoon ? Math.max(Math.min(rate, proven), rate * STEEP_DECREASE) : rate;
    return { kind: 'known', limit: Math.max(SLOWEST, limit), at };
  }

  return {
    now: () => rateIn(phase, clock()),
    succeeded() {
      since++;
      successes.add();
    },
    refused(sentAt) {
      phase = phaseAfterRefusal(clock(), sentAt);
      since = 0;
    },
    release() {
      phase = { kind: 'free' };
    },
  };
}

function rateIn(phase: Phase, at: number): number {
  if (phase.kind === 'free') return Number.POSITIVE_INFINITY;
  if (phase.kind === 'search') return phase.start * 2 ** ((at - phase.at) / SEARCH_DOUBLING);
  const { limit } = phase;
  const toReturn = Math.min(LONGEST_RETURN, Math.max(SHORTEST_RETURN, REQUESTS_PER_RETURN / limit)) * 1_000;
  const progress = (at - phase.at) / toReturn;
  const curve = 1 + (1 - DECREASE) * (Math.min(progress, 2) - 1) ** 3;
  return limit * curve * 2 ** ((Math.max(0, progress - 2) * toReturn) / GROWTH_DOUBLING);
}

const BUCKETS = 10;
const BUCKET_MS = 100;

/** Counts what happened in the last second, in steps of a tenth. */
function countLastSecond(clock: () => number) {
  const counts = new Array<number>(BUCKETS).fill(0);
  let current = 0;
  function advance(): number {
    const bucket = Math.floor(clock() / BUCKET_MS);
    for (let step = Math.min(BUCKETS, bucket - current); step > 0; step--) {
      counts[(bucket - step + 1) % BUCKETS] = 0;
    }
    current = Math.max(current, bucket);
    return bucket % BUCKETS;
  }
  return {
    add() {
      const index = advance();
      counts[index] = (counts[index] ?? 0) + 1;
    },
    count() {
      advance();
      return counts.reduce((sum, count) => sum + count, 0);
    },
  };
}
