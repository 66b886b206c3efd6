import { chmodSync, mkdirSync, renameSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import test from 'ava';
import { sandbox } from '../../support/sandbox.ts';

test('a run that finds nothing changed asks for nothing, even where the region is not known', async t => {
  const box = await sandbox(t);
  box.write('a.txt', 'one');
  box.configure({ region: undefined });
  t.is((await box.run()).code, 0);
  box.proxy.requests.length = 0;
  const { code, json } = await box.runJson();
  t.is(code, 0);
  t.like(json, { upload_file_skip: 1, upload_file_ok: 0 });
  t.deepEqual(box.proxy.requests, []);
});

test('another content of the same size is uploaded, whether the file is young or old', async t => {
  const box = await sandbox(t);
  box.write('young.txt', 'one');
  box.write('old.txt', 'one');
  box.age('old.txt', 1);
  await box.run();
  box.write('young.txt', 'two');
  box.write('old.txt', 'two');
  box.age('old.txt', 2);
  const { json } = await box.runJson();
  t.like(json, { upload_file_ok: 2, upload_bytes: 6, upload_file_skip: 0 });
  const objects = await box.objects();
  t.is(objects.get('backup/young.txt')?.toString(), 'two');
  t.is(objects.get('backup/old.txt')?.toString(), 'two');
});

test('a size that changed is seen even where the mtime did not', async t => {
  const box = await sandbox(t);
  box.write('a.txt', 'one');
  box.age('a.txt');
  await box.run();
  box.write('a.txt', 'longer');
  box.age('a.txt');
  t.like((await box.runJson()).json, { upload_file_ok: 1, upload_bytes: 6 });
});

test('a file that is only touched is not uploaded, and is not read again by the run after', async t => {
  const box = await sandbox(t);
  box.configure({ compare_ctime: 0 });
  box.write('a.txt', 'one');
  box.age('a.txt', 1);
  await box.run();
  box.age('a.txt', 2);
  box.proxy.requests.length = 0;
  t.like((await box.runJson()).json, { upload_file_ok: 0, upload_file_skip: 1, exit_code: 0 });
  t.deepEqual(box.proxy.requests, []);
  // A run that read the file would now see another content.
  box.write('a.txt', 'two');
  box.age('a.txt', 2);
  t.like((await box.runJson()).json, { upload_file_ok: 0, upload_file_skip: 1 });
  // And checksum reads it whatever its mtime says.
  t.like((await box.runJson('--checksum', '1')).json, { upload_file_ok: 1 });
});

test('a fraction of a millisecond in an mtime does not make a file be read again', async t => {
  const box = await sandbox(t);
  box.configure({ compare_ctime: 0 });
  box.write('a.txt', 'one');
  utimesSync(join(box.local, 'a.txt'), 1_500_000_000.123_456, 1_500_000_000.123_456);
  await box.run();
  box.write('a.txt', 'two');
  utimesSync(join(box.local, 'a.txt'), 1_500_000_000.123_456, 1_500_000_000.123_456);
  t.like((await box.runJson()).json, { upload_file_ok: 0, upload_file_skip: 1 });
});

test('another content under the size and mtime of its upload is sent, and a new name or mode alone is not', async t => {
  const box = await sandbox(t);
  for (const path of ['package/index.js', 'package/other.js']) box.write(path, 'v1');
  for (const path of ['package/index.js', 'package/other.js']) box.age(path);
  await delay(2_200);
  t.like((await box.runJson()).json, { upload_file_ok: 2 });
  // As a package manager or an archiver does: one mtime for all that it ever unpacks.
  renameSync(join(box.local, 'package'), join(box.root, 'old'));
  box.write('package/index.js', 'v2');
  box.write('package/other.js', 'v1');
  for (const path of ['package/index.js', 'package/other.js']) box.age(path);
  t.like((await box.runJson()).json, { upload_file_ok: 1, upload_file_skip: 1 });
  t.is((await box.objects()).get('backup/package/index.js')?.toString(), 'v2');
  chmodSync(join(box.local, 'package/other.js'), 0o600);
  t.like((await box.runJson()).json, { upload_file_ok: 0, upload_file_skip: 2, upload_bytes: 0 });
});

test('without delete_sync a deleted file stays in COS, and goes when it is switched on', async t => {
  const box = await sandbox(t);
  box.configure({ delete_sync: '0' });
  box.write('sub/a.txt', 'one');
  box.write('b.txt', 'two');
  await box.run();
  rmSync(join(box.local, 'sub'), { recursive: true });
  t.like((await box.runJson()).json, { del_file_ok: 0, del_folder_ok: 0, deletes_held: 0, exit_code: 0 });
  t.deepEqual(await box.keys(), ['backup/b.txt', 'backup/sub/', 'backup/sub/a.txt']);
  t.like((await box.runJson('--delete-sync', '1')).json, { del_file_ok: 1, del_folder_ok: 1 });
  t.deepEqual(await box.keys(), ['backup/b.txt']);
});

test('a file comes back unchanged after it was away: with delete_sync off nothing is sent', async t => {
  const box = await sandbox(t);
  box.configure({ delete_sync: '0' });
  box.write('a.txt', 'one');
  box.age('a.txt');
  await box.run();
  renameSync(join(box.local, 'a.txt'), join(box.root, 'away'));
  await box.run();
  renameSync(join(box.root, 'away'), join(box.local, 'a.txt'));
  box.proxy.requests.length = 0;
  t.like((await box.runJson()).json, { upload_file_ok: 0, upload_file_skip: 1 });
  t.deepEqual(box.proxy.requests, []);
});

test('empty folders are made, at any depth, and deleted again', async t => {
  const box = await sandbox(t);
  mkdirSync(join(box.local, 'a/b/空 folder'), { recursive: true });
  box.write('x.txt', 'x');
  t.like((await box.runJson()).json, { create_folder_ok: 3 });
  t.deepEqual(await box.keys(), ['backup/a/', 'backup/a/b/', 'backup/a/b/空 folder/', 'backup/x.txt']);
  t.is((await box.objects()).get('backup/a/')?.length, 0);
  t.like((await box.runJson()).json, { create_folder_ok: 0 });
  rmSync(join(box.local, 'a/b'), { recursive: true });
  t.like((await box.runJson()).json, { del_folder_ok: 2, del_file_ok: 0 });
  t.deepEqual(await box.keys(), ['backup/a/', 'backup/x.txt']);
});

test('folder objects are deleted after the files in them, and inner ones before outer ones', async t => {
  const box = await sandbox(t);
  box.write('keep.txt', 'k');
  box.write('a/b/c/file.txt', 'x');
  await box.run();
  rmSync(join(box.local, 'a'), { recursive: true });
  const { stdout } = await box.run();
  const deleted = [...stdout.matchAll(/delete(File|Folder)\] \[(.*?)\]/g)].map(([, , path]) => path!);
  t.deepEqual(
    deleted.map(path => path.slice(box.local.length + 1)),
    ['a/b/c/file.txt', 'a/b/c/', 'a/b/', 'a/'],
  );
});

