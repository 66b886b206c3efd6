import test from 'ava';
import fc from 'fast-check';
import { compareUtf8, KeyIndex } from '../../src/local-cos/key-index.ts';
import { type ListQuery, listPage } from '../../src/local-cos/listing.ts';

const key = fc.string({
  unit: fc.constantFrom('a', 'b', '/', 'é', '\uffee', '😀', '\u0001'),
  minLength: 1,
  maxLength: 6,
});
const byBytes = (a: string, b: string) => Buffer.compare(Buffer.from(a), Buffer.from(b));

test('keys compare as their UTF-8 bytes do', t => {
  fc.assert(
    fc.property(key, key, (a, b) => {
      t.is(Math.sign(compareUtf8(a, b)), byBytes(a, b));
    }),
    { numRuns: 1000 },
  );
});

test('the index holds the keys that were added and not removed, in order', t => {
  const changes = fc.array(fc.tuple(fc.boolean(), key, fc.boolean()), { maxLength: 60 });
  fc.assert(
    fc.property(changes, list => {
      const index = new KeyIndex();
      const model = new Set<string>();
      for (const [adding, name, asking] of list) {
        if (adding && !model.has(name)) index.add(name);
        if (adding) model.add(name);
        if (!adding && model.delete(name)) index.remove(name);
        if (asking) t.deepEqual(index.keys(), [...model].sort(byBytes));
      }
      t.deepEqual(index.keys(), [...model].sort(byBytes));
    }),
  );
});

/** What a listing holds in the simplest words: groups and keys after the marker, cut at the page's size. */
function model(keys: string[], { prefix, delimiter, marker, maxKeys }: ListQuery) {
  const entries: { text: string; group: boolean }[] = [];
  for (const name of keys.toSorted(byBytes)) {
    if (!name.startsWith(prefix) || byBytes(name, marker) <= 0) continue;
    const rest = name.slice(prefix.length);
    const at = delimiter === '' ? -1 : rest.indexOf(delimiter);
    const text = at < 0 ? name : prefix + rest.slice(0, at + delimiter.length);
    const group = at >= 0;
    if (group && text === marker) continue;
    if (!entries.some(entry => entry.group && entry.text === text)) entries.push({ text, group });
  }
  const page = entries.slice(0, maxKeys);
  const truncated = maxKeys > 0 && page.length < entries.length;
  return {
    keys: page.filter(entry => !entry.group).map(entry => entry.text),
    commonPrefixes: page.filter(entry => entry.group).map(entry => entry.text),
    truncated,
    nextMarker: truncated ? page.at(-1)!.text : '',
  };
}

const bucket = fc.uniqueArray(key, { maxLength: 40 });
const query = fc.record({
  prefix: fc.oneof(fc.constant(''), key),
  delimiter: fc.constantFrom('', '/', 'ab', 'é'),
  marker: fc.oneof(fc.constant(''), key),
  maxKeys: fc.nat(6),
});

test('a page of the listing is what the simple model says', t => {
  fc.assert(
    fc.property(bucket, query, (keys, asked) => {
      t.deepEqual(
        listPage(keys.toSorted(byBytes), asked, () => true),
        model(keys, asked),
      );
    }),
    { numRuns: 2000 },
  );
});

test('following NextMarker lists everything once', t => {
  fc.assert(
    fc.property(
      bucket,
      fc.constantFrom('', '/'),
      fc.integer({ min: 1, max: 5 }),
      (keys, delimiter, maxKeys) => {
        const sorted = keys.toSorted(byBytes);
        const whole = listPage(sorted, { prefix: '', delimiter, marker: '', maxKeys: 1000 }, () => true);
        const found = { keys: [] as string[], commonPrefixes: [] as string[] };
        let marker = '';
        for (let pages = 0; pages <= keys.length; pages++) {
          const page = listPage(sorted, { prefix: '', delimiter, marker, maxKeys }, () => true);
          found.keys.push(...page.keys);
          found.commonPrefixes.push(...page.commonPrefixes);
          if (!page.truncated) break;
          marker = page.nextMarker;
        }
        t.deepEqual(found, { keys: whole.keys, commonPrefixes: whole.commonPrefixes });
      },
    ),
    { numRuns: 500 },
  );
});

test('a thousand pages of a million keys do not take a thousand walks', t => {
  const sorted = Array.from({ length: 1_000_000 }, (_, i) => String(i).padStart(7, '0'));
  const start = performance.now();
  let count = 0;
  for (let marker = '', more = true; more; ) {
    const page = listPage(sorted, { prefix: '', delimiter: '', marker, maxKeys: 1000 }, () => true);
    count += page.keys.length;
    marker = page.nextMarker;
    more = page.truncated;
  }
  t.is(count, sorted.length);
  t.true(performance.now() - start < 10_000);
});
