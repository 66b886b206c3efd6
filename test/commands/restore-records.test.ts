import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test from 'ava';
import { recordsOnDisk } from '../../src/commands/restore/records-on-disk.ts';
import type { LedgerRecord } from '../../src/ledger/records.ts';
import { recordOf } from '../support/records.ts';

test('a restored file is recorded only after it was brought to the disk', async t => {
  const folder = mkdtempSync(join(tmpdir(), 'cos_sync-records-'));
  t.teardown(() => rmSync(folder, { recursive: true, force: true }));
  const put: LedgerRecord[] = [];
  const recording = recordsOnDisk({ put: record => put.push(record) }, folder);
  for (const path of ['a', 'b']) {
    writeFileSync(join(folder, path), path);
    recording.put(recordOf(path));
  }
  t.deepEqual(put, []);
  await recording.end();
  t.deepEqual(
    put.map(({ path }) => path),
    ['a', 'b'],
  );
});
