import { countBlockedCall } from './blocked-threads.ts';
import { Failure } from './failure.ts';
import { orAborted } from './or-aborted.ts';

/** The code of a call that did not come back in time. */
export const TIMED_OUT = 'ReadTimeout';

/**
 * Waits for a look at the file system, to which a dead network drive may never answer. It must have been made in
 * Node's pool: no time-out ends one that holds the main thread.
 * @param seconds after which it is given up
 * @throws what the look throws; Failure (ReadTimeout); the signal's reason when aborted
 */
export async function inTime<T>(look: Promise<T>, seconds: number, signal?: AbortSignal): Promise<T> {
  countBlockedCall(look);
  const { promise: timeUp, reject } = Promise.withResolvers<never>();
  const giveUp = () => reject(new Failure('local', { code: TIMED_OUT }));
  // What came while the main thread was held up is heard before that.
  const timer = setTimeout(() => setImmediate(giveUp), seconds * 1_000);
  try {
    const answer = Promise.race([look, timeUp]);
    return await (signal ? orAborted(answer, signal) : answer);
  } finally {
    clearTimeout(timer);
  }
}
