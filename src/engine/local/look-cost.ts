/** A look of more ms than this is worth waiting for several at a time. */
const SLOW_LOOK = 0.08;
/** How much a sample says. */
const WEIGHT = 1 / 4;
/** A slow one says less where it took fewer ms than this: another process may have had its turn meanwhile. */
const LONG = 20;
/** Looks in a sample: of a small folder a large part is what its reading costs besides. */
const SAMPLE = 24;

/**
 * Tells whether looks take long, from how long folders took that were read by one look after the other. A busy
 * machine holds up one sample and another, slow storage nearly all of them.
 */
export interface LookCost {
  /** @param ms that a folder took */
  took(ms: number, looks: number): void;
  isFast(): boolean;
  isSlow(): boolean;
}

export function createLookCost(): LookCost {
  let slowShare = 0.5;
  let sample = { ms: 0, looks: 0 };
  return {
    took(ms, looks) {
      sample.ms += ms;
      sample.looks += looks;
      if (sample.looks < SAMPLE) return;
      const isSlow = sample.ms / sample.looks > SLOW_LOOK;
      const weight = isSlow ? WEIGHT * Math.min(1, sample.ms / LONG) : WEIGHT;
      slowShare += (Number(isSlow) - slowShare) * weight;
      sample = { ms: 0, looks: 0 };
    },
    isFast: () => slowShare < 0.25,
    isSlow: () => slowShare > 0.75,
  };
}
