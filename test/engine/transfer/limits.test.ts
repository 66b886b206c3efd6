import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { appendFileSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import test from 'ava';
import { sandbox } from '../../support/sandbox.ts';
import { until } from '../../support/until.ts';

const MiB = 1024 * 1024;

test('no more than thread_num requests are under way, whether of files or of parts', async t => {
  const box = await sandbox(t);
  box.configure({ thread_num: 3, multipart_threshold: 1, part_size: 1 });
  for (let index = 0; index < 8; index++) box.write(`f${index}`, `${index}`);
  box.write('a-large-1', Buffer.alloc(4 * MiB));
  box.write('a-large-2', Buffer.alloc(4 * MiB));
  let most = 0;
  box.proxy.fault = () => {
    most = Math.max(most, box.proxy.requests.filter(({ status }) => status === 0).length);
    return { kind: 'slow', ms: 20 };
  };
  const { code, json } = await box.runJson();
  t.is(code, 0);
  t.like(json, { upload_file_ok: 10 });
  t.is(most, 3);
});

test('upload_limit holds over all uploads together', async t => {
  const box = await sandbox(t);
  box.configure({ upload_limit: 2, multipart_threshold: 1 });
  for (const name of ['a', 'b']) box.write(name, Buffer.alloc(MiB));
  box.write('in parts', Buffer.alloc(2 * MiB));
  const { code, json } = await box.runJson();
  t.is(code, 0);
  t.true(Number(json.used_time) >= 1.9, `4 MiB in ${json.used_time} s`);
});

test('deletions go in batches of 1,000 keys', async t => {
  const box = await sandbox(t);
  box.configure({ thread_num: 16, create_folders: '0', max_delete: '100%' });
  for (let index = 0; index < 1_005; index++) box.write(`many/${index}`, '');
  box.write('stays', 's');
  t.is((await box.run('--quiet')).code, 0);
  rmSync(join(box.local, 'many'), { recursive: true });
  box.proxy.requests.length = 0;
  t.like((await box.runJson()).json, { del_file_ok: 1_005, del_file_fail: 0 });
  t.deepEqual(
    box.proxy.requests.map(({ method }) => method),
    ['POST', 'POST'],
  );
  t.deepEqual(await box.keys(), ['backup/stays']);
});

test('a file that grows while its parts go up is stored as it was at the opening, and looked at again', async t => {
  const box = await sandbox(t);
  box.configure({ thread_num: 1, multipart_threshold: 1, part_size: 1 });
  box.write('growing.log', Buffer.alloc(3 * MiB, 'a'));
  let hasGrown = false;
  box.proxy.fault = ({ query }) => {
    if (query.get('partNumber') === '2' && !hasGrown) {
      hasGrown = true;
      appendFileSync(join(box.local, 'growing.log'), 'more');
    }
    return undefined;
  };
  const { code, json } = await box.runJson();
  t.true(hasGrown);
  t.is(code, 0);
  t.like(json, { upload_file_ok: 1, upload_bytes: 3 * MiB });
  t.true((await box.objects()).get('backup/growing.log')?.equals(Buffer.alloc(3 * MiB, 'a')));
  box.proxy.fault = undefined;
  t.like((await box.runJson()).json, { upload_file_ok: 1, exit_code: 0 });
  const object = (await box.objects()).get('backup/growing.log');
  t.true(object?.equals(readFileSync(join(box.local, 'growing.log'))));
});

test('a file that keeps growing arrives all the same, and the next run brings the rest', async t => {
  const box = await sandbox(t);
  box.configure({ thread_num: 1, multipart_threshold: 1, part_size: 1 });
  box.write('growing.log', Buffer.alloc(2 * MiB, 'a'));
  box.write('quiet.txt', 'q');
  box.proxy.fault = ({ query }) => {
    if (query.has('partNumber')) appendFileSync(join(box.local, 'growing.log'), 'x');
    return undefined;
  };
  const growing = await box.runJson();
  t.is(growing.code, 0);
  t.is((await box.objects()).get('backup/growing.log')?.length, 2 * MiB);
  box.proxy.fault = undefined;
  t.like((await box.runJson()).json, { upload_file_ok: 1, upload_file_skip: 1, exit_code: 0 });
  const object = (await box.objects()).get('backup/growing.log');
  t.true(object?.equals(readFileSync(join(box.local, 'growing.log'))));
});

test('a small file that changes while it is under way is brought by the next run', async t => {
  const box = await sandbox(t);
  box.write('a.txt', 'before');
  let open = () => {};
  const opened = new Promise<void>(resolve => {
    open = resolve;
  });
  box.proxy.fault = () => ({ kind: 'wait', until: opened });
  const running = box.start();
  await until(() => box.proxy.requests.length > 0);
  writeFileSync(join(box.local, 'a.txt'), 'AFTER!');
  open();
  await running.ended;
  box.proxy.fault = undefined;
  await box.run();
  t.is((await box.objects()).get('backup/a.txt')?.toString(), 'AFTER!');
});

test("cos_path / is the bucket's root", async t => {
  const box = await sandbox(t);
  box.configure({ cos_path: '/' });
  box.write('a.txt', 'a');
  box.write('sub/b.txt', 'b');
  box.write('\\odd', 'a key may not begin with a backslash');
  const { code, json } = await box.runJson();
  t.is(code, 1);
  t.like(json.errors, [{ path: '\\odd', code: 'InvalidObjectName' }]);
  t.deepEqual(await box.keys(), ['a.txt', 'sub/', 'sub/b.txt']);
});

test('a storage class of the other kind of bucket is told as a fault of the configuration', async t => {
  const box = await sandbox(t);
  box.write('a.txt', 'a');
  box.configure({ storage_class: 'MAZ_STANDARD' });
  const { code, json } = await box.runJson();
  t.is(code, 5);
  t.like(json.errors[0], { code: 'MAZOperationNotSupportOnOAZBucket' });
  t.regex(json.errors[0]!.message, /leave out MAZ_/);
});

test('a file above 512 MiB goes up in parts whatever multipart_threshold says, and that is said', async t => {
  const box = await sandbox(t);
  box.configure({ multipart_threshold: 3_000, part_size: 600 });
  box.write('sparse', '');
  truncateSync(join(box.local, 'sparse'), 513 * 1024 * 1024);
  box.proxy.fault = ({ method }) =>
    method === 'PUT' ? { kind: 'status', status: 403, code: 'AccessDenied' } : undefined;
  const { stderr } = await box.run();
  t.regex(stderr, /multipart_threshold: files larger than 512 MiB are uploaded in parts/);
  t.true(box.proxy.requests.some(({ method, query }) => method === 'POST' && query.has('uploads')));
  t.true(box.proxy.requests.every(({ method, query }) => method !== 'PUT' || query.has('partNumber')));
});

const onPosix = process.platform === 'win32' ? test.skip : test;

onPosix('where few files may be open at a time, a run is slower and fails none', async t => {
  const box = await sandbox(t);
  box.configure({ thread_num: 64, retry_num: 0 });
  for (let n = 0; n < 150; n++) box.write(`${n}`, `${n}`);
  const main = resolve(import.meta.dirname, '../../../src/main.ts');
  const child = spawn('sh', ['-c', 'ulimit -n 64; exec "$@"', 'sh', process.execPath, main], {
    env: { ...process.env, COS_SYNC_HOME: box.home },
    stdio: 'ignore',
  });
  t.teardown(() => child.kill('SIGKILL'));
  t.deepEqual(await once(child, 'exit'), [0, null]);
  t.is((await box.keys()).length, 150);
});
