import { setTimeout as delay } from 'node:timers/promises';
import { createAllowedRate } from './allowed-rate.ts';

/** A rate that held no request back for this long, in ms, is no limit any more. */
const UNUSED = 2_000;
/** A start that is late by the timer's doing may be caught up with, up to this many ms. */
const CATCH_UP = 20;

/** Spaces the starts of requests by the rate that COS allows. */
export interface Pace {
  /** When the next request may begin, undefined for at once; rejects when the signal is aborted. */
  turn(signal: AbortSignal): Promise<void> | undefined;
  /** COS took a request. */
  succeeded(): void;
  /** COS refused a request that was sent at that moment of performance.now(), after the last decrease. */
  refused(sentAt: number): void;
}

export function createPace(): Pace {
  const clock = () => performance.now();
  const rate = createAllowedRate(clock);
  let nextStart = 0;
  let lastWait = 0;
  let queue: Promise<void> = Promise.resolve();

  async function waitForTurn(signal: AbortSignal): Promise<void> {
    const at = clock();
    if (at - lastWait > UNUSED) rate.release();
    const start = Math.max(nextStart, at - CATCH_UP);
    nextStart = start + 1_000 / rate.now();
    if (start <= at) return;
    lastWait = start;
    await delay(start - at, undefined, { signal });
  }

  return {
    turn(signal) {
      if (rate.now() === Number.POSITIVE_INFINITY) return undefined;
      // One after the other, so that each start is spaced by the rate of its own moment.
      const turn = queue.then(() => waitForTurn(signal));
      queue = turn.catch(() => {});
      return turn;
    },
    succeeded: rate.succeeded,
    refused(sentAt) {
      rate.refused(sentAt);
      lastWait = clock();
      nextStart = lastWait + 1_000 / rate.now();
    },
  };
}
