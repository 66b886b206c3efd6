import { mkdirSync, mkdtempSync, readdirSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import { otherLedgers } from '../../src/ledger/division.ts';
import { createLedger, openLedger } from '../../src/ledger/ledger.ts';
import { currentLedger, ledgerFile, type Task } from '../../src/ledger/task.ts';

function foldersOf(t: ExecutionContext) {
  const root = mkdtempSync(join(tmpdir(), 'cos_sync-task-'));
  t.teardown(() => rmSync(root, { recursive: true, force: true }));
  const [db, data, other] = [join(root, 'db'), join(root, 'data'), join(root, 'other')];
  for (const folder of [db, data, other]) mkdirSync(folder);
  const task: Task = { bucket: 'b-1250000000', place: 'http://Host:80/', localPath: data, prefix: 'p/' };
  return { root, db, data, other, task };
}

test('every spelling of an endpoint has one ledger', async t => {
  const { db, task } = foldersOf(t);
  const file = ledgerFile(db, task);
  await createLedger(file, task, []);
  for (const place of ['host', 'HOST:80', 'https://host:443', 'http://host/']) {
    t.is(await currentLedger(db, { ...task, place }), file, place);
    await t.notThrowsAsync(openLedger({ file, task: { ...task, place }, readOnly: true }));
  }
  t.not(await currentLedger(db, { ...task, place: 'host:8080' }), file);
});

test("a ledger under another spelling's name is gone on with", async t => {
  const { db, task } = foldersOf(t);
  const older = join(db, 'b-1250000000-0123456789ab.db');
  await createLedger(older, task, []);
  t.is(await currentLedger(db, { ...task, place: 'host' }), older);
});

const onPosix = process.platform === 'win32' ? test.skip : test;

onPosix('a link to the folder has the ledger of the folder, and another folder has none of it', async t => {
  const { root, db, data, other, task } = foldersOf(t);
  const file = ledgerFile(db, task);
  await createLedger(file, task, []);
  const link = join(root, 'link');
  symlinkSync(data, link);
  t.is(await currentLedger(db, { ...task, localPath: link }), file);
  t.not(await currentLedger(db, { ...task, localPath: other }), file);
  t.deepEqual(await otherLedgers(db, { ...task, localPath: other }), [{ file, task, generation: 0 }]);
  t.deepEqual(await otherLedgers(db, { ...task, localPath: other, prefix: 'q/' }), []);
  t.is(readdirSync(db).length, 1);
});

const onWindows = process.platform === 'win32' ? test : test.skip;

onWindows('the case of local_path makes no other ledger', t => {
  const { db, data, task } = foldersOf(t);
  t.is(ledgerFile(db, { ...task, localPath: data.toUpperCase() }), ledgerFile(db, task));
});
