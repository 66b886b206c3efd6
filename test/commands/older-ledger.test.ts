import { copyFileSync, statSync, truncateSync } from 'node:fs';
import { join } from 'node:path';
import test from 'ava';
import { ledgerFile } from '../../src/ledger/task.ts';
import { sandbox } from '../support/sandbox.ts';
import { taskIn } from '../support/task.ts';

const SAID = /is as run 2 left it, though run 4 came after.* verify$/m;

test('a ledger that was put back to an older state is noticed, once', async t => {
  const box = await sandbox(t);
  const runWith = async (name: string) => {
    box.write(name, name);
    box.age(name);
    return await box.run('--quiet');
  };
  await runWith('a');
  const ledger = ledgerFile(join(box.home, 'db'), taskIn(box.home));
  const older = join(box.root, 'older.db');
  await runWith('b');
  copyFileSync(ledger, older);
  await runWith('c');
  t.is((await box.run('--quiet')).stderr, '', 'one that nothing happened to is no other');
  copyFileSync(older, ledger);
  const told = await runWith('d');
  t.is(told.code, 0);
  t.regex(told.stderr, SAID);
  t.regex(box.log(), /olderLedger run=5 .*left_by=2 last_run=4/);
  t.is((await runWith('e')).stderr, '');
  t.is((await box.run('ledger', 'rebuild')).code, 0);
  t.is((await runWith('f')).stderr, '');
});

test('a ledger whose end is missing is noticed, once, wherever it is cut', async t => {
  const box = await sandbox(t);
  const runWith = async (content: string) => {
    for (let n = 0; n < 20; n++) box.write(`${n}`, content);
    for (let n = 0; n < 20; n++) box.age(`${n}`);
    return await box.run('--quiet', '--checksum');
  };
  await runWith('AAAA');
  const ledger = ledgerFile(join(box.home, 'db'), taskIn(box.home));
  const before = statSync(ledger).size;
  await runWith('BBBB');
  truncateSync(ledger, before + 10);
  t.regex((await runWith('AAAA')).stderr, /is shorter than run 2 left it: .* verify$/m);
  t.is((await runWith('CCCC')).stderr, '');
  t.is((await box.run('ledger', 'rebuild')).code, 0);
  t.is((await runWith('DDDD')).stderr, '');
});
