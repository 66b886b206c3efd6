import { createHash } from 'node:crypto';
import {
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  truncateSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import test from 'ava';
import { canMount, mount, unmount } from '../support/mounts.ts';
import { type Sandbox, sandbox } from '../support/sandbox.ts';

const mountTest = canMount() ? test : test.skip;
const HOUR_AGO = new Date(Date.now() - 3_600_500);

/** Files that are old enough for their mtimes to be relied on. */
function age(box: Sandbox, ...paths: string[]): void {
  for (const path of paths) utimesSync(join(box.local, path), HOUR_AGO, HOUR_AGO);
}

function ledgerOf(box: Sandbox): string {
  const name = readdirSync(join(box.home, 'db')).find(file => /-[0-9a-f]{12}\.db$/.test(file));
  if (name === undefined) throw new Error('no ledger');
  return join(box.home, 'db', name);
}

function dropLedger(box: Sandbox): void {
  rmSync(join(box.home, 'db'), { recursive: true });
}

async function uploadsOfNextSync(box: Sandbox): Promise<number> {
  const { json } = await box.runJson();
  return Number((json as Record<string, unknown>).upload_file_ok);
}

function writeSome(box: Sandbox): void {
  box.write('a.txt', 'one');
  box.write('sub/with, "quotes" and 😀.txt', 'two');
  box.write('sub/empty.txt', '');
  age(box, 'a.txt', 'sub/with, "quotes" and 😀.txt', 'sub/empty.txt');
}

for (const format of ['jsonl', 'csv']) {
  test(`an export as ${format} that is imported spares the next sync every upload`, async t => {
    const box = await sandbox(t);
    writeSome(box);
    if (process.platform !== 'win32') box.write('sub/line\nend\u2028or\x85.txt', 'three');
    box.configure({ multipart_threshold: '1', part_size: '1' });
    box.write('big.bin', Buffer.alloc(1_200_000, 'b'));
    await box.run();
    const { code, stdout } = await box.run('ledger', 'export', '--format', format);
    t.is(code, 0);
    const file = join(box.root, 'export');
    writeFileSync(file, stdout);
    dropLedger(box);
    const imported = await box.runJson('ledger', 'import', file);
    t.is(imported.code, 0, imported.stderr);
    t.like(imported.json, { taken: 6, changed: 0, gone: 0, invalid: 0 });
    box.proxy.requests.length = 0;
    t.is(await uploadsOfNextSync(box), 0);
    t.deepEqual(box.proxy.requests, []);
  });
}

test('an export goes into a file with --output', async t => {
  const box = await sandbox(t);
  writeSome(box);
  await box.run();
  const file = join(box.root, 'ledger.jsonl');
  const { code, json } = await box.runJson('ledger', 'export', '--output', file);
  t.is(code, 0);
  t.like(json, { records: 4, file });
  const first = JSON.parse(readFileSync(file, 'utf8').split('\n')[0] ?? '');
  t.like(first, { path: 'a.txt', size: 3, bucket: box.server.bucket, key: 'backup/a.txt' });
  t.is(first.hash, createHash('md5').update('one').digest('hex'));
  const refused = await box.run('ledger', 'export', '--output', join(box.root, 'no', 'such', 'folder'));
  t.is(refused.code, 1);
  t.regex(refused.stderr, /ENOENT/);
});

test('an import leaves out what changed, is gone, is recorded or belongs elsewhere', async t => {
  const box = await sandbox(t);
  for (const name of ['same', 'touched', 'changed', 'grown', 'gone', 'known']) box.write(name, name);
  age(box, 'same', 'touched', 'changed', 'grown', 'gone', 'known');
  await box.run();
  const { stdout } = await box.run('ledger', 'export');
  dropLedger(box);
  for (const name of ['touched', 'changed', 'grown']) box.write(name, name);
  box.write('changed', 'CHANGED');
  box.write('grown', 'grown more');
  rmSync(join(box.local, 'gone'));
  const known = stdout.split('\n').filter(line => line.includes('"known"'));
  const elsewhere =
    '{"path":"same2","size":1,"mtime":1,"hash":"0cc175b9c0f1b6a831c399e269772661","etag":"x","bucket":"other-1250000000"}';
  const climbing =
    '{"path":"../../etc/passwd","size":1,"mtime":1,"hash":"0cc175b9c0f1b6a831c399e269772661","etag":"x"}';
  writeFileSync(join(box.root, 'known'), known.join('\n'));
  writeFileSync(join(box.root, 'all'), `${stdout}${elsewhere}\n${climbing}\nnot a record\n`);
  await box.run('ledger', 'import', join(box.root, 'known'));
  const { code, stdout: said } = await box.run('ledger', 'import', join(box.root, 'all'));
  t.is(code, 1);
  t.regex(said, /^2 records taken/);
  t.regex(said, /2 not taken: the file changed/);
  t.regex(said, /1 not taken: there is no such file/);
  t.regex(said, /1 not taken: the ledger has a record/);
  t.regex(said, /1 not taken: of another bucket/);
  t.regex(said, /2 not taken: not a record/);
  t.is(await uploadsOfNextSync(box), 2, 'the changed and the grown one');
});

/** A db_rec.db as the Python or the Java tool wrote it. */
function predecessorsDatabase(box: Sandbox, kind: 'python' | 'java', cosPath: string): string {
  const file = join(box.root, 'db_rec.db');
  const hash = createHash('md5').update(`${box.local}/${cosPath}`).digest('hex');
  const [, name, appid] = /^(.*)-(\d+)$/.exec(box.server.bucket) ?? [];
  const table = `cos_sync_table_${appid}_${name}_${hash}`;
  const column = kind === 'python' ? 'file_mode bigint' : 'file_flag tinyint';
  const database = new DatabaseSync(file);
  database.exec(
    `create table ${table} (id INTEGER PRIMARY key autoincrement, file_path varchar(1024) default '',
     file_size bigint not null default 0, ${column} not null default 0, mtime bigint not null,
     md5 char(32) default '', unique (file_path))`,
  );
  const insert = database.prepare(`insert into ${table} values (null, ?, ?, ?, ?, ?)`);
  const divisor = kind === 'python' ? 1000 : 1;
  for (const path of ['a.txt', 'sub/b.txt', 'edited.txt', 'touched.txt']) {
    const { size, mtimeMs } = statSync(join(box.local, path));
    const md5 = createHash('md5')
      .update(readFileSync(join(box.local, path)))
      .digest('hex');
    insert.run(
      join(box.local, path),
      size,
      kind === 'python' ? 0o100644 : 1,
      Math.floor(mtimeMs / divisor),
      md5,
    );
  }
  insert.run(`${join(box.local, 'sub')}/`, 4096, kind === 'python' ? 0o40755 : 0, 1_400_000_000, '');
  insert.run('/somewhere/else.txt', 1, kind === 'python' ? 0o100644 : 1, 1_400_000_000, '0'.repeat(32));
  database.close();
  return file;
}

for (const kind of ['python', 'java'] as const) {
  test(`the ${kind} predecessor's db_rec.db spares an upgrade every upload`, async t => {
    const box = await sandbox(t);
    for (const path of ['a.txt', 'sub/b.txt', 'edited.txt', 'touched.txt'])
      box.write(path, `content of ${path}`);
    age(box, 'a.txt', 'sub/b.txt', 'edited.txt');
    const file = predecessorsDatabase(box, kind, '/backup/');
    const before = readFileSync(file);
    box.write('edited.txt', 'other content, another size');
    utimesSync(join(box.local, 'touched.txt'), HOUR_AGO, HOUR_AGO);
    const { code, json, stderr } = await box.runJson('ledger', 'import', file);
    t.is(code, 0, stderr);
    t.is(stderr, '', 'no warning of an experimental module');
    t.like(json, { taken: 4, changed: 1, outside: 1 });
    t.deepEqual(readFileSync(file), before, 'the database is only read');
    t.is(await uploadsOfNextSync(box), 1);
  });
}

test("a predecessor's table of another cos_path is never taken by guess, only by name", async t => {
  const box = await sandbox(t);
  for (const path of ['a.txt', 'sub/b.txt', 'edited.txt', 'touched.txt']) box.write(path, path);
  const file = predecessorsDatabase(box, 'python', '/other/');
  const { code, stderr } = await box.run('ledger', 'import', file);
  t.is(code, 2);
  const [table] = /cos_sync_table_\w+/.exec(stderr) ?? [''];
  t.not(table, '');
  const chosen = await box.runJson('ledger', 'import', file, '--table', table);
  t.is(chosen.code, 0);
  t.like(chosen.json, { taken: 5 });
});

test('importing garbage is refused with exit code 2, and importing partial garbage ends with exit code 1', async t => {
  const box = await sandbox(t);
  box.write('a.txt', 'a');
  box.age('a.txt');
  await box.run();
  const records = join(box.root, 'records');
  await box.run('ledger', 'export', '--output', records);
  const garbage = join(box.root, 'garbage');
  for (const text of ['{garbage\n', '{"a": 1}\n{}\n', 'path,size\nnothing\n']) {
    writeFileSync(garbage, text);
    const { code, stderr } = await box.run('ledger', 'import', garbage);
    t.is(code, 2, text);
    t.regex(stderr, /garbage is not a ledger/);
  }
  writeFileSync(garbage, `${readFileSync(records, 'utf8')}{garbage\n`);
  const { code, json } = await box.runJson('ledger', 'import', garbage);
  t.is(code, 1);
  t.like(json, { recorded: 1, invalid: 1 });
});

test('a file that is not a ledger, or does not exist, is refused with exit code 2', async t => {
  const box = await sandbox(t);
  writeFileSync(join(box.root, 'picture.jpg'), Buffer.from([0xff, 0xd8, 0xff, 0xe0]));
  for (const file of ['picture.jpg', 'missing.jsonl']) {
    const { code, stderr } = await box.run('ledger', 'import', join(box.root, file));
    t.is(code, 2);
    t.regex(stderr, new RegExp(file));
    t.notRegex(stderr, /unexpected/);
  }
  t.is((await box.run('ledger')).code, 2);
  t.is((await box.run('ledger', 'frobnicate')).code, 2);
  t.is((await box.run('ledger', 'import')).code, 2);
});

test('after db/ was lost a rebuild spares the next sync every upload', async t => {
  const box = await sandbox(t);
  box.configure({ multipart_threshold: '1', part_size: '1' });
  writeSome(box);
  box.write('big.bin', Buffer.alloc(1_200_000, 'b'));
  await box.run();
  dropLedger(box);
  const { code, json, stderr } = await box.runJson('ledger', 'rebuild');
  t.is(code, 0, stderr);
  t.like(json, { files: 4, folders: 1, different: 0, not_in_cos: 0, left_alone: 0 });
  box.proxy.requests.length = 0;
  const next = await box.runJson();
  t.like(next.json, { op_status: 'ALL_OK', upload_file_ok: 0, create_folder_ok: 0 });
  t.deepEqual(box.proxy.requests, []);
});

test('a rebuild records only what is equal: the rest is uploaded, and what is not ours stays', async t => {
  const box = await sandbox(t);
  for (const name of ['equal', 'edited', 'grown', 'deleted']) box.write(name, name);
  await box.run();
  dropLedger(box);
  box.write('edited', 'EDITED');
  box.write('grown', 'grown more');
  box.write('new', 'new');
  rmSync(join(box.local, 'deleted'));
  const { json } = await box.runJson('ledger', 'rebuild');
  t.like(json, { files: 1, different: 2, not_in_cos: 1, left_alone: 1, kept: 0 });
  const next = await box.runJson();
  t.like(next.json, { upload_file_ok: 3, del_file_ok: 0 });
  const objects = await box.objects();
  t.is(objects.get('backup/edited')?.toString(), 'EDITED');
  t.is(objects.get('backup/deleted')?.toString(), 'deleted', 'nothing says any more that it was ours');
});

test('a damaged ledger is replaced, stays aside, and the next sync goes on', async t => {
  const box = await sandbox(t);
  writeSome(box);
  await box.run();
  const ledger = ledgerOf(box);
  truncateSync(ledger, 100);
  t.is((await box.run()).code, 4);
  t.is((await box.run()).code, 4);
  const { code, json } = await box.runJson('ledger', 'rebuild');
  t.is(code, 0);
  t.like(json, { files: 3, folders: 1, ledger });
  const { previous } = json as unknown as { previous: string };
  t.is(statSync(previous).size, 100, 'the damaged file is kept');
  t.is(await uploadsOfNextSync(box), 0);
});

mountTest('a disk that is away after a damaged ledger was rebuilt deletes nothing', async t => {
  const box = await sandbox(t);
  box.write('stays', 's');
  const disk = join(box.local, 'disk');
  mount(t, disk, '-t', 'tmpfs', 'x');
  box.write('disk/a.txt', 'a');
  await box.run();
  truncateSync(ledgerOf(box), 100);
  t.is((await box.run()).code, 4);
  t.is((await box.run('ledger', 'rebuild')).code, 0);
  unmount(disk);
  t.is((await box.run()).code, 4);
  t.deepEqual(await box.keys(), ['backup/disk/', 'backup/disk/a.txt', 'backup/stays']);
});

test('a ledger that is whole keeps its knowledge of deleted files through a rebuild', async t => {
  const box = await sandbox(t);
  box.write('kept', 'kept');
  box.write('deleted', 'deleted');
  await box.run();
  rmSync(join(box.local, 'deleted'));
  const { json } = await box.runJson('ledger', 'rebuild');
  t.like(json, { files: 1, kept: 1, left_alone: 0 });
  const next = await box.runJson();
  t.like(next.json, { del_file_ok: 1, upload_file_ok: 0 });
});

test('a rebuild that COS interrupts leaves the ledger as it was', async t => {
  const box = await sandbox(t);
  writeSome(box);
  box.configure({ retry_num: '0' });
  await box.run();
  const ledger = ledgerOf(box);
  const before = readFileSync(ledger);
  box.proxy.fault = () => ({ kind: 'status', status: 500, code: 'InternalError' });
  const { code, stderr } = await box.run('ledger', 'rebuild');
  t.is(code, 5);
  t.regex(stderr, /-4024/);
  t.deepEqual(readFileSync(ledger), before);
});

test('unfinished uploads are listed, and ended only when that is confirmed', async t => {
  const box = await sandbox(t);
  const at = (Key: string) => ({ Bucket: box.server.bucket, Region: box.server.region, Key });
  const { UploadId: mine } = await box.cos.multipartInit(at('backup/abandoned.bin'));
  const { UploadId: other } = await box.cos.multipartInit(at('elsewhere/abandoned.bin'));
  const listed = await box.run('ledger', 'uploads');
  t.is(listed.code, 0);
  t.true(listed.stdout.includes(mine));
  t.false(listed.stdout.includes(other), 'only what is under cos_path');

  const asked = await box.run('ledger', 'uploads', '--abort');
  t.is(asked.code, 0);
  t.regex(asked.stdout, /--yes/);
  t.true((await box.run('ledger', 'uploads')).stdout.includes(mine), 'nothing was ended yet');

  const ended = await box.runJson('ledger', 'uploads', '--abort', '--yes');
  t.is(ended.code, 0);
  t.deepEqual((ended.json as unknown as { aborted: string[] }).aborted, [mine]);
  t.regex((await box.run('ledger', 'uploads')).stdout, /no unfinished uploads/);
  const parts = await box.cos.multipartListPart({ ...at('elsewhere/abandoned.bin'), UploadId: other });
  t.is(parts.statusCode, 200, 'what is not under cos_path is untouched');
});

test('an upload that the next sync goes on with is kept, unless its ID is given', async t => {
  const box = await sandbox(t);
  box.configure({ multipart_threshold: '1', part_size: '1', retry_num: '0', thread_num: '1' });
  box.write('big.bin', Buffer.alloc(3_500_000, 'b'));
  box.proxy.fault = ({ query }) =>
    query.get('partNumber') === '3' ? { kind: 'status', status: 500, code: 'InternalError' } : undefined;
  await box.run();
  box.proxy.fault = undefined;
  const listed = await box.runJson('ledger', 'uploads');
  const { uploads } = listed.json as unknown as { uploads: { upload_id: string; ours: boolean }[] };
  t.is(uploads.length, 1);
  t.true(uploads[0]?.ours);
  const kept = await box.run('ledger', 'uploads', '--abort', '--yes');
  t.regex(kept.stdout, /1 kept/);
  const ended = await box.run('ledger', 'uploads', '--abort', uploads[0]?.upload_id ?? '');
  t.is(ended.code, 0);
  t.regex(ended.stdout, /1 ended/);
  t.is((await box.run('ledger', 'uploads', '--abort', 'nosuchid')).code, 1);
  t.is(await uploadsOfNextSync(box), 1);
});
