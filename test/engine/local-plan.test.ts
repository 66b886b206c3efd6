import { mkdirSync, mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test from 'ava';
import { parseConfig } from '../../src/config/schema.ts';
import { LocalPathUnusable } from '../../src/engine/errors.ts';
import { planOf } from '../../src/engine/local-plan.ts';
import type { FileRecord } from '../../src/ledger/codec.ts';

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
      records.push({ path, size: 0, mtime: Number.NaN, hash: '', etag: '' });
    }
  }
  const parsed = parseConfig({ secret_id: 'i', secret_key: 'k', bucket: 'b-1250000000', local_path: local });
  if ('faults' in parsed) return t.fail();
  const { config } = parsed;
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
