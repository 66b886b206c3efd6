import { appendFileSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import fc from 'fast-check';
import { createLedger, openLedger } from '../../src/ledger/ledger.ts';
import { keepOpen } from '../../src/ledger/open-ledger.ts';
import type { FileRecord } from '../../src/ledger/records.ts';
import { recordOf } from '../support/records.ts';

const task = { bucket: 'b-1250000000', place: 'ap-guangzhou', localPath: '/data', prefix: 'backup/' };

function ledgerFile(t: ExecutionContext): string {
  const folder = mkdtempSync(join(tmpdir(), 'cos_sync-open-'));
  t.teardown(() => rmSync(folder, { recursive: true, force: true }));
  return join(folder, 'ledger.db');
}

const ascending = (records: Iterable<FileRecord>) => [...records].sort((a, b) => (a.path < b.path ? -1 : 1));

test('a ledger that stays open answers for any place what a Map would, over any number of runs', async t => {
  const path = fc.nat(3_500).map(number => `f${number % 40}/${number}`);
  const change = fc.oneof(fc.record({ put: path, size: fc.nat() }), fc.record({ remove: path }));
  const runs = fc.array(fc.record({ changes: fc.array(change, { maxLength: 60 }), from: path }), {
    maxLength: 4,
  });
  await fc.assert(
    fc.asyncProperty(runs, async list => {
      const file = ledgerFile(t);
      const model = new Map<string, FileRecord>();
      for (let number = 0; number < 3_000; number++) {
        const record = recordOf(`f${number % 40}/${number}`);
        model.set(record.path, record);
      }
      await createLedger(file, task, model.values());
      const open = keepOpen(() => t.fail());
      for (const { changes, from } of list) {
        const ledger = await open({ file, task });
        t.deepEqual([...ledger.records()], ascending(model.values()));
        t.deepEqual(
          [...ledger.records(from)],
          ascending(model.values()).filter(({ path }) => path >= from),
        );
        for (const each of changes) {
          if ('put' in each) {
            const record = recordOf(each.put, { size: each.size });
            ledger.put(record);
            model.set(each.put, record);
          } else {
            ledger.remove(each.remove);
            model.delete(each.remove);
          }
        }
        await ledger.close();
      }
      const read = await openLedger({ file, task, readOnly: true });
      t.deepEqual([...read.records()], ascending(model.values()));
    }),
    { numRuns: 15 },
  );
});

test('a ledger that stays open is read anew where somebody else wrote to it', async t => {
  const file = ledgerFile(t);
  let changed = 0;
  const open = keepOpen(() => changed++);
  const first = await open({ file, task });
  first.put(recordOf('a'));
  await first.close();
  const again = await open({ file, task });
  t.is(again, first);
  await again.close();
  t.is(changed, 0);
  const other = await openLedger({ file, task });
  other.put(recordOf('b'));
  await other.close();
  const anew = await open({ file, task });
  t.not(anew, first);
  t.deepEqual(
    [...anew.records()].map(({ path }) => path),
    ['a', 'b'],
  );
  await anew.close();
  appendFileSync(file, '\n');
  const last = await open({ file, task });
  t.not(last, anew);
  await last.close();
  rmSync(file);
  t.deepEqual([...(await open({ file, task })).records()], []);
  t.is(changed, 3);
});

test('what was begun in one run is known in the next to be of an earlier one', async t => {
  const file = ledgerFile(t);
  const open = keepOpen(() => t.fail());
  const first = await open({ file, task });
  first.putBegun({ path: 'new', begun: [{ at: 1, until: undefined, size: 3 }] });
  await first.close();
  const again = await open({ file, task });
  t.is(again, first);
  t.true(again.begun.get('new')?.begun.every(({ until }) => until !== undefined && until > 1));
  await again.close();
});