test('with create_folders 0 no folder object is made', async t => {
  const box = await sandbox(t);
  box.configure({ create_folders: '0' });
  mkdirSync(join(box.local, 'empty'));
  box.write('sub/a.txt', 'one');
  t.like((await box.runJson()).json, { create_folder_ok: 0, upload_file_ok: 1 });
  t.deepEqual(await box.keys(), ['backup/sub/a.txt']);
});

test('a folder becomes a file and a folder again', async t => {
  const box = await sandbox(t);
  box.write('thing/a.txt', 'inner');
  box.write('other.txt', 'other');
  await box.run();
  rmSync(join(box.local, 'thing'), { recursive: true });
  box.write('thing', 'a file now');
  t.like((await box.runJson()).json, { upload_file_ok: 1, del_file_ok: 1, del_folder_ok: 1, exit_code: 0 });
  t.deepEqual(await box.keys(), ['backup/other.txt', 'backup/thing']);
  rmSync(join(box.local, 'thing'));
  box.write('thing/b.txt', 'inner again');
  t.like((await box.runJson()).json, {
    upload_file_ok: 1,
    create_folder_ok: 1,
    del_file_ok: 1,
    exit_code: 0,
  });
  t.deepEqual(await box.keys(), ['backup/other.txt', 'backup/thing/', 'backup/thing/b.txt']);
});

