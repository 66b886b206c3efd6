import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import fc from 'fast-check';
import { createLedger, openLedger } from '../../src/ledger/ledger.ts';
import { lookupIn } from '../../src/ledger/lookup.ts';
import { openIfWhole, replaceLedger } from '../../src/ledger/replace.ts';
import { recordOf } from '../support/records.ts';

const task = { bucket: 'b-1250000000', place: 'ap-guangzhou', localPath: '/data', prefix: 'backup/' };

function ledgerFile(t: ExecutionContext): string {
  const folder = mkdtempSync(join(tmpdir(), 'cos_sync-replace-'));
  t.teardown(() => rmSync(folder, { recursive: true, force: true }));
  return join(folder, 'ledger.db');
}

test('a new ledger takes over what was begun, except where it has a record', async t => {
  const file = ledgerFile(t);
  const old = await openLedger({ file, task });
  const begun = [{ at: 5, until: undefined, size: 3 }];
  old.putBegun({ path: 'begun', begun });
  old.putBegun({ path: 'both', begun });
  const upload = { path: 'parts', size: 9, mtime: 7, partSize: 4, uploadId: 'id', parts: new Map() };
  old.putUpload(upload);
  await old.close();

  const before = await openIfWhole(file, task);
  const kept = await replaceLedger({ file, task }, before, async draft => {
    for (const path of ['z', 'both', 'a']) draft.put(recordOf(path));
  });
  t.is(kept, `${file}.before-rebuild`);
  t.deepEqual(readdirSync(join(file, '..')).sort(), ['ledger.db', 'ledger.db.before-rebuild']);
  // A part that is missing shows in a base only.
  t.true(readFileSync(file, 'utf8').includes('"base":1'));
  const now = await openLedger({ file, task, readOnly: true });
  t.deepEqual(
    [...now.records()].map(({ path }) => path),
    ['a', 'both', 'z'],
  );
  t.deepEqual([...now.begun.keys()], ['begun']);
  t.is(now.uploads.get('parts')?.uploadId, 'id');
});

test('a ledger stays as it was where the new one fails, whatever a crash left beside it', async t => {
  const file = ledgerFile(t);
  await createLedger(file, task, [recordOf('a')]);
  const bytes = readFileSync(file);
  writeFileSync(`${file}.draft`, 'half of one');
  const old = await openIfWhole(file, task);
  const failing = replaceLedger({ file, task }, old, async draft => {
    draft.put(recordOf('b'));
    await draft.flush();
    throw new Error('no answer');
  });
  await t.throwsAsync(failing, { message: 'no answer' });
  t.deepEqual(readFileSync(file), bytes);
  t.false(existsSync(`${file}.draft`));
});

test('a lookup finds what a Map would, in whatever order it is asked', async t => {
  const numbers = fc.uniqueArray(fc.nat(2_500), { maxLength: 2_000, minLength: 1_000 });
  const asked = fc.array(fc.oneof(fc.nat(2_600), fc.constantFrom(0, 1, 2_499)), { maxLength: 50 });
  await fc.assert(
    fc.asyncProperty(numbers, asked, fc.boolean(), async (recorded, paths, isSorted) => {
      const file = ledgerFile(t);
      const model = new Map(recorded.map(number => [`f${number}`, recordOf(`f${number}`)]));
      await createLedger(file, task, model.values());
      const ledger = await openLedger({ file, task, readOnly: true });
      const find = lookupIn(ledger.records);
      const names = paths.map(number => `f${number}`);
      for (const name of isSorted ? names.sort() : names) t.deepEqual(find(name), model.get(name));
    }),
    { numRuns: 20 },
  );
});
