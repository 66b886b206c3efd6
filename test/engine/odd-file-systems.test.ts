import {
  mkdirSync,
  mkdtempSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import type { ExecutionContext } from 'ava';
import { EXACT, stateOf } from '../../src/engine/local/read-file.ts';
import { timesOf } from '../../src/engine/local/settle.ts';
import { isLocked, lockLedger } from '../../src/ledger/lock.ts';
import { DEAD, type FuseOptions, mountFuse, noFuse } from '../support/fuse.ts';
import { type Sandbox, sandbox } from '../support/sandbox.ts';
import { testWhere } from '../support/test-where.ts';
import { until } from '../support/until.ts';

const missing = noFuse();
const fuseTest = testWhere(!missing, missing);

fuseTest(
  'where names ignore case, a file or folder of another spelling takes the place of the old one',
  async t => {
    const box = await sandbox(t);
    const source = join(box.root, 'source');
    await mountFuse(t, source, box.local, { ignoresCase: true });
    for (const path of ['Readme.TXT', 'Docs/a', 'stays']) box.write(path, path);
    const first = await box.run();
    t.is(first.code, 0, first.stdout + first.stderr);
    // In the mounted folder both are one name already.
    renameSync(join(source, 'Readme.TXT'), join(source, 'README.txt'));
    renameSync(join(source, 'Docs'), join(source, 'docs'));
    for (const path of ['', 'docs']) utimesSync(join(source, path), 1, 1);
    t.like((await box.runJson()).json, { exit_code: 0, del_file_ok: 2, del_folder_ok: 1, upload_bytes: 0 });
    t.deepEqual(await box.keys(), ['backup/README.txt', 'backup/docs/', 'backup/docs/a', 'backup/stays']);
  },
);

const BLOCKED = {
  '/list': ['list'],
  '/stat': ['stat'],
  '/a.open': ['open'],
  '/a.read': ['read'],
  '/a.stat': ['stat'],
} as const;

/** A folder in which some calls never come back. */
async function blockingBox(
  t: ExecutionContext,
  blocked: NonNullable<FuseOptions['blocked']>,
): Promise<Sandbox> {
  const box = await sandbox(t);
  const source = join(box.root, 'source');
  for (const folder of ['list', 'stat', 'fine']) {
    mkdirSync(join(source, folder), { recursive: true });
    writeFileSync(join(source, folder, 'inside'), folder);
  }
  for (const file of ['a.open', 'a.read', 'a.stat', 'z']) writeFileSync(join(source, file), file);
  await mountFuse(t, source, box.local, { blocked });
  return box;
}

fuseTest(
  'what does not answer fails by its name after timeout, all else gets to COS, and the run ends',
  async t => {
    const box = await blockingBox(t, BLOCKED);
    box.configure({ timeout: 5 });
    const { code, json } = await box.runJson();
    t.is(code, 1);
    t.deepEqual(
      json.errors.map(error => `${error.path} ${error.code}`).sort(),
      ['a.open', 'a.read', 'a.stat', 'list/', 'stat/'].map(path => `${path} ReadTimeout`),
    );
    t.deepEqual(
      (await box.keys()).filter(key => !key.endsWith('/')),
      ['backup/fine/inside', 'backup/z'],
    );
  },
);

fuseTest('many files of a drive that does not answer fail, and none of another drive', async t => {
  const box = await sandbox(t);
  box.configure({ timeout: 1, thread_num: 16, create_folders: 0 });
  const source = join(box.root, 'source');
  mkdirSync(source);
  for (let n = 0; n < 40; n++) writeFileSync(join(source, `${n}`), `${n}`);
  await mountFuse(t, source, join(box.local, 'nas'), { blocked: { '*': ['open'] } });
  for (let n = 0; n < 40; n++) for (const folder of ['before', 'other']) box.write(`${folder}/${n}`, `${n}`);
  t.like((await box.runJson()).json, { exit_code: 1, upload_file_ok: 80, upload_file_fail: 40 });
});

fuseTest('two signals end a program whose folders and files do not answer', async t => {
  const { '/list': list, '/a.open': open, '/a.read': read } = BLOCKED;
  const box = await blockingBox(t, { '/list': list, '/a.open': open, '/a.read': read });
  const { child, output, ended } = box.start();
  await until(() => output().stdout.includes('createFolder'));
  await delay(500);
  child.kill('SIGTERM');
  await delay(100);
  child.kill('SIGTERM');
  t.is((await ended).code, 143);
});

fuseTest(
  'a local_path that does not answer at all ends each command after timeout, and two signals do',
  async t => {
    const box = await sandbox(t);
    await mountFuse(t, join(box.root, 'source'), box.local, { blocked: { '/': ['stat', 'list'] } });
    box.configure({ timeout: 1 });
    const ends = await Promise.all([
      box.run(),
      box.run('verify'),
      box.run('ledger', 'rebuild'),
      box.run('doctor'),
      box.run('--explain', join(box.local, 'file')),
    ]);
    t.deepEqual(
      ends.map(({ code }) => code),
      [4, 0, 4, 1, 4],
    );
    for (const { stdout, stderr } of ends) t.regex(stdout + stderr, /cannot be read/);
    box.configure({ timeout: 600 });
    const { child, ended } = box.start();
    await until(() => box.log().match(/ start run=/g)?.length === 2);
    for (let signal = 0; signal < 2; signal++) {
      await delay(200);
      child.kill('SIGTERM');
    }
    t.is((await ended).code, 143);
  },
);

fuseTest(
  'the folder of another job on a drive that does not answer holds up no job of the same target',
  async t => {
    const box = await sandbox(t);
    await box.run('--allow-empty');
    await mountFuse(t, join(box.root, 'source'), box.local, { blocked: { '/': ['stat', 'list'] } });
    const other = join(box.root, 'other');
    mkdirSync(other);
    const { code, stderr } = await box.run('--local-path', other);
    t.is(code, 0);
    t.regex(stderr, /ledger adopt/);
  },
);

for (const [what, options] of [
  ['whole seconds, and a clock ten minutes ahead', { grain: 1, ahead: 600 }],
  ['steps of two seconds, and a clock ten minutes behind', { grain: 2, ahead: -600 }],
] as const) {
  fuseTest(`with ${what}, a change right after the upload gets to COS`, async t => {
    const box = await sandbox(t);
    await mountFuse(t, join(box.root, 'source'), box.local, options);
    const file = join(box.local, 'file');
    box.write('file', 'AAAA');
    const first = await box.run();
    t.is(first.code, 0, first.stdout + first.stderr);
    box.write('file', 'BBBB');
    for (let run = 0; run < 2; run++) t.is((await box.run()).code, 0);
    t.is((await box.objects()).get('backup/file')?.toString(), 'BBBB');
    // Whether the change came within the same step depends on the machine: what is kept of the times does not.
    const state = stateOf(statSync(file, EXACT));
    const readAt = Date.now();
    t.is(timesOf({ file, state, readAt, seenAt: readAt - 2_000 }, true).unsettledSince, readAt - 2_000);
    t.is(timesOf({ file, state, readAt, seenAt: readAt - 3_000 }, true).unsettledSince, 0);
  });
}

fuseTest('an mtime of the future, set by hand, is kept as any other', async t => {
  const box = await sandbox(t);
  await mountFuse(t, join(box.root, 'source'), box.local, { grain: 1 });
  box.write('file', 'AAAA');
  const future = new Date('2038-01-01');
  for (const content of ['AAAA', 'BBBB']) {
    box.write('file', content);
    utimesSync(join(box.local, 'file'), future, future);
    for (let run = 0; run < 2; run++) t.is((await box.run()).code, 0);
    t.is((await box.objects()).get('backup/file')?.toString(), content);
  }
});

fuseTest('a lock on a file system with steps of two seconds is renewed, and not taken for lost', async t => {
  const root = mkdtempSync(join(tmpdir(), 'cos_sync-fuse-'));
  t.teardown(() => rmSync(root, { recursive: true, force: true }));
  const place = join(root, 'place');
  const end = await mountFuse(t, join(root, 'source'), place, { grain: 2 });
  const file = join(place, 'x.db');
  const lock = await lockLedger(file, () => t.fail(), { renewal: 100, stale: 60_000 });
  await delay(2_500);
  t.true(await isLocked(file));
  await lock.release();
  t.false(await isLocked(file));
  await end();
});

fuseTest(
  'a file system that does not answer any more is not waited for, and is recognized when it is back',
  async t => {
    const box = await sandbox(t);
    const source = join(box.root, 'source');
    for (const path of ['a', 'stays']) box.write(path, path);
    const nas = join(box.local, 'nas');
    let end = await mountFuse(t, source, nas, {});
    for (const path of ['nas/b', 'nas/c']) box.write(path, path);
    t.is((await box.run()).code, 0);
    await end();
    end = await mountFuse(t, source, nas, { blocked: DEAD });
    rmSync(join(box.local, 'a'));
    const impatient = ['--timeout', '2'];
    t.is((await box.run(...impatient)).code, 1);
    t.is((await box.run('--exclude', 'nas', ...impatient)).code, 0);
    t.is((await box.run('doctor', '--exclude', 'nas', ...impatient)).code, 0);
    await end();
    await mountFuse(t, source, nas, {});
    rmSync(join(nas, 'c'));
    t.is((await box.run()).code, 0);
    t.deepEqual(await box.keys(), ['backup/nas/', 'backup/nas/b', 'backup/stays']);
  },
);

fuseTest('a drive that does not answer any more holds up no change elsewhere that is watched', async t => {
  const box = await sandbox(t);
  const [source, nas] = [join(box.root, 'source'), join(box.local, 'nas')];
  const end = await mountFuse(t, source, nas, {});
  box.write('nas/a', 'a');
  box.configure({ daemon_mode: '1', watch: '1', watch_delay: '0.2', daemon_interval: '3600', timeout: 1 });
  const { child, ended } = box.start('--json');
  const isInCos = async (name: string) => (await box.keys()).includes(`backup/${name}`);
  await until(() => isInCos('nas/a'));
  await end();
  await mountFuse(t, source, nas, { blocked: DEAD });
  // The first may be met by a full scan, the next by one of what changed.
  for (const name of ['b', 'c', 'd']) {
    box.write(name, name);
    await until(() => isInCos(name));
  }
  child.kill('SIGTERM');
  t.is((await ended).code, 143);
  t.true(await isInCos('nas/a'));
});

fuseTest('scan_threads 1 makes one look at a time, also while a thread is tried', async t => {
  const box = await sandbox(t);
  const [source, atOnce] = [join(box.root, 'source'), join(box.root, 'at-once')];
  for (let folder = 0; folder < 60; folder++) {
    mkdirSync(join(source, `${folder}`), { recursive: true });
    writeFileSync(join(source, `${folder}`, 'file'), '');
  }
  await mountFuse(t, source, box.local, { slow: 10, atOnce });
  box.configure({ scan_threads: '1' });
  const { code, stdout } = await box.run('--dry-run');
  t.is(code, 0, stdout);
  t.is(readFileSync(atOnce, 'utf8'), '1');
});
