/** Random numbers that a seed repeats (mulberry32). */
export interface Random {
  seed: number;
  /** 0 up to, and without, 1 */
  next(): number;
  /** A whole number from 0 up to, and without, `end`. */
  below(end: number): number;
  pick<T>(list: readonly T[]): T;
  bytes(size: number): Buffer;
}

/** Another one in each run of the tests, or the one that COS_SYNC_TEST_SEED repeats. */
export function testSeed(): number {
  return Number(process.env.COS_SYNC_TEST_SEED ?? Date.now());
}

export function randomFrom(seed: number): Random {
  let state = seed >>> 0;
  const next = () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
  const below = (end: number) => Math.floor(next() * end);
  return {
    seed,
    next,
    below,
    pick: list => list[below(list.length)] as (typeof list)[number],
    bytes(size) {
      const bytes = Buffer.allocUnsafe(size);
      for (let at = 0; at < size; at++) bytes[at] = below(256);
      return bytes;
    },
  };
}
