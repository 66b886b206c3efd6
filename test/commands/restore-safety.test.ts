import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import test from 'ava';
import { lockLedger } from '../../src/ledger/lock.ts';
import { ledgerFile } from '../../src/ledger/task.ts';
import { type EndedHere, restoreHere, syncHere } from '../support/in-process.ts';
import { putObjects } from '../support/objects.ts';
import { type Sandbox, sandbox } from '../support/sandbox.ts';
import { taskIn } from '../support/task.ts';
import { testWhere } from '../support/test-where.ts';
import { treeOf } from '../support/tree.ts';

/** Runs something while the object `a` is on its way. */
function during(box: Sandbox, work: () => Promise<EndedHere>): () => Promise<EndedHere> {
  let running: Promise<EndedHere> | undefined;
  box.proxy.fault = ({ path }) => {
    if (running || !path.endsWith('/a')) return undefined;
    running = work();
    return { kind: 'wait', until: running.then(() => {}) };
  };
  return () => running ?? Promise.reject(new Error('it was never on its way'));
}

const codesOf = ({ json }: EndedHere) =>
  Object.fromEntries(json.errors.map(({ path, code }) => [path, code]));

test.serial('nothing is written outside the folder, whatever keys there are', async t => {
  const box = await sandbox(t);
  const outside = join(box.root, 'x');
  await putObjects(box, {
    'backup/good': 'good',
    'backup/../x': 'bad',
    'backup/a/../../x': 'bad',
    'backup//etc/x': 'bad',
    [`backup/${outside}`]: 'bad',
    'backup/a//b': 'bad',
    'backup/./x': 'bad',
    'backup/a/..': 'bad',
    [`backup/${'n'.repeat(256)}`]: 'bad',
  });
  const back = join(box.root, 'back');
  const ended = await restoreHere(box, { to: back });
  t.is(ended.code, 1);
  t.is(ended.json.op_status, 'PART_OK');
  t.deepEqual(codesOf(ended), {
    '../x': 'UnsafePath',
    'a/../../x': 'UnsafePath',
    '/etc/x': 'UnsafePath',
    [outside]: 'UnsafePath',
    'a//b': 'UnsafePath',
    './x': 'UnsafePath',
    'a/..': 'UnsafePath',
    ['n'.repeat(256)]: 'LocalNameTooLong',
  });
  t.deepEqual(Object.keys(treeOf(back)), ['good']);
  t.false(existsSync(outside));
});

test.serial('nothing is written through a link that lies in the folder, not even to be replaced', async t => {
  const box = await sandbox(t);
  await putObjects(box, {
    'backup/dir/file': 'x',
    'backup/deep/dir/file': 'x',
    'backup/link': 'x',
    'backup/ok': 'x',
  });
  const [back, elsewhere] = [join(box.root, 'back'), join(box.root, 'elsewhere')];
  mkdirSync(join(back, 'deep'), { recursive: true });
  mkdirSync(elsewhere);
  writeFileSync(join(elsewhere, 'target'), 'untouched');
  symlinkSync(elsewhere, join(back, 'dir'));
  symlinkSync('../../elsewhere', join(back, 'deep', 'dir'));
  symlinkSync(join(elsewhere, 'target'), join(back, 'link'));
  for (const overwrite of ['never', 'always']) {
    const ended = await restoreHere(box, { to: back, overwrite });
    t.is(ended.code, 1);
    t.deepEqual(codesOf(ended), {
      'dir/file': 'SymlinkInTheWay',
      'deep/dir/file': 'SymlinkInTheWay',
      link: 'SymlinkInTheWay',
    });
  }
  t.deepEqual(readdirSync(elsewhere), ['target']);
  t.is(readFileSync(join(elsewhere, 'target'), 'utf8'), 'untouched');
  t.is(readFileSync(join(back, 'ok'), 'utf8'), 'x');
});

