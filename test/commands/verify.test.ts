import { execFileSync } from 'node:child_process';
import { appendFileSync, chmodSync, rmSync, statSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'ava';
import { type Sandbox, sandbox } from '../support/sandbox.ts';

const place = (box: Sandbox, key: string) => ({
  Bucket: box.server.bucket,
  Region: box.server.region,
  Key: key,
});

interface Verified {
  missing: number;
  different: number;
  content_differs: number;
  changed_locally: number;
  gone_locally: number;
  begun: number;
  new_locally: number;
  unknown: number;
  same: number;
  records: number;
  objects: number;
  findings: { kind: string; path: string; key: string }[];
}

async function verify(box: Sandbox, ...args: string[]) {
  const { code, json, stderr } = await box.runJson('verify', ...args);
  return { code, stderr, json: json as unknown as Verified };
}

test('after a sync nothing differs, and the exit code of verify is 0', async t => {
  const box = await sandbox(t);
  box.write('a.txt', 'one');
  box.write('sub/b.txt', 'two');
  await box.run();
  const { code, json } = await verify(box, '--deep');
  t.is(code, 0);
  t.like(json, { objects: 3, records: 3, same: 3, missing: 0, different: 0, unknown: 0, changed_locally: 0 });
});

test('a listing that lags is asked about at the objects themselves: nothing is wrong, and nothing is sent again', async t => {
  const box = await sandbox(t);
  box.write('old.txt', 'as it was');
  await box.run();
  box.server.traits.listingLag = 500_000;
  box.write('old.txt', 'as it is, and longer');
  box.write('new.txt', 'new');
  box.write('folder/x.txt', 'x');
  await box.run();
  const found = await verify(box);
  t.is(found.code, 0, JSON.stringify(found.json.findings));
  t.like(found.json, { records: 4, same: 4, missing: 0, different: 0 });
  box.proxy.requests.length = 0;
  t.is((await verify(box, '--repair')).code, 0);
  t.false(box.proxy.requests.some(({ method }) => method === 'PUT'));
});

test('what only the listing says, where objects may not be looked at, is named and not repaired', async t => {
  const box = await sandbox(t);
  box.write('a.txt', 'a');
  await box.run();
  await box.cos.deleteObject(place(box, 'backup/a.txt'));
  box.server.traits.deny = [{ action: 'HeadObject' }];
  const { code, json, stderr } = await verify(box, '--repair');
  t.is(code, 1, stderr);
  t.like(json, { missing: 1, unconfirmed: 1 });
  t.deepEqual(await box.keys(), []);
  t.regex((await box.run('verify')).stdout, /1 not confirmed: .*needs name\/cos:HeadObject/);
});

test('what is missing or different in COS is named, and repair brings it back', async t => {
  const box = await sandbox(t);
  for (const name of ['gone.txt', 'other.txt', 'longer.txt', 'kept.txt'])
    box.write(name, `content of ${name}`);
  box.write('folder/x.txt', 'x');
  await box.run();
  await box.cos.deleteObject(place(box, 'backup/gone.txt'));
  await box.cos.deleteObject(place(box, 'backup/folder/'));
  await box.cos.putObject({ ...place(box, 'backup/other.txt'), Body: 'CONTENT of other.txt' });
  await box.cos.putObject({ ...place(box, 'backup/longer.txt'), Body: 'something longer than it was' });
  await box.cos.putObject({ ...place(box, 'backup/foreign.txt'), Body: 'not ours' });

  const found = await verify(box);
  t.is(found.code, 1);
  t.like(found.json, { missing: 2, different: 2, unknown: 1, same: 2 });
  t.deepEqual(
    found.json.findings.map(({ kind, key }) => `${kind} ${key}`),
    [
      'missing backup/folder/',
      'missing backup/gone.txt',
      'different backup/longer.txt',
      'different backup/other.txt',
      'unknown backup/foreign.txt',
    ],
  );

  const repaired = await verify(box, '--repair');
  t.is(repaired.code, 0, repaired.stderr);
  t.like(repaired.json, {
    missing: 0,
    different: 0,
    unknown: 1,
    sync: { upload_file_ok: 3, create_folder_ok: 1 },
  });
  const objects = await box.objects();
  for (const name of ['gone.txt', 'other.txt', 'longer.txt']) {
    t.is(objects.get(`backup/${name}`)?.toString(), `content of ${name}`);
  }
  t.is(objects.get('backup/foreign.txt')?.toString(), 'not ours');
});

test('an object that cos_sync did not upload is never touched, and does not count as a difference', async t => {
  const box = await sandbox(t);
  box.write('a.txt', 'one');
  await box.run();
  await box.cos.putObject({ ...place(box, 'backup/theirs.txt'), Body: 'x' });
  const { code, stdout } = await box.run('verify', '--repair');
  t.is(code, 0);
  t.regex(stdout, /theirs\.txt/);
  t.true((await box.objects()).has('backup/theirs.txt'));
});

test('a file that changed locally since its upload does not count as a difference', async t => {
  const box = await sandbox(t);
  for (const name of ['edited.txt', 'deleted.txt', 'kept.txt']) box.write(name, name);
  await box.run();
  appendFileSync(join(box.local, 'edited.txt'), ' more');
  rmSync(join(box.local, 'deleted.txt'));
  box.write('new.txt', 'new');
  const { code, json } = await verify(box);
  t.is(code, 0);
  t.like(json, { changed_locally: 1, gone_locally: 1, new_locally: 1, same: 3 });
});

test('an object whose upload got no answer is not called a stranger', async t => {
  const box = await sandbox(t);
  box.write('a.txt', 'content');
  box.proxy.fault = ({ method, path }) =>
    method === 'PUT' && path.endsWith('/a.txt') ? { kind: 'loseAnswer' } : undefined;
  t.is((await box.run('--retry-num', '0')).code, 5);
  box.proxy.fault = undefined;
  const { code, json } = await verify(box);
  t.is(code, 0);
  t.like(json, { objects: 1, records: 0, begun: 1, unknown: 0 });
});

test('a content that changed behind an unchanged size and mtime is found by --deep alone', async t => {
  const box = await sandbox(t);
  const file = join(box.local, 'a.bin');
  box.write('a.bin', 'aaaa');
  const old = new Date(Date.now() - 3_600_000);
  utimesSync(file, old, old);
  await box.run();
  writeFileSync(file, 'bbbb');
  utimesSync(file, old, old);
  t.is((await verify(box)).code, 0);
  const deep = await verify(box, '--deep');
  t.is(deep.code, 1);
  t.like(deep.json, { content_differs: 1 });
  t.is((await verify(box, '--deep', '--repair')).code, 0);
  t.is((await box.objects()).get('backup/a.bin')?.toString(), 'bbbb');
});

test('the same content under another ETag is not uploaded again', async t => {
  const box = await sandbox(t);
  box.configure({ multipart_threshold: '1', part_size: '1' });
  const content = Buffer.alloc(1_500_000, 'x');
  box.write('big.bin', content);
  await box.run();
  await box.cos.putObject({ ...place(box, 'backup/big.bin'), Body: content });
  t.is((await verify(box)).code, 0);
  box.proxy.requests.length = 0;
  t.is((await verify(box, '--repair')).code, 0);
  t.deepEqual(
    box.proxy.requests.filter(({ method }) => method === 'PUT' || method === 'POST'),
    [],
  );
  box.proxy.requests.length = 0;
  await verify(box);
  t.true(
    box.proxy.requests.every(({ method }) => method === 'GET'),
    'the new ETag is recorded, so no HEAD is needed any more',
  );
});

test('names whose order differs between UTF-8 and UTF-16 meet their objects', async t => {
  const box = await sandbox(t);
  for (const name of ['😀.txt', '（全角）.txt', '\ue000.txt', '中文.txt', 'a😀/😀', 'a（/（', 'z.txt']) {
    box.write(name, name);
  }
  await box.run();
  const { code, json } = await verify(box);
  t.is(code, 0);
  t.like(json, { same: 9, missing: 0, unknown: 0 });
});

test('more objects than one page of the listing are all met', async t => {
  const box = await sandbox(t);
  for (let index = 0; index < 1_203; index++) box.write(`d${index % 7}/${index}`, String(index));
  await box.run('sync', '--thread-num', '32');
  await box.cos.deleteObject(place(box, 'backup/d5/1202'));
  const { code, json } = await verify(box);
  t.is(code, 1);
  t.like(json, { objects: 1_209, missing: 1, same: 1_209 });
});

test('without repair nothing is written, neither in COS nor in db/', async t => {
  const box = await sandbox(t);
  box.write('a.txt', 'one');
  await box.run();
  await box.cos.deleteObject(place(box, 'backup/a.txt'));
  const db = statSync(join(box.home, 'db')).mtimeMs;
  box.proxy.requests.length = 0;
  await box.run('verify', '--deep');
  t.is(statSync(join(box.home, 'db')).mtimeMs, db);
  t.true(box.proxy.requests.every(({ method }) => method === 'GET' || method === 'HEAD'));
});

test('with a missing local_path COS is compared with the ledger, and repair refuses', async t => {
  const box = await sandbox(t);
  box.write('a.txt', 'one');
  await box.run();
  rmSync(box.local, { recursive: true });
  const { code, json, stderr } = await verify(box);
  t.is(code, 0);
  t.like(json, { same: 1, new_locally: null, changed_locally: 0 });
  t.regex(stderr, /cannot be read/);
  t.is((await box.run('verify', '--repair')).code, 4);
});

test('COS that refuses ends verify with 5 and its reason', async t => {
  const box = await sandbox(t);
  box.write('a.txt', 'one');
  await box.run();
  box.configure({ secret_key: 'wrong' });
  const { code, stderr } = await box.run('verify');
  t.is(code, 5);
  t.regex(stderr, /SignatureDoesNotMatch/);
  t.notRegex(stderr, /\n\s+at /);
});

/** Three files and a folder, of which COS holds nothing as recorded. */
async function wrongBox(...args: Parameters<typeof sandbox>) {
  const box = await sandbox(...args);
  for (const name of ['gone.txt', 'other.txt', 'longer.txt']) box.write(name, `content of ${name}`);
  box.write('folder/x.txt', 'x');
  await box.run();
  await box.cos.deleteObject(place(box, 'backup/gone.txt'));
  await box.cos.deleteObject(place(box, 'backup/folder/'));
  await box.cos.putObject({ ...place(box, 'backup/other.txt'), Body: 'CONTENT of other.txt' });
  await box.cos.putObject({ ...place(box, 'backup/longer.txt'), Body: 'something longer than it was' });
  return box;
}

test('what a repair could not upload is still wrong', async t => {
  const box = await wrongBox(t);
  for (const failing of ['gone.txt', 'other.txt', 'folder/', undefined]) {
    box.proxy.fault = ({ method, path }) =>
      method === 'PUT' && failing !== undefined && path.endsWith(`/${failing}`)
        ? { kind: 'status', status: 400, code: 'InvalidArgument' }
        : undefined;
    const { code, json } = await box.runJson('verify', '--repair');
    t.is(code, failing === undefined ? 0 : 1, failing);
    t.is((json as unknown as { repaired: boolean }).repaired, failing === undefined, failing);
    for (const name of ['gone.txt', 'folder/']) await box.cos.deleteObject(place(box, `backup/${name}`));
    await box.cos.putObject({ ...place(box, 'backup/other.txt'), Body: 'CONTENT of other.txt' });
  }
});

test('a repair that fails says so in words', async t => {
  const box = await wrongBox(t);
  box.proxy.fault = ({ method }) =>
    method === 'PUT' ? { kind: 'status', status: 400, code: 'InvalidArgument' } : undefined;
  const { code, stdout } = await box.run('verify', '--repair');
  t.is(code, 1);
  t.regex(stdout, /\n4 still wrong: /);
  t.notRegex(stdout, /^repaired/m);
  box.proxy.fault = undefined;
  t.is((await box.run('verify', '--repair')).code, 0);
  const objects = await box.objects();
  for (const name of ['gone.txt', 'other.txt', 'longer.txt']) {
    t.is(objects.get(`backup/${name}`)?.toString(), `content of ${name}`);
  }
});

test('an object that differs stays ours while its repair fails', async t => {
  const box = await wrongBox(t);
  box.proxy.fault = ({ method }) =>
    method === 'PUT' ? { kind: 'status', status: 400, code: 'InvalidArgument' } : undefined;
  t.is((await box.run('verify', '--repair')).code, 1);
  box.proxy.fault = undefined;
  t.like((await verify(box)).json, { unknown: 0, changed_locally: 2 });
  rmSync(join(box.local, 'other.txt'));
  t.is((await box.run()).code, 0);
  t.false((await box.objects()).has('backup/other.txt'));
});

test('what is neither here nor in COS any more is repaired without an upload', async t => {
  const box = await wrongBox(t);
  for (const name of ['gone.txt', 'folder']) rmSync(join(box.local, name), { recursive: true });
  box.configure({ delete_sync: 0 });
  const { code, json } = await verify(box, '--repair');
  t.is(code, 0);
  t.like(json, { missing: 0, different: 0, unknown: 0, sync: { upload_file_ok: 2 } });
});

test('a repair deletes nothing', async t => {
  const box = await sandbox(t);
  for (const name of ['a.txt', 'b.txt', 'lost.txt']) box.write(name, name);
  await box.run();
  await box.cos.deleteObject(place(box, 'backup/a.txt'));
  rmSync(join(box.local, 'lost.txt'));
  t.is((await box.run('verify', '--repair')).code, 0);
  t.deepEqual(await box.keys(), ['backup/a.txt', 'backup/b.txt', 'backup/lost.txt']);
  t.like((await box.runJson()).json, { del_file_ok: 1 });
});

test('a local file that cannot be read is said to be that, whatever its object looks like', async t => {
  const box = await sandbox(t);
  const content = Buffer.alloc(2 * 1024 * 1024, 'content');
  box.write('secret.bin', content);
  box.age('secret.bin');
  await box.run();
  // The same bytes in two parts have another ETag, and only the file tells whether they are the same.
  const object = place(box, 'backup/secret.bin');
  const { UploadId } = await box.cos.multipartInit(object);
  const half = content.length / 2;
  const parts = [];
  for (const PartNumber of [1, 2]) {
    const Body = content.subarray((PartNumber - 1) * half, PartNumber * half);
    const { ETag } = await box.cos.multipartUpload({ ...object, UploadId, PartNumber, Body });
    parts.push({ PartNumber, ETag });
  }
  await box.cos.multipartComplete({ ...object, UploadId, Parts: parts });
  t.like((await verify(box)).json, { different: 0, same: 1 });

  chmodSync(join(box.local, 'secret.bin'), 0);
  const isRoot = process.getuid?.() === 0;
  execFileSync('chmod', ['-R', 'a+rwX', box.home, box.root]);
  chmodSync(join(box.local, 'secret.bin'), 0);
  const { code, stdout } = await box.startAs(isRoot ? { uid: 65534 } : {}, 'verify', '--json').ended;
  t.is(code, 1);
  t.like(JSON.parse(stdout), { different: 0, unreadable: 1 });
});

test('changed attributes leave old objects as they are, until --repair --attributes copies them in place', async t => {
  const box = await sandbox(t);
  box.configure({ keep_mtime: 0, multipart_threshold: 1, part_size: 1 });
  box.write('a.txt', 'a');
  box.write('large.bin', Buffer.alloc(2 * 1024 * 1024, 'l'));
  box.write('folder/b.txt', 'b');
  box.age('a.txt');
  await box.run();
  box.configure({
    storage_class: 'STANDARD_IA',
    meta: { owner: 'me' },
    multipart_threshold: 1,
    part_size: 1,
  });
  await box.run();
  const headOf = async (key: string) => (await box.cos.headObject(place(box, key))).headers ?? {};
  t.is((await headOf('backup/a.txt'))['x-cos-meta-owner'], undefined);

  box.proxy.requests.length = 0;
  const repaired = await box.runJson('verify', '--repair', '--attributes');
  t.is(repaired.code, 0, repaired.stderr);
  t.like(repaired.json, { attributes: { applied: 4, failed: 0 } });
  t.true(
    box.proxy.requests.every(({ method, bytes }) => method !== 'PUT' || bytes === 0),
    'no content is sent',
  );
  for (const key of ['backup/a.txt', 'backup/large.bin', 'backup/folder/b.txt']) {
    t.like(await headOf(key), { 'x-cos-meta-owner': 'me', 'x-cos-storage-class': 'STANDARD_IA' });
  }
  t.is(Number((await headOf('backup/a.txt'))['x-cos-meta-mtime']), new Date(2020, 0, 1).getTime() / 1_000);
  box.proxy.requests.length = 0;
  t.is((await box.run()).code, 0);
  t.deepEqual(box.proxy.requests, [], 'the ledger knows the copies');
});

test('--attributes leaves an object alone that somebody changed, and goes with --repair only', async t => {
  const box = await sandbox(t);
  box.write('a.txt', 'a');
  box.write('b.txt', 'b');
  await box.run();
  box.proxy.fault = ({ path, headers }) =>
    headers['x-cos-copy-source'] && path.endsWith('a.txt')
      ? { kind: 'status', status: 412, code: 'PreconditionFailed' }
      : undefined;
  const { code, stdout } = await box.run('verify', '--repair', '--attributes');
  t.is(code, 1);
  t.regex(
    stdout,
    /1 object has the configured attributes now, 1 have not:\n {2}a\.txt {2}code: PreconditionFailed/,
  );
  const alone = await box.run('verify', '--attributes');
  t.is(alone.code, 2);
  t.regex(alone.stderr, /--attributes: goes with --repair/);
});

test('--deep does not read what is excluded now, and keeps its record', async t => {
  const box = await sandbox(t);
  for (const path of ['a.txt', 'kept/b.txt']) box.write(path, 'old content');
  for (const path of ['a.txt', 'kept/b.txt']) box.age(path);
  await box.run();
  box.configure({ exclude: ['kept'] });
  box.write('kept/b.txt', 'new content');
  box.age('kept/b.txt');
  const { code, json } = await verify(box, '--deep', '--repair');
  t.is(code, 0);
  t.like(json, { content_differs: 0, same: 3 });
  t.is((await box.objects()).get('backup/kept/b.txt')?.toString(), 'old content');
});
