import { mkdirSync, mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import test from 'ava';
import { type Config, parseConfig } from '../../src/config/schema.ts';
import { LocalPathUnusable } from '../../src/engine/local/local-path.ts';
import { planOf } from '../../src/engine/plan-folder.ts';
import type { FileRecord, LedgerRecord } from '../../src/ledger/records.ts';
import { recordOf } from '../support/records.ts';

function configOf(local: string): Config {
  const parsed = parseConfig({ secret_id: 'i', secret_key: 'k', bucket: 'b-1250000000', local_path: local });
  if ('faults' in parsed) throw new Error('the configuration is refused');
  return parsed.config;
}

test('a disk that goes away during the scan makes no file seem gone', async t => {
  const root = mkdtempSync(join(tmpdir(), 'cos_sync-plan-'));
  t.teardown(() => rmSync(root, { recursive: true, force: true }));
  const local = join(root, 'data');
  const records: FileRecord[] = [];
  for (const folder of ['a', 'b', 'c']) {
    mkdirSync(join(local, folder), { recursive: true });
    for (let index = 1_000; index < 1_600; index++) {
      const path = `${folder}/${index}`;
      writeFileSync(join(local, path), '');
      records.push(recordOf(path, { size: 0, mtime: Number.NaN }));
    }
  }
  const config = configOf(local);
  const signal = new AbortController().signal;
  const plan = await planOf({
    config,
    own: { folders: [], files: [] },
    records,
    onScanned: () => {},
    signal,
  });
  t.is(plan.goneFiles.length, 0);
  t.is(plan.scannedFiles, 1_800);

  function unmount(): void {
    if (isAway) return;
    isAway = true;
    renameSync(local, `${local}.away`);
    mkdirSync(local);
  }
  let isAway = false;
  await t.throwsAsync(
    planOf({ config, own: { folders: [], files: [] }, records, onScanned: unmount, signal }),
    {
      instanceOf: LocalPathUnusable,
    },
  );
});

test('what is gone from a folder that changed during the scan may have moved unseen, and waits', async t => {
  const root = mkdtempSync(join(tmpdir(), 'cos_sync-plan-'));
  t.teardown(() => rmSync(root, { recursive: true, force: true }));
  const records: LedgerRecord[] = [];
  const add = (path: string) => {
    mkdirSync(join(root, path, '..'), { recursive: true });
    writeFileSync(join(root, path), '');
    records.push(recordOf(path, { size: 0, mtime: Number.NaN }));
  };
  for (let index = 1_000; index < 2_200; index++) add(`b/${index}`);
  for (const path of ['y/gone', 'y/stays', 'z/deep/x', 'z/gone', 'z/x']) add(path);
  records.push({ path: 'y/old/' }, { path: 'z/deep/' });
  records.sort((a, b) => (a.path < b.path ? -1 : 1));
  for (const path of ['y/gone', 'z/gone']) rmSync(join(root, path));
  await delay(20);

  function move(): void {
    // A file system's clock goes in ticks of some ms, and may be behind the start of the scan.
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 20);
    renameSync(join(root, 'z/x'), join(root, 'b/x'));
    renameSync(join(root, 'z/deep'), join(root, 'b/deep'));
  }
  const begun = new Map([
    ['y/new', { path: 'y/new', begun: [{ at: 0, until: 0, size: 1 }] }],
    ['z/deep/new', { path: 'z/deep/new', begun: [{ at: 0, until: 0, size: 1 }] }],
  ]);
  const signal = new AbortController().signal;
  const own = { folders: [], files: [] };
  const options = { config: configOf(root), own, records, begun, signal };
  // The scan has begun by then, and has not yet read a folder.
  const planning = planOf({ ...options, onScanned: () => {} });
  move();
  const plan = await planning;
  t.deepEqual(
    plan.goneFiles.map(({ path }) => path),
    ['y/gone'],
  );
  t.deepEqual(plan.goneFolders, ['y/old/']);
  t.deepEqual(
    plan.goneBegun.map(({ path }) => path),
    ['y/new'],
  );
  t.deepEqual(plan.goneDuringScan.sort(), ['z/deep/', 'z/deep/new', 'z/deep/x', 'z/gone', 'z/x']);

  await delay(20);
  const next = await planOf({ ...options, onScanned: () => {} });
  t.is(next.goneFiles.length, 4);
  t.deepEqual(next.goneDuringScan, []);
});

test('what is planned is handed out while the scan goes on, each file once', async t => {
  const root = mkdtempSync(join(tmpdir(), 'cos_sync-plan-'));
  t.teardown(() => rmSync(root, { recursive: true, force: true }));
  for (let index = 0; index < 2_500; index++) writeFileSync(join(root, `${index}`), '');
  const handedOut: string[] = [];
  let scanned = 0;
  let scannedAtFirst = 0;
  const plan = await planOf({
    config: configOf(root),
    own: { folders: [], files: [] },
    records: [],
    signal: new AbortController().signal,
    onScanned: entries => {
      scanned = entries;
    },
    onPlanned: ({ uploads, newPaths }) => {
      scannedAtFirst ||= scanned;
      t.deepEqual(
        uploads.map(({ path }) => path),
        [...newPaths],
      );
      handedOut.push(...newPaths);
    },
  });
  t.true(scannedAtFirst < 2_500, `${scannedAtFirst} were scanned before the first was handed out`);
  t.is(handedOut.length, 2_500);
  t.is(new Set(handedOut).size, 2_500);
  t.deepEqual(plan.uploads, []);
});
