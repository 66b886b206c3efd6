import { appendFileSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import test from 'ava';
import { sandbox } from '../support/sandbox.ts';

test('the first run uploads every file and makes every folder', async t => {
  const box = await sandbox(t);
  box.write('a.txt', 'one');
  box.write('sub/b.txt', 'two');
  box.write("中文/你好 世界+%#?&'.txt", '三');
  const { code, json } = await box.runJson();
  t.is(code, 0);
  t.like(json, { op_status: 'ALL_OK', upload_file_ok: 3, create_folder_ok: 2, upload_bytes: 9 });
  const objects = await box.objects();
  t.deepEqual([...objects.keys()].sort(), [
    'backup/a.txt',
    'backup/sub/',
    'backup/sub/b.txt',
    'backup/中文/',
    "backup/中文/你好 世界+%#?&'.txt",
  ]);
  t.is(objects.get("backup/中文/你好 世界+%#?&'.txt")?.toString(), '三');
});

test('a run that finds nothing changed asks COS for nothing', async t => {
  const box = await sandbox(t);
  box.write('a.txt', 'one');
  box.write('sub/b.txt', 'two');
  await box.run();
  box.proxy.requests.length = 0;
  const { code, json } = await box.runJson();
  t.is(code, 0);
  t.like(json, { upload_file_ok: 0, upload_file_skip: 2, create_folder_ok: 0 });
  t.deepEqual(box.proxy.requests, []);
});

test('changes, deletions and moves are brought to COS', async t => {
  const box = await sandbox(t);
  box.write('edit.txt', 'one');
  box.write('delete.txt', 'two');
  box.write('old/moved.txt', 'three');
  await box.run();
  appendFileSync(join(box.local, 'edit.txt'), ' more');
  rmSync(join(box.local, 'delete.txt'));
  renameSync(join(box.local, 'old'), join(box.local, 'new'));
  box.proxy.requests.length = 0;
  const { code, json } = await box.runJson();
  t.is(code, 0);
  t.like(json, { upload_file_ok: 2, del_file_ok: 2, del_folder_ok: 1, create_folder_ok: 1, upload_bytes: 8 });
  const objects = await box.objects();
  t.deepEqual([...objects.keys()].sort(), ['backup/edit.txt', 'backup/new/', 'backup/new/moved.txt']);
});
