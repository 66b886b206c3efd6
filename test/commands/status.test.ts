import test from 'ava';
import { sandbox } from '../support/sandbox.ts';
import { until } from '../support/until.ts';

test('status tells of a daemon while it runs, and of its last run after its end', async t => {
  const box = await sandbox(t);
  box.write('a.txt', 'a');
  const before = await box.runJson('status');
  t.is(before.code, 1);
  t.like(before.json, { running: false, pid: null, last_run: null });
  box.configure({ daemon_mode: '1', watch: '1', watch_delay: '0.2', daemon_interval: '3600' });
  const daemon = box.start('--quiet');
  let told: Record<string, unknown> = {};
  await until(async () => {
    const { code, json } = await box.runJson('status');
    told = json;
    return code === 0 && json.mode === 'watch' && json.state === 'idle' && json.last_run !== null;
  });
  t.like(told, { running: true, pid: daemon.child.pid, full_scans: 1, waiting: 0 });
  t.like(told.last_run, { upload_file_ok: 1, exit_code: 0 });
  t.true(new Date(String(told.next_full_scan)).getTime() > Date.now() + 3_000_000);
  box.write('b.txt', 'b');
  const follow = box.start('status', '--follow', '--json');
  await until(() => /"upload_file_ok":1,.*"upload_file_skip":1/.test(follow.output().stdout));
  follow.child.kill('SIGINT');
  t.is((await follow.ended).code, 130);
  t.regex(
    (await box.run('status')).stdout,
    /a daemon has been running since .* \(process \d+\)\nwatching, nothing to do now\n/,
  );
  daemon.child.kill('SIGKILL');
  await daemon.ended;
  const after = await box.runJson('status');
  t.is(after.code, 1);
  t.like(after.json, { running: false, pid: null });
  t.like(after.json.last_run, { upload_file_ok: 1, upload_file_skip: 1 });
  t.regex(
    (await box.run('status')).stdout,
    /^no daemon is running for this configuration\nlast run: .* ALL_OK, exit code 0\n$/,
  );
});

test('status tells of a daemon that runs at intervals', async t => {
  const box = await sandbox(t);
  box.write('a.txt', 'a');
  box.configure({ daemon_mode: '1', daemon_interval: '3600' });
  const daemon = box.start('--quiet');
  await until(async () => {
    const { json } = await box.runJson('status');
    return (
      json.mode === 'interval' && json.state === 'idle' && json.full_scans === 1 && json.last_run !== null
    );
  });
  daemon.child.kill('SIGTERM');
  t.is((await daemon.ended).code, 143);
  t.is((await box.run('status')).code, 1);
});
