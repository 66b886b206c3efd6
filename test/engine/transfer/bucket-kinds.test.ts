import { mkdirSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import test from 'ava';
import { sandbox } from '../../support/sandbox.ts';

test('where nothing can be copied, that is noticed once and moved files are uploaded', async t => {
  const box = await sandbox(t);
  box.server.traits.kind = 'OFS';
  box.configure({ thread_num: 1, create_folders: 0 });
  for (let n = 0; n < 5; n++) box.write(`${n}.txt`, `content ${n}`);
  await box.run();
  for (let n = 0; n < 5; n++) renameSync(join(box.local, `${n}.txt`), join(box.local, `moved-${n}.txt`));
  box.proxy.requests.length = 0;
  t.like((await box.runJson()).json, { upload_file_ok: 5, upload_bytes: 45, del_file_ok: 5, exit_code: 0 });
  const copies = box.proxy.requests.filter(({ headers }) => headers['x-cos-copy-source'] !== undefined);
  t.is(copies.length, 1);
});

test('where a file cannot be beside a folder of its name, what is gone is deleted and the next run brings the rest', async t => {
  const box = await sandbox(t);
  box.server.traits.kind = 'OFS';
  box.configure({ retry_num: 0 });
  box.write('a', 'same size');
  box.write('stays', 'stays');
  await box.run();
  rmSync(join(box.local, 'a'));
  mkdirSync(join(box.local, 'a'));
  box.write('a/x', 'SAME SIZE');
  const first = await box.runJson();
  t.is(first.code, 1);
  t.like(first.json, { del_file_ok: 1, deletes_held: 0 });
  t.true(first.json.errors.every(({ code }) => code === 'PathConflict'));
  t.regex(
    first.json.errors[0]?.message ?? '',
    /holds a folder or file of that name: the next run tries again/,
  );
  t.like((await box.runJson()).json, { upload_file_ok: 1, exit_code: 0 });
  t.deepEqual(await box.keys(), ['backup/a/', 'backup/a/x', 'backup/stays']);
});

test('a storage class of the other kind of bucket is told as a fault of the configuration', async t => {
  const box = await sandbox(t);
  box.server.traits.kind = 'MAZ';
  box.configure({ storage_class: 'STANDARD_IA' });
  box.write('a', 'a');
  const { code, stderr } = await box.run();
  t.is(code, 5);
  t.regex(stderr, /storage_class must begin with MAZ_/);
});
