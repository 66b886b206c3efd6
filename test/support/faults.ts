import type { Fault, SeenRequest } from './proxy.ts';
import type { Random } from './random.ts';

type Decide = (request: SeenRequest) => Fault | undefined;

/** Puts a fault on a share of all requests. */
export function onShare(random: Random, share: number, fault: Fault | (() => Fault)): Decide {
  return () => {
    if (random.next() >= share) return undefined;
    return typeof fault === 'function' ? fault() : fault;
  };
}

/**
 * A server that allows so many requests a second, as a token bucket does: above it, 503 SlowDown.
 * @param rate requests a second; may be changed at any time
 * @param clock ms
 */
export function rateLimit(
  rate: number,
  clock = () => performance.now(),
): { decide: Decide; rate: number; taken: number; refused: number } {
  let tokens = 0;
  let last = clock();
  const limit = {
    rate,
    taken: 0,
    refused: 0,
    decide(): Fault | undefined {
      const now = clock();
      const most = Math.max(1, limit.rate / 10);
      tokens = Math.min(most, tokens + ((now - last) / 1000) * limit.rate);
      last = now;
      if (tokens < 1) {
        limit.refused++;
        return { kind: 'status', status: 503, code: 'SlowDown', message: 'Please reduce your request rate.' };
      }
      tokens--;
      limit.taken++;
      return undefined;
    },
  };
  return limit;
}
