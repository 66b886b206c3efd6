import { execFileSync, spawn, spawnSync } from 'node:child_process';
import { renameSync, utimesSync } from 'node:fs';
import { join } from 'node:path';
import test from 'ava';
import { syncHere } from '../support/in-process.ts';
import { startS3Gateway } from '../support/s3-gateway.ts';
import { sandbox } from '../support/sandbox.ts';

const isInstalled = spawnSync('rclone', ['version']).status === 0;
const withRclone = isInstalled ? test.serial : test.serial.skip;

withRclone('rclone reads the times of our objects, and finds nothing to do against the folder', async t => {
  const box = await sandbox(t);
  box.configure({ create_folders: 0, multipart_threshold: 1, part_size: 1 });
  box.write('a.txt', 'one');
  box.write('中文/ b.txt', 'two');
  box.write('large.bin', Buffer.alloc(3 * 1024 * 1024, 'x'));
  box.write('old name', 'moves');
  const times = { 'a.txt': 1_600_000_000.123, '中文/ b.txt': 1, 'large.bin': 1_700_000_000, 'old name': 1e9 };
  for (const [path, time] of Object.entries(times)) utimesSync(join(box.local, path), time, time);
  await syncHere(box);
  renameSync(join(box.local, 'old name'), join(box.local, 'new name'));
  utimesSync(join(box.local, 'new name'), 1_234_567_890.5, 1_234_567_890.5);
  t.like((await syncHere(box)).json, { upload_file_ok: 1, upload_bytes: 0 }, 'it is copied');

  const gateway = await startS3Gateway(box.server);
  t.teardown(gateway.close);
  const options = `provider=Other,endpoint='${gateway.url}',access_key_id=a,secret_access_key=b,force_path_style=true,list_version=1`;
  const remote = `:s3,${options}:${box.server.bucket}/backup`;
  const rclone = (...args: string[]) => run('rclone', ['--config', '/dev/null', ...args]);

  const listed = await rclone('lsl', remote);
  const timeOf = (path: string) =>
    execFileSync('date', ['-r', join(box.local, path), '+%F %T.%6N'], { encoding: 'utf8' }).trim();
  for (const path of ['a.txt', '中文/ b.txt', 'large.bin', 'new name']) {
    const line = listed.out.split('\n').find(one => one.endsWith(` ${path}`)) ?? '';
    t.true(line.includes(timeOf(path)), `${line}, and not ${timeOf(path)}`);
  }
  const check = await rclone('check', box.local, remote);
  t.is(check.code, 0, check.err);
  const sync = await rclone('sync', '--dry-run', '-v', box.local, remote);
  t.is(sync.code, 0);
  t.regex(sync.err, /There was nothing to transfer|Transferred:\s+0 B/);
  t.notRegex(sync.err, /Skipped/);
});

function run(file: string, args: string[]): Promise<{ code: number | null; out: string; err: string }> {
  return new Promise(resolve => {
    const child = spawn(file, args, { stdio: ['ignore', 'pipe', 'pipe'] });
    let [out, err] = ['', ''];
    child.stdout.setEncoding('utf8').on('data', text => (out += text));
    child.stderr.setEncoding('utf8').on('data', text => (err += text));
    child.on('close', code => resolve({ code, out, err }));
  });
}
