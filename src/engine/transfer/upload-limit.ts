import { setTimeout as delay } from 'node:timers/promises';

/** Bytes that are sent in one go where there is no limit. */
const PIECE = 256 * 1024;
const SMALLEST_PIECE = 4 * 1024;
/** A connection on which nothing moves for long is closed: each gets its turn within this many seconds. */
const LONGEST_TURN = 5;
/** What was not used because a timer or a connection was late may be caught up with, up to this many ms. */
const CATCH_UP = 100;

/** Spreads bytes over time so that uploads keep under a rate. */
export interface UploadLimit {
  /** The most bytes to take, and to send, at a time. */
  readonly piece: number;
  /** When `bytes` may be sent, undefined for at once; rejects when the signal is aborted. */
  take(bytes: number, signal: AbortSignal): Promise<void> | undefined;
}

/**
 * @param rate bytes per second over all uploads; 0 is no limit
 * @param threads connections that share it
 */
export function createUploadLimit(rate: number, threads: number): UploadLimit {
  let nextFree = 0;
  const share = Math.floor((rate * LONGEST_TURN) / threads);
  return {
    piece: rate === 0 ? PIECE : Math.min(PIECE, Math.max(SMALLEST_PIECE, share)),
    take(bytes, signal) {
      if (rate === 0) return undefined;
      const now = performance.now();
      nextFree = Math.max(now - CATCH_UP, nextFree) + (bytes / rate) * 1000;
      const wait = nextFree - now;
      return wait > 0 ? delay(wait, undefined, { signal }) : undefined;
    },
  };
}
