import test from 'ava';
import { createRequests } from '../../../src/engine/requests/requests.ts';
import { Failure } from '../../../src/failure.ts';

/** How long a request waits that was refused once. */
async function pauseAfter(failure: Failure): Promise<number> {
  let waited = 0;
  const stop = new AbortController();
  const requests = createRequests({
    threads: 1,
    retries: 1,
    signal: stop.signal,
    onRetry: (_, pause) => {
      waited = pause;
      stop.abort();
    },
  });
  await requests.send(() => Promise.reject(failure)).catch(() => {});
  return waited;
}

test('a server that asks for a pause gets it, unless it asks for one without end', async t => {
  const busy = (retryAfter?: number) =>
    new Failure('throttled', { code: 'SlowDown', status: 503, retryAfter });
  t.is(await pauseAfter(busy(40_000)), 40_000);
  t.is(await pauseAfter(busy(86_400_000)), 300_000);
  t.true((await pauseAfter(busy())) <= 100);
  t.true((await pauseAfter(busy(1))) >= 50, 'a shorter one than our own is not a hurry');
});
