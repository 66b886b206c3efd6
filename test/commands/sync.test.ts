import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import test from 'ava';
import { sandbox } from '../support/sandbox.ts';
import { until } from '../support/until.ts';

test('exit code 5 and one clear line where COS refuses everything', async t => {
  const box = await sandbox(t);
  for (let index = 0; index < 12; index++) box.write(`f${index}`, `${index}`);
  box.proxy.fault = () => ({ kind: 'status', status: 403, code: 'AccessDenied', message: 'Access Denied.' });
  const denied = await box.runJson();
  t.is(denied.code, 5);
  t.regex(denied.stderr, /^cos_sync: COS refuses: AccessDenied: no permission: .*\n$/);
  t.true(box.proxy.requests.length <= 12, 'no request after it is clear that all are refused');

  box.proxy.fault = () => ({ kind: 'status', status: 404, code: 'NoSuchBucket', message: 'No such bucket' });
  const bucket = await box.runJson();
  t.is(bucket.code, 5);
  t.regex(bucket.stderr, /^cos_sync: COS refuses: NoSuchBucket: .*check bucket.*\n$/);

  box.proxy.fault = undefined;
  box.configure({ secret_key: 'wrong' });
  const signature = await box.runJson();
  t.is(signature.code, 5);
  t.regex(
    signature.stderr,
    /^cos_sync: COS refuses: SignatureDoesNotMatch: secret_key does not match secret_id/,
  );

  box.configure({ secret_id: 'AKIDunknown' });
  t.regex((await box.runJson()).stderr, /^cos_sync: COS refuses: InvalidAccessKeyId: secret_id is not known/);

  box.configure({ endpoint: 'http://127.0.0.1:1', retry_num: 0 });
  const dead = await box.runJson();
  t.is(dead.code, 5);
  t.regex(dead.stderr, /^cos_sync: no connection to COS: code: -3, connection timeout: ECONNREFUSED/m);
  t.deepEqual(await box.keys(), []);
});

test('a bucket that vanishes in mid-run ends it with 1, for something was done', async t => {
  const box = await sandbox(t);
  box.configure({ thread_num: 1 });
  for (let index = 0; index < 4; index++) box.write(`f${index}`, `${index}`);
  box.proxy.fault = ({ path }) =>
    path.endsWith('f2') ? { kind: 'status', status: 404, code: 'NoSuchBucket' } : undefined;
  const { code, json, stderr } = await box.runJson();
  t.is(code, 1);
  t.like(json, { op_status: 'PART_OK', upload_file_ok: 2, upload_file_fail: 1 });
  t.regex(stderr, /COS refuses: NoSuchBucket/);
  box.proxy.fault = undefined;
  t.like((await box.runJson()).json, { upload_file_ok: 2, upload_file_skip: 2, exit_code: 0 });
});

test('what was only touched does not make a refused run look like a partial success', async t => {
  const box = await sandbox(t);
  box.write('a.txt', 'a');
  box.write('b.txt', 'b');
  box.age('a.txt', 1);
  await box.run();
  box.age('a.txt', 2);
  rmSync(`${box.local}/b.txt`);
  box.configure({ secret_key: 'wrong' });
  const { code, json } = await box.runJson();
  t.is(code, 5);
  t.like(json, { del_file_ok: 0, del_file_fail: 1 });
});

/** Answers a promise and the function that settles it. */
function gate(): { opened: Promise<void>; open: () => void } {
  let open = () => {};
  const opened = new Promise<void>(resolve => {
    open = resolve;
  });
  return { opened, open };
}

test('while one run goes on a second has exit code 3, and a killed one blocks nobody', async t => {
  const box = await sandbox(t);
  box.write('a.txt', 'a');
  const { opened, open } = gate();
  box.proxy.fault = () => ({ kind: 'wait', until: opened });
  const first = box.start();
  await until(() => box.proxy.requests.length > 0);
  const second = await box.run();
  t.is(second.code, 3);
  t.is(second.stdout, '');
  t.regex(second.stderr, new RegExp(`^cos_sync: another run .*${first.child.pid}.*\\n$`));
  t.is((await box.run('--dry-run')).code, 0, 'who only looks needs no lock');
  first.child.kill('SIGKILL');
  await first.ended;
  open();
  box.proxy.fault = undefined;
  t.is((await box.run()).code, 0);
  t.deepEqual(await box.keys(), ['backup/a.txt']);
});

