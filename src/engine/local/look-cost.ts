/** A look of more ms than this is worth waiting for several at a time. */
const SLOW_LOOK = 0.08;
/** How much one folder says. */
const WEIGHT = 1 / 4;

/**
 * Tells whether looks take long, from how long folders took that were read by one look after the other. A busy
 * machine holds up one folder and another, slow storage nearly all of them.
 */
export interface LookCost {
  /** @param ms that a folder took */
  took(ms: number, looks: number): void;
  isFast(): boolean;
  isSlow(): boolean;
}

export function createLookCost(): LookCost {
  let slowShare = 0.5;
  return {
    took(ms, looks) {
      if (looks > 0) slowShare += ((ms / looks > SLOW_LOOK ? 1 : 0) - slowShare) * WEIGHT;
    },
    isFast: () => slowShare < 0.25,
    isSlow: () => slowShare > 0.75,
  };
}
