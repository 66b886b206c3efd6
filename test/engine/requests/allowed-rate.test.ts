import test from 'ava';
import { createAllowedRate } from '../../../src/engine/requests/allowed-rate.ts';
import { rateLimit } from '../../support/faults.ts';
import type { SeenRequest } from '../../support/proxy.ts';

/** The limit does not look at it. */
const REQUEST = {} as SeenRequest;
/** ms from a request's start to its answer. */
const ROUND_TRIP = 20;
/** The most requests at a time. */
const WIDTH = 8;
/** ms in which the limit is found out. */
const SEARCH = 4_000;

/** Requests that begin at the rate, against a server that allows `allowed` a second, in time that is only counted. */
function simulate(allowed: number, seconds: number): { goodput: number; refused: number } {
  let now = 0;
  const rate = createAllowedRate(() => now);
  const limit = rateLimit(allowed, () => now);
  const underWay: { begun: number; isRefused: boolean }[] = [];
  let [nextStart, lastDecrease, taken, refused] = [0, 0, 0, 0];

  function begin(): void {
    underWay.push({ begun: now, isRefused: limit.decide(REQUEST) !== undefined });
    nextStart = now + 1_000 / rate.now();
  }

  function end({ begun, isRefused }: { begun: number; isRefused: boolean }): void {
    if (now >= SEARCH) isRefused ? refused++ : taken++;
    if (!isRefused) rate.succeeded();
    else if (begun >= lastDecrease) {
      lastDecrease = now;
      rate.refused(begun);
      nextStart = now + 1_000 / rate.now();
    }
  }

  while (now < seconds * 1_000) {
    const answerAt = (underWay[0]?.begun ?? Number.POSITIVE_INFINITY) + ROUND_TRIP;
    if (underWay.length < WIDTH && nextStart < answerAt) {
      now = Math.max(now, nextStart);
      begin();
    } else {
      now = answerAt;
      end(underWay.shift()!);
    }
  }
  return { goodput: taken / (seconds - SEARCH / 1_000), refused: refused / (refused + taken) };
}

for (const allowed of [20, 60, 200]) {
  test(`the rate settles within 10 % of ${allowed} requests a second, with few refused`, t => {
    const { goodput, refused } = simulate(allowed, 120);
    t.log(`goodput ${goodput.toFixed(1)}, refused ${(refused * 100).toFixed(1)} %`);
    t.true(goodput > allowed * 0.9, `goodput ${goodput}`);
    t.true(refused < 0.05, `refused ${refused}`);
  });
}

test('without a refusal there is no limit', t => {
  const rate = createAllowedRate(() => 0);
  for (let request = 0; request < 1_000; request++) rate.succeeded();
  t.is(rate.now(), Number.POSITIVE_INFINITY);
});
