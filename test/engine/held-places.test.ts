import { spawnSync } from 'node:child_process';
import { chmodSync, chownSync, mkdirSync, renameSync, rmSync, symlinkSync, utimesSync } from 'node:fs';
import { join } from 'node:path';
import test from 'ava';
import { canMount, mount } from '../support/mounts.ts';
import { type Sandbox, sandbox } from '../support/sandbox.ts';
import { testWhere } from '../support/test-where.ts';

const NOBODY = 65534;
const rootTest = process.getuid?.() === 0 ? test : test.skip;
const onPosix = testWhere(process.platform !== 'win32', 'paths are bounded otherwise on Windows');
const mountTest = canMount() ? test : test.skip;

/** Runs as a user who is refused what root is not. */
async function runAsNobody(box: Sandbox) {
  for (const folder of [box.root, box.home, join(box.home, 'conf')]) chmodSync(folder, 0o755);
  for (const folder of ['', 'conf', 'conf/config.json']) chownSync(join(box.home, folder), NOBODY, NOBODY);
  const { code, stdout, stderr } = await box.startAs({ uid: NOBODY }, '--json').ended;
  return { code, json: JSON.parse(stdout), stderr };
}

test('what was missing in the last run already did not move during this one', async t => {
  const box = await sandbox(t);
  for (const path of ['spool/a', 'stays']) box.write(path, path);
  const date = () => utimesSync(join(box.local, 'spool'), new Date('2038-01-01'), new Date('2038-01-01'));
  date();
  t.is((await box.run()).code, 0);
  rmSync(join(box.local, 'spool/a'));
  date();
  const first = await box.runJson();
  t.like(first.json, { deletes_held: 1, deletes_held_reasons: ['movedDuringScan'], exit_code: 0 });
  t.true(first.stderr.includes(join(box.local, 'spool')), first.stderr);
  t.like((await box.runJson()).json, { del_file_ok: 1, deletes_held: 0, exit_code: 0 });
  t.deepEqual(await box.keys(), ['backup/spool/', 'backup/stays']);
});

rootTest('a place that can never be read holds what is below it, and nothing else', async t => {
  const box = await sandbox(t);
  for (const path of ['gone', 'stays', 'locked/below']) box.write(path, path);
  mkdirSync(join(box.local, 'never'), { mode: 0o700 });
  symlinkSync('/etc/passwd/x', join(box.local, 'link'));
  // As Windows' own junctions: they lead to folders that deny to be listed.
  mkdirSync(join(box.root, 'denied'), { mode: 0o711 });
  symlinkSync(join(box.root, 'denied'), join(box.local, 'junction'));
  t.is((await runAsNobody(box)).code, 1);
  rmSync(join(box.local, 'gone'));
  chmodSync(join(box.local, 'locked'), 0o700);
  const { json, stderr } = await runAsNobody(box);
  t.like(json, { del_file_ok: 1, deletes_held: 1, deletes_held_reasons: ['unreadable'] });
  const unreadable = ['junction/', 'link', 'locked/', 'never/'];
  t.deepEqual(json.errors.map(({ path }: { path: string }) => path).sort(), unreadable);
  t.true(stderr.includes(`${join(box.local, 'locked')}/, where they belong`), stderr);
  t.deepEqual(
    (await box.keys()).filter(key => !key.endsWith('/')),
    ['backup/locked/below', 'backup/stays'],
  );
});

const MAKE_DEEP = `
const { mkdirSync, writeFileSync } = require('node:fs');
for (let depth = 0; depth < 40; depth++) {
  mkdirSync('d'.repeat(120));
  process.chdir('d'.repeat(120));
}
writeFileSync('bottom', '1234');
`;

onPosix('what is deeper than the system takes a path is named, and holds nothing else', async t => {
  const box = await sandbox(t);
  for (const path of ['gone', 'renamed', 'stays']) box.write(path, path);
  t.is((await box.run()).code, 0);
  spawnSync(process.execPath, ['-e', MAKE_DEEP], { cwd: box.local });
  renameSync(join(box.local, 'renamed'), join(box.local, 'new name'));
  rmSync(join(box.local, 'gone'));
  const first = await box.runJson('--no-create-folders');
  t.like(first.json, { exit_code: 1, upload_file_fail: 1, deletes_held: 1 });
  const [deepest] = first.json.errors;
  t.is(deepest?.code, 'ENAMETOOLONG');
  t.true(first.stderr.includes(deepest?.path ?? ''), 'what holds the deletion is named');
  t.like((await box.runJson('--no-create-folders')).json, { del_file_ok: 1, deletes_held: 0, exit_code: 1 });
  t.deepEqual(await box.keys(), ['backup/new name', 'backup/stays']);
  t.is((await box.run('--exclude', 'd*')).code, 0);
});

rootTest('an empty file that cannot be read holds back no deletion, and a full one only once', async t => {
  const box = await sandbox(t);
  for (const [path, content] of [
    ['empty', ''],
    ['full', '12345'],
    ['stays', 's'],
  ] as const) {
    box.write(path, content);
  }
  t.is((await runAsNobody(box)).code, 0);
  for (const [path, content] of [
    ['new empty', ''],
    ['new full', '54321'],
  ] as const) {
    box.write(path, content);
    chmodSync(join(box.local, path), 0);
  }
  for (const path of ['empty', 'full']) rmSync(join(box.local, path));
  const { json, stderr } = await runAsNobody(box);
  t.like(json, { del_file_ok: 1, deletes_held: 1, deletes_held_reasons: ['uploadFailed'] });
  t.true(stderr.includes(join(box.local, 'new full')), stderr);
  const last = await runAsNobody(box);
  t.like(last.json, { del_file_ok: 1, deletes_held: 0 }, last.stderr);
});

mountTest(
  "the system's own folders at the root of a drive take no part, unless include names them",
  async t => {
    const box = await sandbox(t);
    mount(t, box.local, '-t', 'tmpfs', 'x');
    mount(t, join(box.local, 'usb'), '-t', 'tmpfs', 'x');
    for (const path of ['$RECYCLE.BIN/b', 'a', 'lost+found/c', 'sub/lost+found/d', 'usb/lost+found/e']) {
      box.write(path, path);
    }
    const first = await box.run();
    t.is(first.code, 0);
    t.is(first.stderr.match(/the system's own/g)?.length, 3, first.stderr);
    t.deepEqual(
      (await box.keys()).filter(key => !key.endsWith('/')),
      ['backup/a', 'backup/sub/lost+found/d'],
    );
    t.is((await box.run()).stderr, '');
    const path = join(box.local, 'lost+found/c');
    t.regex((await box.run('--explain', path)).stdout, /lost\+found\/ is the system's own/);
    box.configure({ include: ['**', 'lost+found'] });
    t.like((await box.runJson()).json, { upload_file_ok: 2, exit_code: 0 });
  },
);
