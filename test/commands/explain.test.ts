import {
  chmodSync,
  existsSync,
  mkdirSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  utimesSync,
} from 'node:fs';
import { join } from 'node:path';
import test from 'ava';
import { type Sandbox, sandbox } from '../support/sandbox.ts';
import { until } from '../support/until.ts';

/** What is said of each path, without the path. */
async function explained(box: Sandbox, paths: string[], ...args: string[]): Promise<string[]> {
  const given = paths.flatMap(path => ['--explain', path]);
  const { code, stdout, stderr } = await box.run('sync', '--dry-run', ...given, ...args);
  if (code !== 0) throw new Error(stderr);
  return stdout
    .trimEnd()
    .split('\n')
    .map((line, index) =>
      line.startsWith(`${paths[index]}: `) ? line.slice((paths[index] ?? '').length + 2) : line,
    );
}

async function syncedBox(...args: Parameters<typeof sandbox>) {
  const box = await sandbox(...args);
  for (const name of ['same', 'touched', 'edited', 'longer', 'gone', 'old/moved', 'now-excluded.tmp']) {
    box.write(name, `content of ${name}`);
  }
  await box.run();
  box.write('edited', 'content of EDITED'.slice(0, 17));
  box.write('longer', 'content of longer, and more');
  utimesSync(join(box.local, 'touched'), 1e9, 1e9);
  rmSync(join(box.local, 'gone'));
  renameSync(join(box.local, 'old'), join(box.local, 'fresh'));
  box.write('new', 'new');
  box.configure({ exclude: ['*.tmp', 'cache/'] });
  return box;
}

test('each path is explained as the run then treats it', async t => {
  const box = await syncedBox(t);
  box.write('cache/deep/x', 'x');
  symlinkSync('/nowhere', join(box.local, 'dangling'));
  const expected: Record<string, RegExp> = {
    new: /^uploaded: it was not uploaded before$/,
    same: /^nothing: size and mtime are those of its upload$|^nothing is uploaded: its content was read/,
    touched: /^nothing is uploaded: its content was read and is what was uploaded/,
    edited: /^uploaded: its content differs/,
    longer: /^uploaded: its size changed from 17 to 27 bytes$/,
    gone: /^deleted in COS: it is gone here/,
    'fresh/moved': /^copied inside COS: it is old\/moved, which moved here$/,
    'old/moved': /^deleted in COS/,
    'old/': /^deleted in COS/,
    'fresh/': /^its folder object is made/,
    'now-excluded.tmp': /^left out: exclude has "\*\.tmp", which matches now-excluded\.tmp; .*stays in COS$/,
    'cache/deep/x': /^left out: exclude has "cache\/", which matches cache\/$/,
    'never/was': /^nothing: there is no such file/,
    dangling: /^failed: code: DanglingSymlink, the link leads nowhere/,
  };
  const paths = Object.keys(expected);
  const log = () => readFileSync(join(box.home, 'log', 'cos_sync.log'), 'utf8');
  const [logged, before] = [log(), box.proxy.requests.length];
  const said = await explained(box, paths);
  for (const [index, path] of paths.entries()) t.regex(said[index] ?? '', expected[path]!, path);
  t.is(box.proxy.requests.length, before, 'nothing was asked of COS');
  t.is(log(), logged);

  const lines = (await box.run()).stdout.split('\n');
  const done = (operation: string, path: string) =>
    lines.some(line => line.includes(`[${operation.padStart(13)}] [${join(box.local, path)}]`));
  for (const path of ['new', 'edited', 'longer', 'fresh/moved']) t.true(done('uploadFile', path), path);
  for (const path of ['gone', 'old/moved']) t.true(done('deleteFile', path), path);
  for (const path of ['same', 'touched', 'now-excluded.tmp']) t.false(done('uploadFile', path), path);
});

test('a deletion that is held back or switched off is explained as such', async t => {
  const box = await syncedBox(t);
  t.deepEqual(await explained(box, ['gone'], '--delete-sync', '0'), [
    'nothing: it is gone here, and stays in COS because delete_sync is 0',
  ]);
  const [held = ''] = await explained(box, ['gone'], '--max-delete', '0');
  t.regex(held, /^not deleted in COS, though it is gone here: .*max_delete allows \(0\)/);
  const [included = ''] = await explained(box, ['new'], '--include', '*.jpg');
  t.is(included, 'left out: no pattern of include matches it');
});

test('paths may be absolute, and the answer JSON; a path elsewhere is refused', async t => {
  const box = await syncedBox(t);
  const { stdout } = await box.run('--explain', join(box.local, 'fresh', 'moved'), '--json');
  t.deepEqual(JSON.parse(stdout), { path: 'fresh/moved', verdict: 'copy', from: 'old/moved' });
  const outside = await box.run('--explain', '/etc/passwd');
  t.is(outside.code, 2);
  t.regex(outside.stderr, /--explain: \/etc\/passwd is not in local_path/);
});

// Serial: making so many files keeps the servers of other tests from answering.
test.serial('a signal ends an explanation with one line and 130', async t => {
  const box = await sandbox(t);
  for (let n = 0; n < 10_000; n++) box.write(`${n % 200}/${n}`, '');
  // The warning shows that the program runs; the scan follows.
  chmodSync(join(box.home, 'conf', 'config.json'), 0o644);
  const running = box.start('sync', '--explain', '0/0');
  await until(() => running.output().stderr !== '');
  running.child.kill('SIGINT');
  const { code, stdout, stderr } = await running.ended;
  t.is(code, 130);
  t.is(stdout, '');
  t.regex(stderr, /readable by others.*\ncos_sync: interrupted by SIGINT[^\n]*\n$/);
  t.false(existsSync(join(box.home, 'log', 'cos_sync.log')));
});

test('what cannot be uploaded is explained in the language of the user', async t => {
  const box = await sandbox(t);
  symlinkSync('/nowhere', join(box.local, 'dangling'));
  mkdirSync(join(box.local, 'a'));
  symlinkSync('..', join(box.local, 'a', 'loop'));
  const [dangling = '', loop = ''] = await explained(box, ['dangling', 'a/loop/'], '--lang', 'zh');
  t.regex(dangling, /^失败：code: DanglingSymlink, 链接的目标不存在/);
  t.regex(loop, /^跳过：code: SymlinkLoop, 链接指回它所在的目录/);
});