for (const [signal, exitCode] of [
  ['SIGINT', 130],
  ['SIGTERM', 143],
] as const) {
  test(`${signal} in mid-run ends what is under way, records it, and gives ${exitCode}`, async t => {
    const box = await sandbox(t);
    box.configure({ thread_num: 2 });
    for (let index = 10; index < 30; index++) box.write(`f${index}`, `${index}`);
    const { opened, open } = gate();
    box.proxy.fault = ({ path }) =>
      Number(path.slice(-2)) >= 15 ? { kind: 'wait', until: opened } : undefined;
    const running = box.start('--json');
    await until(() => box.proxy.requests.length === 7);
    running.child.kill(signal);
    open();
    const { code, stdout, stderr } = await running.ended;
    t.is(code, exitCode);
    t.is(stderr, `cos_sync: interrupted by ${signal}: what was done is recorded, the next run goes on\n`);
    const done = (await box.keys()).length;
    t.true(done >= 7 && done < 20);
    t.like(JSON.parse(stdout), { exit_code: exitCode, upload_file_ok: done, upload_file_fail: 0 });
    t.like(JSON.parse(stdout), { op_status: 'PART_OK', interrupted_by: signal });
    box.proxy.requests.length = 0;
    box.proxy.fault = undefined;
    t.like((await box.runJson()).json, { upload_file_ok: 20 - done, upload_file_skip: done, exit_code: 0 });
    t.is(box.proxy.requests.length, 20 - done);
  });
}

test('a second signal ends the program at once', async t => {
  const box = await sandbox(t);
  box.write('a.txt', 'a');
  box.proxy.fault = () => ({ kind: 'hang' });
  const running = box.start();
  await until(() => box.proxy.requests.length > 0);
  running.child.kill('SIGINT');
  await delay(300);
  t.is(running.child.exitCode, null, 'the request under way is still waited for');
  // Another signal: two of one kind may reach a busy program as one.
  running.child.kill('SIGTERM');
  t.is((await running.ended).code, 143);
  box.proxy.fault = undefined;
  t.is((await box.run()).code, 0);
});

test('deletions that an end of the run kept from being made are said', async t => {
  const box = await sandbox(t);
  box.write('a.txt', 'a');
  box.write('b.txt', 'b');
  await box.run();
  rmSync(`${box.local}/b.txt`);
  box.write('c.txt', 'ccc');
  box.proxy.fault = () => ({ kind: 'status', status: 404, code: 'NoSuchBucket' });
  const { json, stderr } = await box.runJson();
  t.like(json, { deletes_held: 1, deletes_held_reasons: ['stopped'], exit_code: 5 });
  t.regex(stderr, /1 deletion.* held back/);
});

test('a killed run keeps what was recorded while other requests were under way', async t => {
  const box = await sandbox(t);
  box.configure({ thread_num: 2 });
  for (let index = 10; index < 30; index++) box.write(`f${index}`, `${index}`);
  box.proxy.fault = ({ path }) => (Number(path.slice(-2)) >= 20 ? { kind: 'hang' } : undefined);
  const running = box.start();
  const isRecorded = (text: string, number: number) => new RegExp(`f2,[^\\\\]*,f${number}\\b`).test(text);
  await until(() => {
    const ledger = [...box.filesIn(join(box.home, 'db')).values()].join('');
    return Array.from({ length: 10 }, (_, index) => index + 10).every(number => isRecorded(ledger, number));
  });
  running.child.kill('SIGKILL');
  await running.ended;
  box.proxy.fault = undefined;
  t.like((await box.runJson()).json, { upload_file_ok: 10, upload_file_skip: 10 });
});

test('secrets of the environment are enough', async t => {
  const box = await sandbox(t);
  box.write('a.txt', 'a');
  box.configure({ secret_id: 'xxxxxx', secret_key: undefined });
  const env = { COS_SECRET_ID: box.server.secretId, TENCENTCLOUD_SECRET_KEY: box.server.secretKey };
  t.is((await box.startAs({ env }).ended).code, 0);
  t.deepEqual(await box.keys(), ['backup/a.txt']);
});

test('--version and --help end with 0 and print to standard output', async t => {
  const box = await sandbox(t);
  const version = await box.run('--version');
  t.is(version.code, 0);
  t.regex(version.stdout, /^cos_sync\/\d+\.\d+\.\d+ /);
  const help = await box.run('--help');
  t.is(help.code, 0);
  for (const word of ['sync', 'local-cos', 'demo', '--thread-num', '--json'])
    t.true(help.stdout.includes(word));
  t.false(help.stdout.includes('--secret-key'));
});
