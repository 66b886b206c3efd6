import { mkdirSync, renameSync, rmSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import test from 'ava';
import { type Running, type Sandbox, sandbox } from '../support/sandbox.ts';
import { until } from '../support/until.ts';

type Round = Record<string, unknown>;

/** What a daemon printed of its rounds so far. */
function rounds(running: Running): Round[] {
  return running
    .output()
    .stdout.split('\n')
    .slice(0, -1)
    .map(line => JSON.parse(line) as Round);
}

/** Waits until that many rounds are over. */
async function after(running: Running, count: number): Promise<Round> {
  await until(() => rounds(running).length >= count);
  return rounds(running)[count - 1]!;
}

/** Waits for a round that ends after now and in which something was done or failed. */
async function nextBusy(running: Running, name: string): Promise<Round> {
  let found: Round | undefined;
  const known = rounds(running).length;
  await until(() => {
    found = rounds(running)
      .slice(known)
      .find(round => round[name] !== 0);
    return found !== undefined;
  });
  return found!;
}

function daemonOf(box: Sandbox, changes: Record<string, unknown> = {}): Running {
  box.configure({ daemon_mode: '1', daemon_interval: '1', retry_num: 0, ...changes });
  return box.start('--json');
}

test('a daemon brings three rounds of changes, a line of JSON a round, and ends on SIGTERM with 143', async t => {
  const box = await sandbox(t);
  box.write('a.txt', 'a');
  const running = daemonOf(box);
  t.like(await after(running, 1), { upload_file_ok: 1, exit_code: 0 });
  box.write('b.txt', 'b');
  t.like(await nextBusy(running, 'upload_file_ok'), { upload_file_ok: 1, upload_file_skip: 1 });
  renameSync(`${box.local}/a.txt`, `${box.root}/away`);
  t.like(await nextBusy(running, 'del_file_ok'), { del_file_ok: 1, upload_file_skip: 1 });
  running.child.kill('SIGTERM');
  const { code } = await running.ended;
  t.is(code, 143);
  t.deepEqual(await box.keys(), ['backup/b.txt']);
});

test('a second daemon of a configuration is refused with exit code 3, and a single run beside it is not', async t => {
  const box = await sandbox(t);
  box.write('a.txt', 'a');
  const running = daemonOf(box, { daemon_interval: '3600' });
  await after(running, 1);
  const second = await box.run();
  t.is(second.code, 3);
  const pid = running.child.pid;
  t.regex(
    second.stderr,
    new RegExp(`^cos_sync: a daemon of .* already \\(process ${pid}\\): .* sync --daemon-mode 0\\n$`),
  );
  box.write('b.txt', 'b');
  t.like((await box.runJson('--daemon-mode', '0')).json, { upload_file_ok: 1, exit_code: 0 });
  running.child.kill('SIGTERM');
  t.is((await running.ended).code, 143);
  const next = daemonOf(box);
  t.like(await after(next, 1), { upload_file_skip: 2, exit_code: 0 });
  next.child.kill('SIGTERM');
  await next.ended;
});

test('while a daemon works with a ledger, no other division takes it over', async t => {
  const box = await sandbox(t);
  box.write('a.txt', 'a');
  const running = daemonOf(box, { daemon_interval: '3600' });
  await after(running, 1);
  const adopting = await box.run('ledger', 'adopt', '--shard', '0/2', '--daemon-mode', '0');
  t.is(adopting.code, 3);
  t.regex(adopting.stderr, /daemon of this configuration is running already/);
  running.child.kill('SIGTERM');
  await running.ended;
  t.is((await box.run('ledger', 'adopt', '--shard', '0/2', '--daemon-mode', '0')).code, 0);
});

test('that watch does nothing without daemon_mode is said, unless this is a single run by choice', async t => {
  const box = await sandbox(t);
  box.configure({ watch: 1 });
  box.write('a.txt', 'a');
  const hint = /^config: watch has no effect without daemon_mode/m;
  t.regex((await box.run()).stderr, hint);
  t.notRegex((await box.run('--daemon-mode', '0')).stderr, hint);
});

const onPosix = process.platform === 'win32' ? test.skip : test; // Windows lets nobody remove a current folder

onPosix('a daemon goes on where the folder that it was started in was removed', async t => {
  const box = await sandbox(t);
  box.write('a.txt', 'a');
  box.configure({ daemon_mode: '1', daemon_interval: '1', retry_num: 0 });
  const folder = join(box.root, 'started here');
  mkdirSync(folder);
  const running = box.startAs({ through: ['sh', '-c', `cd '${folder}' && exec "$0" "$@"`] }, '--json');
  t.like(await after(running, 1), { upload_file_ok: 1, exit_code: 0 });
  rmSync(folder, { recursive: true });
  box.write('b.txt', 'b');
  t.like(await nextBusy(running, 'upload_file_ok'), { upload_file_ok: 1, upload_file_fail: 0 });
  running.child.kill('SIGTERM');
  t.is((await running.ended).code, 143);
});

test('a round that found nothing to do is one line, unless --verbose', async t => {
  const box = await sandbox(t);
  box.write('a.txt', 'a');
  box.configure({ daemon_mode: '1', daemon_interval: '1' });
  const running = box.start();
  const idle = /^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d {2}nothing to do, 1 unchanged; next run in 1 s$/;
  const lines = () => running.output().stdout.split('\n').slice(0, -1);
  await until(() => lines().filter(line => idle.test(line)).length >= 2);
  running.child.kill('SIGTERM');
  await running.ended;
  const blocks = lines().filter(line => line.startsWith('sync over!')).length;
  t.is(
    blocks,
    1 + Number(/PART_OK/.test(running.output().stdout)),
    'the first round, and one that was interrupted',
  );
  t.is(running.output().stderr.match(/next run in/g)?.length, 1);
  const verbose = box.start('--verbose');
  await until(() => verbose.output().stdout.includes('sync over!'));
  verbose.child.kill('SIGTERM');
  await verbose.ended;
});

test('a daemon survives rounds that fail: a missing folder, a COS that refuses', async t => {
  const box = await sandbox(t);
  box.write('a.txt', 'a');
  const running = daemonOf(box);
  await after(running, 1);
  renameSync(box.local, `${box.local}.away`);
  t.like(await nextBusy(running, 'exit_code'), { exit_code: 4, del_file_ok: 0 });
  box.proxy.fault = () => ({ kind: 'status', status: 404, code: 'NoSuchBucket' });
  renameSync(`${box.local}.away`, box.local);
  box.write('b.txt', 'b');
  await until(() => rounds(running).some(({ exit_code }) => exit_code === 5));
  box.proxy.fault = undefined;
  t.like(await nextBusy(running, 'upload_file_ok'), { upload_file_ok: 1, exit_code: 0 });
  running.child.kill('SIGINT');
  t.is((await running.ended).code, 130);
  t.deepEqual(await box.keys(), ['backup/a.txt', 'backup/b.txt']);
});

test('a daemon rereads a changed configuration, and keeps the old one where the new is refused', async t => {
  const box = await sandbox(t);
  box.write('a.txt', 'a');
  const running = daemonOf(box);
  await after(running, 1);
  box.configure({ daemon_mode: '1', daemon_interval: '1', thread_num: 0 });
  const refused =
    /the changed configuration is refused, the old one stays in force: .*thread_num: must be from 1 to 512/;
  await until(() => refused.test(running.output().stderr));
  box.write('b.txt', 'b');
  t.like(await nextBusy(running, 'upload_file_ok'), { upload_file_ok: 1 });
  await delay(20);
  box.configure({ daemon_mode: '1', daemon_interval: '1', cos_path: '/elsewhere' });
  t.like(await nextBusy(running, 'upload_file_ok'), { upload_file_ok: 2 });
  running.child.kill('SIGTERM');
  await running.ended;
  t.regex(running.output().stderr, /config\.json changed and was read again/);
  t.true((await box.keys()).includes('elsewhere/b.txt'));
});

test('an interval longer than a timer can be does not make the daemon run all the time', async t => {
  const box = await sandbox(t);
  box.write('a.txt', 'a');
  const running = daemonOf(box, { daemon_interval: 30 * 24 * 3600 });
  await after(running, 1);
  await delay(1_500);
  t.is(rounds(running).length, 1);
  running.child.kill('SIGTERM');
  t.is((await running.ended).code, 143);
});

test('a daemon whose configuration is changed to daemon_mode 0 ends with the exit code of its last run', async t => {
  const box = await sandbox(t);
  box.write('a.txt', 'a');
  const running = daemonOf(box);
  await after(running, 1);
  box.proxy.fault = () => ({ kind: 'status', status: 403, code: 'AccessDenied' });
  box.write('b.txt', 'b');
  await nextBusy(running, 'upload_file_fail');
  box.configure({ daemon_mode: '0' });
  const { code, stderr } = await running.ended;
  t.not(code, 0);
  t.is(code, rounds(running).at(-1)?.exit_code as number);
  t.regex(stderr, /daemon_mode is 0 now/);
});

test('a daemon goes on where its configuration cannot even be looked at', async t => {
  const box = await sandbox(t);
  box.write('a.txt', 'a');
  const running = daemonOf(box);
  await after(running, 1);
  const file = join(box.home, 'conf', 'config.json');
  rmSync(file);
  symlinkSync(file, file);
  await until(() => /the old one stays in force: .*ELOOP/.test(running.output().stderr));
  box.write('b.txt', 'b');
  t.like(await nextBusy(running, 'upload_file_ok'), { upload_file_ok: 1 });
  running.child.kill('SIGTERM');
  t.is((await running.ended).code, 143);
});
