import test from 'ava';
import fc from 'fast-check';
import { csvLine, csvRows } from '../../../src/ledger/exchange/csv.ts';

/** A text cut into pieces of a size, as a file's reading cuts it. */
async function* pieces(text: string, size: number): AsyncGenerator<string> {
  for (let start = 0; start < text.length; start += size) yield text.slice(start, start + size);
}

async function collect(rows: AsyncIterable<string[]>): Promise<string[][]> {
  const all: string[][] = [];
  for await (const row of rows) all.push(row);
  return all;
}

const FIELD = fc.oneof(
  fc.string(),
  fc.constantFrom('"', '\n', '\r\n', ',', '""', 'a"b', 'a\nb', ' ', '中文😀'),
);

test('rows read back as they were written, whatever is in them and wherever the text is cut', async t => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.array(FIELD, { minLength: 2, maxLength: 5 }), { maxLength: 6 }),
      fc.integer({ min: 1, max: 20 }),
      async (rows, size) => {
        const text = rows.map(csvLine).join('');
        t.deepEqual(await collect(csvRows(pieces(text, size))), rows);
      },
    ),
    { numRuns: 300 },
  );
  t.pass();
});

test('rows that end in CR and LF, and a last one without an end, are read', async t => {
  const rows = await collect(csvRows(pieces('a,b\r\n"c ""d""",e', 3)));
  t.deepEqual(rows, [
    ['a', 'b'],
    ['c "d"', 'e'],
  ]);
});

test('a quote that is never closed does not swallow a large file', async t => {
  const text = `"open,${'x\n'.repeat(400_000)}`;
  const rows = await collect(csvRows(pieces(text, 64 * 1024)));
  t.true(rows.length > 1);
});
