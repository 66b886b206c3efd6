import { EventEmitter } from 'node:events';
import fs, { mkdirSync, mkdtempSync, renameSync, rmSync } from 'node:fs';
import { syncBuiltinESMExports } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import { createFilter } from '../../../src/engine/local/filter.ts';
import type { Doubt, Watcher } from '../../../src/engine/watch/watcher.ts';

/** What Windows tells by one watch: names with backslashes, and none where too much happened at once. */
type Listener = (type: 'rename' | 'change', name: string | null) => void;

class Watch extends EventEmitter {
  isClosed = false;
  readonly tell: Listener;
  constructor(tell: Listener) {
    super();
    this.tell = tell;
  }
  close(): void {
    this.isClosed = true;
  }
}

const opened = new Map<string, Watch>();
fs.watch = ((folder: string, _: object, listener: Listener) => {
  const watch = new Watch(listener);
  opened.set(folder, watch);
  return watch;
}) as unknown as typeof fs.watch;
syncBuiltinESMExports();
const { createWatcher } = await import('../../../src/engine/watch/watcher.ts');

interface Watched {
  root: string;
  watcher: Watcher;
  changed: Set<string>;
  doubts: Doubt[];
  scan(...folders: string[]): void;
  tell: Listener;
  watch(): Watch;
}

function watched(t: ExecutionContext, ...folders: string[]): Watched {
  const root = mkdtempSync(join(tmpdir(), 'cos_sync-recursive-'));
  for (const path of folders) mkdirSync(join(root, path), { recursive: true });
  const own = { reserved: [], inos: new Set<number>(), identities: new Set<string>() };
  const [changed, doubts] = [new Set<string>(), [] as Doubt[]];
  const watcher = createWatcher({
    localPath: root,
    filter: createFilter({ include: [], exclude: ['cache/'], own, systemFolders: [] }),
    ignored: [],
    isRecursive: true,
    onChange: folder => changed.add(folder),
    onDoubt: doubt => doubts.push(doubt),
  });
  t.teardown(() => {
    watcher.close();
    rmSync(root, { recursive: true, force: true });
  });
  const watch = () => opened.get(`${root}/`)!;
  const box: Watched = {
    root,
    watcher,
    changed,
    doubts,
    scan(...all) {
      watcher.beginFull();
      for (const path of ['', ...all]) watcher.reading({ path, absolute: `${root}/${path}` });
      watcher.end(true);
    },
    tell: (type, name) => watch().tell(type, name),
    watch,
  };
  box.scan(...folders);
  return box;
}

test('a change is a hint at the nearest folder that is known', t => {
  const { root, watcher, changed, tell } = watched(t, 'a/', 'a/b/');
  mkdirSync(join(root, 'cache'));
  t.deepEqual(watcher.coverage(), { folders: 3, missing: 0, untold: [] });
  tell('change', 'a\\b\\file');
  tell('rename', 'a\\new\\deep\\file');
  tell('change', 'file');
  t.deepEqual([...changed], ['a/b/', 'a/', '']);
  changed.clear();
  // That something in it changed, Windows tells of a folder, too.
  tell('change', 'a\\b');
  tell('change', 'cache\\file');
  t.deepEqual([...changed], []);
});

test('a folder that moved, or that is another by now, is no longer known, nor what was in it', t => {
  const { root, watcher, changed, tell } = watched(t, 'a/', 'a/b/', 'c/');
  renameSync(join(root, 'a'), join(root, 'c', 'a'));
  mkdirSync(join(root, 'a', 'b'), { recursive: true });
  tell('rename', 'a');
  tell('rename', 'c\\a');
  tell('rename', 'a');
  t.deepEqual([...changed], ['', 'c/']);
  const part = watcher.beginPart([...changed]);
  t.deepEqual([part.isKnown('a/'), part.isKnown('a/b/'), part.isKnown('c/')], [false, false, true]);
});

test('an event without a name says that there were more than are told of', t => {
  const { doubts, tell } = watched(t, 'a/');
  tell('change', null);
  t.deepEqual(doubts, ['overflow']);
});

test('a watch that fails is a doubt, and the next full scan opens another', t => {
  const { doubts, watch, scan, tell, changed } = watched(t, 'a/');
  const first = watch();
  first.emit('error', Object.assign(new Error('EPERM'), { code: 'EPERM' }));
  t.deepEqual(doubts, ['watchFailed']);
  scan('a/');
  t.true(first.isClosed);
  t.not(watch(), first);
  first.emit('error', new Error('a late one'));
  t.deepEqual(doubts, ['watchFailed'], 'one that is closed says nothing any more');
  tell('change', 'a\\file');
  t.deepEqual([...changed], ['a/']);
});
