import {
  mkdirSync,
  mkdtempSync,
  readFileSync,
  renameSync,
  rmdirSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import test, { type ExecutionContext } from 'ava';
import { createFilter } from '../../../src/engine/local/filter.ts';
import { createWatcher, type Doubt, type Watcher } from '../../../src/engine/watch/watcher.ts';
import { canMount, makeImage, mount } from '../../support/mounts.ts';
import { testWhere } from '../../support/test-where.ts';
import { until } from '../../support/until.ts';

interface Watched {
  root: string;
  watcher: Watcher;
  changed: Set<string>;
  doubts: Doubt[];
}

/** Watches some folders as a full scan would. */
function watched(t: ExecutionContext, ...folders: string[]): Watched {
  return watchedIn(t, mkdtempSync(join(tmpdir(), 'cos_sync-watcher-')), folders);
}

function watchedIn(
  t: ExecutionContext,
  root: string,
  folders: readonly string[],
  isRecursive = false,
): Watched {
  const own = { reserved: [], inos: new Set<number>(), identities: new Set<string>() };
  const filter = createFilter({ include: [], exclude: ['*.tmp', 'cache/'], own, systemFolders: [] });
  const [changed, doubts] = [new Set<string>(), [] as Doubt[]];
  const watcher = createWatcher({
    localPath: root,
    filter,
    ignored: [join(root, 'metrics.prom')],
    isRecursive,
    onChange: folder => changed.add(folder),
    onDoubt: doubt => doubts.push(doubt),
  });
  t.teardown(() => {
    watcher.close();
    rmSync(root, { recursive: true, force: true });
  });
  for (const path of folders) mkdirSync(join(root, path), { recursive: true });
  watcher.beginFull();
  for (const path of ['', ...folders]) watcher.reading({ path, absolute: `${root}/${path}` });
  watcher.end(true);
  return { root, watcher, changed, doubts };
}

test('a change is a hint at its folder; what takes no part and what the program writes is none', async t => {
  const { root, changed, doubts } = watched(t, 'a/', 'a/b/');
  writeFileSync(join(root, 'x.tmp'), '');
  writeFileSync(join(root, 'metrics.prom'), '');
  mkdirSync(join(root, 'cache'));
  writeFileSync(join(root, 'a/b/file'), 'x');
  await until(() => changed.size > 0);
  await delay(50);
  t.deepEqual([...changed], ['a/b/']);
  t.deepEqual(doubts, []);
});

test('a known folder that was moved is no longer known, nor what was below it', async t => {
  const { root, watcher, changed } = watched(t, 'a/', 'a/b/', 'c/');
  renameSync(join(root, 'a'), join(root, 'c/a'));
  await until(() => changed.has('') && changed.has('c/'));
  const part = watcher.beginPart([...changed]);
  t.false(part.isKnown('a/'));
  t.false(part.isKnown('a/b/'));
  t.true(part.isKnown('c/'));
  t.true(part.includes('a/b/file'), 'what is recorded of it is judged with the folder that it was in');
});

test('a run begins with what was known: what it comes across is known to the next', t => {
  const { root, watcher } = watched(t, 'a/');
  mkdirSync(join(root, 'a/new'));
  const part = watcher.beginPart(['a/']);
  watcher.reading({ path: 'a/new/', absolute: `${root}/a/new/` });
  t.is(part.look('a/new/'), 'read');
  watcher.end(true);
  t.is(watcher.beginPart(['a/']).look('a/new/'), 'keep');
});

test('a run that was not through leaves new what was new', t => {
  const { root, watcher } = watched(t, 'a/');
  mkdirSync(join(root, 'a/new'));
  watcher.beginPart(['a/']);
  watcher.reading({ path: 'a/new/', absolute: `${root}/a/new/` });
  watcher.end(false);
  t.is(watcher.beginPart(['a/']).look('a/new/'), 'read');
});

test('local_path itself replaced by another folder is a doubt', async t => {
  const { root, doubts } = watched(t, 'a/');
  renameSync(root, `${root}.away`);
  mkdirSync(root);
  await until(() => doubts.includes('rootReplaced'));
  rmSync(`${root}.away`, { recursive: true });
  t.pass();
});

test('only the files that the program itself writes are passed over, not those whose names begin alike', async t => {
  const { root, changed } = watched(t, 'a/');
  writeFileSync(join(root, 'metrics.prom.123.tmp'), '');
  renameSync(join(root, 'metrics.prom.123.tmp'), join(root, 'metrics.prom'));
  writeFileSync(join(root, 'a/file'), '');
  await until(() => changed.has('a/'));
  t.deepEqual([...changed], ['a/']);
  writeFileSync(join(root, 'metrics.prom.xlsx'), '');
  await until(() => changed.has(''));
});

test('another folder in the place of local_path is found without an event, and said once', async t => {
  const { root, doubts, watcher } = watched(t, 'a/');
  watcher.lookAround();
  t.deepEqual(doubts, []);
  renameSync(root, `${root}.away`);
  mkdirSync(root);
  doubts.length = 0;
  watcher.lookAround();
  t.deepEqual(doubts, ['rootReplaced']);
  watcher.lookAround();
  t.deepEqual(doubts, ['rootReplaced'], 'once');
  rmSync(`${root}.away`, { recursive: true });
});

const mountTest = canMount() ? test : test.skip;

mountTest('what is mounted over a folder is a doubt', t => {
  const { root, doubts, watcher } = watched(t, 'a/');
  mount(t, join(root, 'a'), '-t', 'tmpfs', 'x');
  watcher.lookAround();
  watcher.lookAround();
  t.deepEqual(doubts, ['mounted']);
});

mountTest(
  'a folder that was deleted and made anew is watched anew where it cannot be told from the old one',
  async t => {
    const base = mkdtempSync(join(tmpdir(), 'cos_sync-watcher-'));
    t.teardown(() => rmSync(base, { recursive: true, force: true }));
    // Such a file system keeps no times of birth, and gives an inode's number to the next that asks.
    const image = makeImage(base, '-I', '128');
    if (image === undefined) return t.pass('no image can be mounted here');
    const place = join(base, 'place');
    mount(t, place, '-o', 'loop', image);
    mkdirSync(join(place, 'root'));
    const { root, watcher, changed } = watchedIn(t, join(place, 'root'), ['a/']);
    const inode = statSync(join(root, 'a')).ino;
    rmdirSync(join(root, 'a'));
    mkdirSync(join(root, 'a'));
    t.is(statSync(join(root, 'a')).ino, inode);
    await until(() => changed.has(''));
    t.false(watcher.beginPart(['']).isKnown('a/'));
  },
);

const onLinux = testWhere(process.platform === 'linux', 'only Linux has inotify');

onLinux('more events than the system keeps are a doubt, few are none', async t => {
  const { root, changed, doubts } = watched(t, 'a/');
  const most = Number(readFileSync('/proc/sys/fs/inotify/max_queued_events', 'utf8'));
  for (let file = 0; file < 500; file++) writeFileSync(join(root, 'a', `${file}`), 'x');
  await until(() => changed.size > 0);
  await delay(50);
  t.deepEqual(doubts, []);
  const [one, other] = [join(root, 'a', '0'), join(root, 'a', 'other')];
  for (let count = 0; count < most; count += 2) {
    renameSync(one, other);
    renameSync(other, one);
  }
  await until(() => doubts.length > 0);
  t.deepEqual(doubts, ['overflow']);
});

const recursively = (t: ExecutionContext, ...folders: string[]) =>
  watchedIn(t, mkdtempSync(join(tmpdir(), 'cos_sync-watcher-')), folders, true);

test('one watch of all that is below tells of the folder that a change is in', async t => {
  const { root, watcher, changed } = recursively(t, 'a/', 'a/b/', 'c/');
  t.like(watcher.coverage(), { folders: 4, missing: 0 });
  writeFileSync(join(root, 'a/b/file'), 'x');
  await until(() => changed.has('a/b/'));
  t.deepEqual([...changed], ['a/b/']);
  changed.clear();
  mkdirSync(join(root, 'c/new/deep'), { recursive: true });
  await until(() => changed.has('c/'));
  t.deepEqual([...changed], ['c/'], 'what is in a new folder is told of the nearest that is known');
  const part = watcher.beginPart(['c/']);
  for (const path of ['c/', 'c/new/', 'c/new/deep/']) watcher.reading({ path, absolute: `${root}/${path}` });
  watcher.end(true);
  t.is(part.look('c/new/'), 'read');
  changed.clear();
  await until(() => {
    writeFileSync(join(root, 'c/new/deep/file'), `${Math.random()}`);
    return changed.has('c/new/deep/');
  });
});
