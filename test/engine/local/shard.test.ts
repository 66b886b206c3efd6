import test from 'ava';
import { shardOf } from '../../../src/engine/local/shard.ts';

const FOLDERS = 10_000;
const SHAPES: Record<string, (index: number) => string> = {
  'numbered folders': i => `d${i}`,
  'a folder a day': i =>
    `photos/${2000 + Math.floor(i / 372)}/${(Math.floor(i / 31) % 12) + 1}/${(i % 31) + 1}`,
  'two levels of hex names': i => `objects/${(i >> 8).toString(16)}/${(i & 255).toString(16)}`,
  'Chinese names': i => `资料/第${i}卷`,
  'deep folders': i => `${'a/'.repeat(i % 20)}x${i}`,
};

for (const [title, folderAt] of Object.entries(SHAPES)) {
  test(`no shard of up to 16 is more than 10 % off the mean: ${title}`, t => {
    for (let count = 2; count <= 16; count++) {
      const sizes = new Array<number>(count).fill(0);
      for (let i = 0; i < FOLDERS; i++) sizes[shardOf(folderAt(i), count)]!++;
      const mean = FOLDERS / count;
      for (const size of sizes)
        t.true(Math.abs(size - mean) <= mean / 10, `${size} of ${mean}, ${count} shards`);
    }
  });
}

test('a folder stays in the shard that it was in: ledgers are divided by it', t => {
  // Computed by: printf %s PATH | sha256sum | cut -c1-12, as a number, modulo the count.
  t.deepEqual(
    EXPECTED.map(([path, count]) => shardOf(path, count)),
    EXPECTED.map(([, , shard]) => shard),
  );
});

const EXPECTED: [path: string, count: number, shard: number][] = [
  ['', 4, 0],
  ['photos/2024', 4, 2],
  ['资料', 16, 10],
  ['a/b/c', 7, 5],
];