test('excluded files are not uploaded, and those that were synced before stay in COS', async t => {
  const box = await sandbox(t);
  box.write('a.txt', 'a');
  box.write('a.tmp', 'b');
  box.write('cache/deep/c.txt', 'c');
  await box.run();
  rmSync(join(box.local, 'cache'), { recursive: true });
  rmSync(join(box.local, 'a.tmp'));
  box.write('new.tmp', 'd');
  box.configure({ exclude: ['*.tmp', 'cache'] });
  t.like((await box.runJson()).json, { upload_file_ok: 0, del_file_ok: 0, del_folder_ok: 0, exit_code: 0 });
  t.deepEqual(await box.keys(), [
    'backup/a.tmp',
    'backup/a.txt',
    'backup/cache/',
    'backup/cache/deep/',
    'backup/cache/deep/c.txt',
  ]);
});

test('include brings only what it names', async t => {
  const box = await sandbox(t);
  box.configure({ include: ['*.jpg', 'docs/**'], create_folders: '0' });
  for (const path of ['a.jpg', 'b.png', 'x/c.jpg', 'docs/d.png', 'x/docs/e.png']) box.write(path, path);
  await box.run();
  t.deepEqual(await box.keys(), ['backup/a.jpg', 'backup/docs/d.png', 'backup/x/c.jpg']);
});

test("the program's own folders are not uploaded where they lie in local_path", async t => {
  const box = await sandbox(t);
  box.configure({ local_path: box.root, exclude: ['/cos'] });
  box.write('a.txt', 'a');
  writeFileSync(join(box.home, 'notes.txt'), 'beside the program');
  t.is((await box.run()).code, 0);
  t.is((await box.run()).code, 0);
  t.deepEqual(await box.keys(), [
    'backup/data/',
    'backup/data/a.txt',
    'backup/home/',
    'backup/home/notes.txt',
  ]);
});

test('what the configuration puts on objects arrives', async t => {
  const box = await sandbox(t);
  box.configure({
    storage_class: 'STANDARD_IA',
    acl: 'private',
    headers: { 'Cache-Control': 'max-age=60', 'Content-Language': 'zh' },
    meta: { owner: '运维', team: 'ops' },
    multipart_threshold: 1,
  });
  box.write('picture.jpg', 'not really');
  box.write('unknown', 'x');
  box.write('large.json', Buffer.alloc(1024 * 1024 + 1, ' '));
  t.is((await box.run()).code, 0);
  for (const [name, type] of [
    ['picture.jpg', 'image/jpeg'],
    ['unknown', 'application/octet-stream'],
    ['large.json', 'application/json'],
  ] as const) {
    const { headers = {} } = await box.cos.headObject({
      Bucket: box.server.bucket,
      Region: box.server.region,
      Key: `backup/${name}`,
    });
    t.like(headers, {
      'content-type': type,
      'x-cos-storage-class': 'STANDARD_IA',
      'cache-control': 'max-age=60',
      'content-language': 'zh',
      'x-cos-meta-owner': encodeURIComponent('运维'),
      'x-cos-meta-team': 'ops',
    });
  }
  const put = box.proxy.requests.find(({ path }) => path.endsWith('picture.jpg'));
  t.is(put?.headers['content-md5'], 'A/JdxruCZVUWL3GeJwEzZw==');
  t.is(put?.headers['x-cos-acl'], 'private');
});
