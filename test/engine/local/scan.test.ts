import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import type { Shard } from '../../../src/config/shard.ts';
import { createFilter, type Filter } from '../../../src/engine/local/filter.ts';
import type { LookCost } from '../../../src/engine/local/look-cost.ts';
import { folderOf } from '../../../src/engine/local/part.ts';
import type { Facts, Listing } from '../../../src/engine/local/read-folder.ts';
import type { Reading } from '../../../src/engine/local/reading.ts';
import { createReadingPool } from '../../../src/engine/local/reading-pool.ts';
import { createReadingThreads } from '../../../src/engine/local/reading-threads.ts';
import { type ScannedEntry, scan } from '../../../src/engine/local/scan.ts';

const NO_OWN = { reserved: [], inos: new Set<number>(), identities: new Set<string>() };

function filterOf(exclude: string[] = []): Filter {
  return createFilter({ include: [], exclude, own: NO_OWN, systemFolders: [] });
}

/** A folder with one of each that a scan can meet, and a sub-folder that is shared out. */
function oddFolder(t: ExecutionContext): string {
  const root = mkdtempSync(join(tmpdir(), 'cos_sync-scan-'));
  t.teardown(() => rmSync(root, { recursive: true, force: true }));
  for (const folder of ['a', 'a/b', 'empty', 'large', 'out', 'z']) mkdirSync(join(root, folder));
  for (const path of ['a.txt', 'a/b/c', 'a/\ufffd', 'z/last', 'out/of reach', '中文']) {
    writeFileSync(join(root, path), path);
    utimesSync(join(root, path), 1, 1.5);
  }
  writeFileSync(Buffer.concat([Buffer.from(`${root}/z/`), Buffer.from([0xff])]), 'four');
  for (let index = 0; index < 1_300; index++) writeFileSync(join(root, 'large', `f${index}`), '');
  symlinkSync('../a', join(root, 'large', 'f5-to-folder'));
  symlinkSync('../a.txt', join(root, 'large', 'f999-to-file'));
  symlinkSync('/none', join(root, 'large', 'f999-to-nothing'));
  symlinkSync('..', join(root, 'a', 'loop'));
  symlinkSync('itself', join(root, 'itself'));
  symlinkSync('a.txt/x', join(root, 'through a file'));
  execFileSync('mkfifo', [join(root, 'pipe')]);
  return root;
}

async function entriesOf(
  localPath: string,
  filter: Filter,
  symlinks: 'follow' | 'skip' = 'follow',
  scanThreads = 0,
  shard?: Shard,
): Promise<ScannedEntry[]> {
  const config = { localPath, symlinks, scanThreads, timeout: 60, shard };
  const entries: ScannedEntry[] = [];
  for await (const batch of scan({ config, filter, signal: new AbortController().signal })) {
    entries.push(...batch);
  }
  return entries;
}

test('of other shards a scan tells the folders, what is odd in them, and one file where there is any', async t => {
  const root = oddFolder(t);
  const isPlainFile = ({ kind, path }: ScannedEntry) =>
    kind === 'file' || (kind === 'elsewhere' && !path.endsWith('/'));
  const pathsOf = (entries: ScannedEntry[]) => entries.map(({ path }) => path);
  const foldersOf = (files: ScannedEntry[]) => files.map(({ path }) => folderOf(path));
  for (const threads of [0, 1]) {
    const all = await entriesOf(root, filterOf(), 'follow', threads);
    const perShard = await Promise.all(
      [0, 1, 2].map(index => entriesOf(root, filterOf(), 'follow', threads, { index, count: 3 })),
    );
    for (const entries of perShard) {
      const isOther = (one: ScannedEntry) => !isPlainFile(one);
      t.deepEqual(pathsOf(entries.filter(isOther)), pathsOf(all.filter(isOther)));
      const own = new Set(foldersOf(entries.filter(({ kind }) => kind === 'file')));
      const others = new Set(foldersOf(all.filter(isPlainFile)).filter(folder => !own.has(folder)));
      const elsewhere = entries.filter(({ kind }) => kind === 'elsewhere');
      t.deepEqual(foldersOf(elsewhere.filter(isPlainFile)), [...others]);
      t.true(elsewhere.every(({ size, mtime }) => Number.isNaN(size) && Number.isNaN(mtime)));
    }
    // Each is of one shard, which sees of it what a scan of all sees.
    const isPlain = ({ kind }: ScannedEntry) => kind === 'file' || kind === 'folder';
    const byPath = (a: ScannedEntry, b: ScannedEntry) => (a.path < b.path ? -1 : 1);
    t.deepEqual(perShard.flat().filter(isPlain).sort(byPath), all.filter(isPlain).sort(byPath));
  }
});

