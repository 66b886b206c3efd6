import { type Failure, withDetails } from '../failure.ts';

/** COS's clock must differ by this much, in ms, before an expired signature is blamed on it. */
const CLOCK_TOLERANCE = 30_000;

/** How far COS's clock is ahead of this machine's, in ms; found out from a refused request. */
export interface Clock {
  offset: number;
}

/** A clock that threads can share. */
export interface SharedClock extends Clock {
  readonly memory: SharedArrayBuffer;
}

/** @param memory of another thread's clock */
export function createClock(memory = new SharedArrayBuffer(Float64Array.BYTES_PER_ELEMENT)): SharedClock {
  const offsets = new Float64Array(memory);
  return {
    memory,
    get offset() {
      return offsets[0] ?? 0;
    },
    set offset(ms) {
      offsets[0] = ms;
    },
  };
}

/**
 * Sets the clock by a refusal that blames it, for the next try.
 * @param signedWith the offset that the refused request was signed with: requests in flight are many
 * @returns the failure as it is to be taken: where the clock is right, the credentials are not
 */
export function correctClock(failure: Failure, clock: Clock, signedWith: number): Failure {
  const offset = (failure.serverTime ?? Date.now()) - Date.now();
  if (Math.abs(offset - signedWith) >= CLOCK_TOLERANCE) {
    clock.offset = offset;
    return failure;
  }
  return withDetails(failure, {}, failure.code === 'AccessDenied' ? 'denied' : 'refused');
}
