import { mkdirSync, mkdtempSync, renameSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import test, { type ExecutionContext } from 'ava';
import { parseConfig } from '../../src/config/schema.ts';
import { decideDeletions } from '../../src/engine/deletions.ts';
import { partOf } from '../../src/engine/local/part.ts';
import type { Plan } from '../../src/engine/plan.ts';
import { planOf } from '../../src/engine/plan-folder.ts';
import type { LedgerRecord } from '../../src/ledger/records.ts';
import { recordOf } from '../support/records.ts';
import { until } from '../support/until.ts';

interface Folder {
  root: string;
  write(path: string): void;
  /** Plans what changed in some folders; all others that are recorded are known. */
  plan(folders: readonly string[], rules?: { mayDelete?: boolean; rest?: number }): Promise<Plan>;
}

function folderOf(t: ExecutionContext, ...paths: string[]): Folder {
  const root = mkdtempSync(join(tmpdir(), 'cos_sync-part-'));
  t.teardown(() => rmSync(root, { recursive: true, force: true }));
  const records: LedgerRecord[] = [];
  const known = new Set(['']);
  function write(path: string): void {
    mkdirSync(join(root, path, '..'), { recursive: true });
    writeFileSync(join(root, path), path);
  }
  for (const path of paths) {
    write(path);
    records.push(recordOf(path, { size: path.length, mtime: Number.NaN }));
    known.add(path.slice(0, path.lastIndexOf('/') + 1));
  }
  records.sort((a, b) => (a.path < b.path ? -1 : 1));
  const parsed = parseConfig({ secret_id: 'i', secret_key: 'k', bucket: 'b-1250000000', local_path: root });
  if ('faults' in parsed) throw new Error('the configuration is refused');
  return {
    root,
    write,
    plan(folders, { mayDelete = true, rest = 0 } = {}) {
      const part = partOf(folders, folder => known.has(folder));
      return planOf({
        config: parsed.config,
        own: { folders: [], files: [] },
        records: records.filter(({ path }) => part.includes(path)),
        part: { ...part, mayDelete, rest, recordedFiles: paths.length, hasOthers: true },
        onScanned() {},
        signal: new AbortController().signal,
      });
    },
  };
}

const pathsOf = (list: readonly { path: string }[]) => list.map(({ path }) => path);

function deletedBy(plan: Plan): string[] {
  const transferred = { failedSizes: new Map(), moved: new Set<string>(), unreadable: [] };
  const rules = { deleteSync: true, maxDelete: { share: 1 }, allowEmpty: false };
  return decideDeletions(plan, transferred, rules).files;
}

test('only what was in the folders that were scanned can be gone', async t => {
  const { root, plan } = folderOf(t, 'a/x', 'a/in/x', 'b/x', 'c/x');
  for (const path of ['a', 'b', 'c']) rmSync(join(root, path), { recursive: true });
  mkdirSync(join(root, 'a'));
  await delay(20);
  t.deepEqual(deletedBy(await plan(['a/'])), ['a/x']);
  t.deepEqual(deletedBy(await plan(['b/'])), [], 'that it is gone shows in the folder that it was in');
});

test('what is gone while other folders wait may be copied to where it is now, and is deleted later', async t => {
  const { root, plan } = folderOf(t, 'a/x', 'a/y', 'b/z');
  renameSync(join(root, 'a/x'), join(root, 'b/x'));
  await delay(20);
  const found = await plan(['a/', 'b/'], { mayDelete: false });
  t.deepEqual(pathsOf(found.goneFiles), ['a/x']);
  t.deepEqual(pathsOf(found.uploads), ['b/x']);
  t.deepEqual(found.goneForLater, ['a/x']);
  t.deepEqual(deletedBy(found), []);
});

test('files of a new folder wait until they were at rest, and with them what is gone', async t => {
  const { root, plan, write } = folderOf(t, 'a/x', 'a/y');
  write('a/new/deep/writing');
  write('a/late');
  rmSync(join(root, 'a/x'));
  await delay(20);
  const found = await plan(['a/'], { rest: 3_600_000 });
  t.deepEqual(pathsOf(found.uploads), ['a/late'], 'events tell of what happens in a folder that is known');
  t.deepEqual(found.createFolders, ['a/new/', 'a/new/deep/']);
  t.deepEqual([...found.unrested.keys()], ['a/new/deep/']);
  t.deepEqual(deletedBy(found), []);
  const later = await plan(['a/'], { rest: 1 });
  t.deepEqual(pathsOf(later.uploads), ['a/late', 'a/new/deep/writing']);
  t.is(later.unrested.size, 0);
  t.deepEqual(deletedBy(later), ['a/x']);
});

test('a folder that changed a few ms before the scan may have changed during it: its clock goes in ticks', async t => {
  const { root, plan } = folderOf(t, 'a/x', 'a/y');
  rmSync(join(root, 'a/x'));
  await until(async () => {
    const now = (Date.now() - 4) / 1_000;
    utimesSync(join(root, 'a'), now, now);
    const found = await plan(['a/']);
    // A scan that began later can be sure.
    const isDoubtful = found.goneDuringScan.length > 0;
    t.deepEqual(deletedBy(found), isDoubtful ? [] : ['a/x']);
    return isDoubtful;
  });
});
