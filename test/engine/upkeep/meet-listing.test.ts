import test from 'ava';
import fc from 'fast-check';
import type { ListedObject } from '../../../src/cos/store.ts';
import { meetListing } from '../../../src/engine/upkeep/meet-listing.ts';

const PREFIX = 'backup/';

/** A listing as COS gives it: in the order of UTF-8 bytes. */
async function* listing(paths: Iterable<string>): AsyncGenerator<ListedObject> {
  const keys = [...paths].map(path => PREFIX + path);
  keys.sort((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)));
  for (const key of keys) yield { key, etag: '', size: 0, lastModified: '', storageClass: '' };
}

async function meet(ours: Iterable<string>, theirs: AsyncIterable<ListedObject>): Promise<string[]> {
  const entries = [...ours].sort().map(path => ({ path }));
  const met: string[] = [];
  for await (const { path, entry, object } of meetListing(entries, theirs, PREFIX)) {
    met.push(`${path} ${entry ? 'ours' : ''}${object ? 'theirs' : ''}`);
  }
  return met.sort();
}

const PATH = fc
  .string({
    unit: fc.constantFrom('a', 'b', '/', '.', '中', '\ud7ff', '\ue000', '（', '\uffff', '😀', '\u{10ffff}'),
    minLength: 1,
    maxLength: 4,
  })
  .filter(path => path.isWellFormed());

test('every entry and every object is met exactly once, with its counterpart where there is one', async t => {
  await fc.assert(
    fc.asyncProperty(
      fc.uniqueArray(PATH, { maxLength: 20 }),
      fc.uniqueArray(PATH, { maxLength: 20 }),
      async (ours, theirs) => {
        const all = [...new Set([...ours, ...theirs])];
        const expected = all.map(
          path => `${path} ${ours.includes(path) ? 'ours' : ''}${theirs.includes(path) ? 'theirs' : ''}`,
        );
        t.deepEqual(await meet(ours, listing(theirs)), expected.sort());
      },
    ),
    { numRuns: 500 },
  );
});