test('a folder is read alike in threads and in the pool, whatever is in it', async t => {
  const root = oddFolder(t);
  const rules = { filter: filterOf(['out']), symlinks: 'follow' } as const;
  // A busy machine must not make the threads give up.
  let isFast = false;
  const cost: LookCost = { took: () => {}, isFast: () => isFast, isSlow: () => false };
  const folders = ['', 'a/', 'a/b/', 'a/loop/', 'empty/', 'large/', 'z/', 'none/'].flatMap(path =>
    [false, true].map(isElsewhere => ({ path, absolute: `${root}/${path}`, isElsewhere })),
  );
  const piece = {
    names: [join('a', 'b'), 'a.txt', '', 'pipe', 'none', 'itself', 'large/f999-to-file'],
    links: [6],
  };

  const { promise: ready, resolve: areReady } = Promise.withResolvers<void>();
  const pool = createReadingPool({ rules, most: 0, timeout: 60, cost }, () => {});
  // A thread that a busy machine holds up for seconds is given up.
  const threads = createReadingThreads({ rules, most: 2, cost }, areReady, readings => {
    for (const reading of readings) pool.take(reading);
  });
  t.teardown(() => {
    pool.close();
    threads.close();
  });
  threads.start();
  await ready;
  type Wanted = Pick<Reading, 'folder' | 'piece'>;
  const wanted: Wanted[] = [
    ...folders.map(folder => ({ folder, piece: undefined })),
    { folder: folders[0]!, piece },
  ];

  /** What becomes of each reading. */
  async function read(take: (readings: Reading[]) => void, some: readonly Wanted[]): Promise<unknown[]> {
    const readings: Reading[] = [];
    const results = some.map(
      one => new Promise<Listing | Facts>((resolve, reject) => readings.push({ ...one, resolve, reject })),
    );
    take(readings);
    return (await Promise.allSettled(results)).map(result =>
      result.status === 'fulfilled' ? JSON.parse(JSON.stringify(result.value)) : { code: result.reason.code },
    );
  }

  for (const one of wanted) {
    const inPool = await read(([reading]) => pool.take(reading!), [one]);
    t.deepEqual(await read(threads.take, [one]), inPool, JSON.stringify(one));
  }
  isFast = true;
  await read(threads.take, wanted.slice(0, 1));
  const together = await read(threads.take, wanted);
  for (const [index, one] of wanted.entries()) {
    const [inPool] = await read(([reading]) => pool.take(reading!), [one]);
    t.deepEqual(together[index], inPool, `together: ${JSON.stringify(one)}`);
  }
});

test('a scan answers what is there, ascending by path, however many folders are read at a time', async t => {
  const root = oddFolder(t);
  const short = ({ kind, path, size, mtime, failure }: ScannedEntry) =>
    [kind, path, size, failure?.code ?? (kind === 'file' && size > 0 ? mtime : '')].join(' ');
  const found = (await entriesOf(root, filterOf(['out']))).map(short);
  const rest = found.filter(line => !line.startsWith('file large/f') || line.includes('to'));
  t.deepEqual(rest, [
    'file a.txt 5 1500',
    'folder a/ NaN ',
    'folder a/b/ NaN ',
    'file a/b/c 5 1500',
    'skipped a/loop/ NaN SymlinkLoop',
    'file a/\ufffd 5 1500',
    'folder empty/ NaN ',
    'skipped itself NaN SymlinkLoop',
    'folder large/ NaN ',
    'folder large/f5-to-folder/ NaN ',
    'folder large/f5-to-folder/b/ NaN ',
    'file large/f5-to-folder/b/c 5 1500',
    'skipped large/f5-to-folder/loop/ NaN SymlinkLoop',
    'file large/f5-to-folder/\ufffd 5 1500',
    'file large/f999-to-file 5 1500',
    'unreadable large/f999-to-nothing NaN DanglingSymlink',
    'skipped pipe NaN NotAFile',
    'unreadable through a file NaN DanglingSymlink',
    'folder z/ NaN ',
    'file z/last 6 1500',
    'unreadable z/\ufffd 4 InvalidUtf8Name',
    'file 中文 6 1500',
  ]);
  t.is(found.length, rest.length + 1_300);
  for (const threads of [1, 2, 64]) {
    t.deepEqual((await entriesOf(root, filterOf(['out']), 'follow', threads)).map(short), found);
  }
});

test('with symlinks skip no link is followed in a folder that is shared out', async t => {
  const found = await entriesOf(oddFolder(t), filterOf(), 'skip');
  t.deepEqual(
    found.filter(({ kind, path }) => kind === 'skipped' && path.startsWith('large/')).map(({ path }) => path),
    ['large/f5-to-folder', 'large/f999-to-file', 'large/f999-to-nothing'],
  );
});

test('patterns that matched only where a thread looked are known to have matched', async t => {
  const root = mkdtempSync(join(tmpdir(), 'cos_sync-scan-'));
  t.teardown(() => rmSync(root, { recursive: true, force: true }));
  for (let folder = 0; folder < 400; folder++) {
    mkdirSync(join(root, `d${folder}`));
    for (const name of ['x', 'y', 'z']) writeFileSync(join(root, `d${folder}`, `${name}${folder}`), '');
  }
  const exclude = Array.from({ length: 400 }, (_, folder) => `x${folder}`);
  const filter = filterOf([...exclude, 'never']);
  const found = await entriesOf(root, filter);
  t.is(found.length, 400 * 3);
  t.deepEqual(filter.unmatched(), { include: [], exclude: ['never'] });
});