test.serial('a link that is planted while the bytes are on their way is not followed either', async t => {
  const box = await sandbox(t);
  await putObjects(box, { 'backup/dir/a': 'x', 'backup/file': 'x' });
  const [back, elsewhere] = [join(box.root, 'back'), join(box.root, 'elsewhere')];
  mkdirSync(back);
  mkdirSync(elsewhere);
  box.proxy.fault = ({ method, path }) => {
    if (method !== 'GET' || !/dir\/a$|file$/.test(path)) return undefined;
    if (path.endsWith('a')) symlinkSync(elsewhere, join(back, 'dir'));
    else symlinkSync(join(elsewhere, 'file'), join(back, 'file'));
    return undefined;
  };
  const ended = await restoreHere(box, { to: back, overwrite: 'always' });
  t.deepEqual(codesOf(ended), { 'dir/a': 'SymlinkInTheWay', file: 'SymlinkInTheWay' });
  t.deepEqual(readdirSync(elsewhere), []);
});

test.serial('a file that appears while the bytes are on their way is not replaced', async t => {
  const box = await sandbox(t);
  await putObjects(box, { 'backup/file': 'from COS' });
  const back = join(box.root, 'back');
  mkdirSync(back);
  box.proxy.fault = ({ method, path }) => {
    if (method === 'GET' && path.endsWith('file')) writeFileSync(join(back, 'file'), 'mine');
    return undefined;
  };
  t.deepEqual(codesOf(await restoreHere(box, { to: back, overwrite: 'always' })), { file: 'FileExists' });
  t.is(readFileSync(join(back, 'file'), 'utf8'), 'mine');
  t.deepEqual(readdirSync(back), ['file']);
});

test.serial('a file and a folder of one name: one of them is a failure', async t => {
  const box = await sandbox(t);
  box.configure({ thread_num: 1 });
  await putObjects(box, {
    'backup/a': 'file',
    'backup/a/b': 'in the folder',
    'backup/c/': 'content',
    'backup/d': 'x',
  });
  const back = join(box.root, 'back');
  mkdirSync(join(back, 'd'), { recursive: true });
  const ended = await restoreHere(box, { to: back, overwrite: 'always' });
  t.deepEqual(codesOf(ended), { 'a/b': 'FileInTheWay', 'c/': 'InvalidLocalName', d: 'FolderInTheWay' });
  t.deepEqual(Object.keys(treeOf(back)), ['a', 'd/']);
});

test.serial("the program's own files are never replaced", async t => {
  const box = await sandbox(t);
  await putObjects(box, {
    'backup/conf/config.json': '{}',
    'backup/db/x': 'x',
    'backup/mine': 'x',
    // As an unfinished file is named.
    'backup/.cos_sync-restore-0123456789abcdef-0123456789abcdef': 'x',
  });
  const before = readFileSync(join(box.home, 'conf', 'config.json'), 'utf8');
  const ended = await restoreHere(box, { to: box.home, overwrite: 'always' });
  t.deepEqual(codesOf(ended), {
    'conf/config.json': 'OwnPlace',
    'db/x': 'OwnPlace',
    '.cos_sync-restore-0123456789abcdef-0123456789abcdef': 'OwnPlace',
  });
  t.is(readFileSync(join(box.home, 'conf', 'config.json'), 'utf8'), before);
});

test.serial('permissions are what the umask leaves', async t => {
  const box = await sandbox(t);
  await putObjects(box, { 'backup/dir/small': 'x' });
  const back = join(box.root, 'back');
  await restoreHere(box, { to: back });
  writeFileSync(join(box.root, 'usual'), '');
  const modeOf = (path: string) => statSync(join(box.root, path)).mode;
  t.is(modeOf('back/dir/small'), modeOf('usual'));
  mkdirSync(join(box.root, 'usual folder'));
  t.is(modeOf('back/dir'), modeOf('usual folder'));
});

test.serial('into local_path only where no sync would meet it, or with --yes', async t => {
  const box = await sandbox(t);
  box.write('a', 'a');
  await syncHere(box);
  rmSync(join(box.local, 'a'));
  for (const to of [box.local, join(box.local, 'sub'), box.root]) {
    const refused = await restoreHere(box, { to });
    t.is(refused.code, 2, to);
    t.regex(refused.err, /^--to: .* is in local_path .* delete_sync is on/);
    t.deepEqual(readdirSync(box.local), []);
  }
  t.is((await restoreHere(box, { to: box.local, yes: true })).code, 0);
  t.deepEqual(readdirSync(box.local), ['a']);
});

