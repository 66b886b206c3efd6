import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import { LedgerNewer } from '../../src/ledger/errors.ts';
import type { LastScan } from '../../src/ledger/last-scan.ts';
import { createLedger, type Ledger, openLedger } from '../../src/ledger/ledger.ts';
import { recordOf } from '../support/records.ts';

const task = { bucket: 'b-1250000000', place: 'ap-local', localPath: '/data', prefix: 'backup/' };

/** As many entries as are worth a merge. */
const MANY = 25_000;

function newFile(t: ExecutionContext): string {
  const folder = mkdtempSync(join(tmpdir(), 'cos_sync-ledger-'));
  t.teardown(() => rmSync(folder, { recursive: true, force: true }));
  return join(folder, 'x.db');
}

const recordsIn = (ledger: Ledger) => [...ledger.records()];

test('what a run noted of the folder is there for the next one, also after a merge', async t => {
  const file = newFile(t);
  const identity = { inode: '2', born: 1.5 };
  const disk = {
    type: 1,
    bytes: 2,
    device: '3',
    volume: 'nas:/a',
    mount: '/data',
    root: identity,
    folder: identity,
  };
  const noted = (count: number): LastScan => ({
    disks: new Map([['', disk]]),
    missing: new Set(['a\nb', `x${count}`]),
    unreadable: new Set(['locked/']),
    leftOut: new Set(['lost+found/']),
  });
  for (const count of [0, MANY]) {
    const ledger = await openLedger({ file, task });
    ledger.putLastScan(noted(count));
    for (let index = 0; index < count; index++) ledger.put(recordOf(`file-${index}`));
    await ledger.close();
    const again = await openLedger({ file, task, readOnly: true });
    t.deepEqual(again.lastScan, noted(count));
    await again.close();
  }
  t.false(readFileSync(file, 'utf8').includes('"kind":"log"'));
  const same = await openLedger({ file, task });
  const before = readFileSync(file);
  same.putLastScan(noted(MANY));
  await same.close();
  t.true(readFileSync(file).equals(before));
});

test('a ledger of format 1 goes on as one of this format, with all that it holds', async t => {
  const file = newFile(t);
  await createLedger(file, task, [recordOf('a', { ctime: Number.NaN })]);
  writeFileSync(file, readFileSync(file, 'utf8').replace('"format":2', '"format":1'));
  const reader = await openLedger({ file, task, readOnly: true });
  t.is(recordsIn(reader).length, 1);
  await reader.close();
  t.true(readFileSync(file, 'utf8').includes('"format":1'));
  for (const path of ['b', 'c']) {
    const ledger = await openLedger({ file, task });
    ledger.put(recordOf(path));
    await ledger.close();
  }
  const ledger = await openLedger({ file, task });
  t.deepEqual(recordsIn(ledger), [recordOf('a', { ctime: Number.NaN }), recordOf('b'), recordOf('c')]);
  await ledger.close();
  t.is(readFileSync(file, 'utf8').match(/"format":2/g)?.length, 1);
});

test('a ledger of a newer format is left where it is, whoever opens it', async t => {
  const file = newFile(t);
  await createLedger(file, task, [recordOf('a')]);
  const text = readFileSync(file, 'utf8').replace(/"format":\d+/, '"format":99');
  writeFileSync(file, text);
  for (const readOnly of [true, false]) {
    await t.throwsAsync(openLedger({ file, task, readOnly }), { instanceOf: LedgerNewer });
  }
  t.is(readFileSync(file, 'utf8'), text);
});