test.serial(
  'while a run is under way in local_path a restore into it is refused, and the other way round',
  async t => {
    const box = await sandbox(t);
    box.configure({ delete_sync: 0 });
    box.write('a', 'a');
    await syncHere(box);
    const lock = await lockLedger(ledgerFile(join(box.home, 'db'), taskIn(box.home)), () => {});
    const refused = await restoreHere(box, { to: box.local });
    t.is(refused.code, 2);
    t.regex(refused.err, /a run is under way there/);
    t.is((await restoreHere(box, { to: box.local, yes: true })).code, 0);
    t.is((await restoreHere(box, { to: join(box.root, 'back') })).code, 0);
    await lock.release();

    rmSync(join(box.local, 'a'));
    const meanwhile = during(box, () => syncHere(box));
    t.is((await restoreHere(box, { to: box.local })).code, 0);
    t.is((await meanwhile()).code, 3);
  },
);

test.serial('one restore at a time goes into a folder', async t => {
  const box = await sandbox(t);
  await putObjects(box, { 'backup/a': 'a' });
  const to = join(box.root, 'back');
  const meanwhile = during(box, () => restoreHere(box, { to }));
  t.is((await restoreHere(box, { to })).code, 0);
  t.is((await meanwhile()).code, 3);
});

testWhere(process.platform === 'linux', 'only Linux has /proc')(
  'a folder in which no file can be made is exit code 2, and leaves no notes behind',
  async t => {
    const box = await sandbox(t);
    await putObjects(box, { 'backup/a': 'x' });
    const { code, err } = await restoreHere(box, { to: '/proc/self/fdinfo' });
    t.is(code, 2);
    t.regex(err, /^--to: \S+ cannot be written \(E[A-Z]+\)[^\n]+$/);
    t.deepEqual(
      readdirSync(join(box.home, 'db')).filter(name => name.endsWith('.state')),
      [],
    );
  },
);

test.serial('wrong usage is exit code 2, in one line, and nothing is asked of COS', async t => {
  const box = await sandbox(t);
  const to = join(box.root, 'back');
  const file = join(box.root, 'file');
  writeFileSync(file, '');
  const wrong = [
    {},
    { to: file },
    { to: join(file, 'below') },
    // There is no making a folder in it, though it is one.
    ...(process.platform === 'linux' ? [{ to: '/proc/x' }] : []),
    { to, overwrite: 'newer' },
    { to, at: 'yesterday' },
    { to, at: '2h', run: '1' },
    { to, run: '7' },
    { to, thaw: '0' },
    { to, thaw: 'a' },
    { to, at: '2026-02-30T10:00' },
    // A variable that is not set is no wish for everything.
    { to, paths: [''] },
  ];
  for (const command of wrong) {
    const { code, err } = await restoreHere(box, command);
    t.is(code, 2, JSON.stringify(command));
    t.regex(err, /^(--\w+|PATH): [^\n]+$/);
  }
  t.deepEqual(box.proxy.requests, []);
});

test.serial('where nothing is under cos_path, or was, that is said', async t => {
  const box = await sandbox(t);
  const to = join(box.root, 'back');
  const { code, err } = await restoreHere(box, { to });
  t.is(code, 0);
  t.regex(err, /^nothing is restored: no object is under cos:\/\/.*\/backup\/\. Check bucket and cos_path\n/);
  await putObjects(box, { 'backup/a': 'a' });
  t.is((await restoreHere(box, { to })).err, '');
  t.is((await restoreHere(box, { to })).err, '');
});

test.serial("the program's own folders take no restore", async t => {
  const box = await sandbox(t);
  await putObjects(box, { 'backup/history.db': 'x' });
  for (const to of ['db', 'conf/new', 'log']) {
    const { code, err } = await restoreHere(box, { to: join(box.home, to), yes: true });
    t.is(code, 2);
    t.regex(err, /^--to: .* is in the program's own folder /);
  }
  t.false(existsSync(join(box.home, 'db', 'history.db')));
  t.false(existsSync(join(box.home, 'conf', 'new')));
});
