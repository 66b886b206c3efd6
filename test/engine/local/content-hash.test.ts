import { mkdtempSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test from 'ava';
import { hashLike } from '../../../src/engine/local/content-hash.ts';
import type { Failure } from '../../../src/failure.ts';

test('a large file is not read to its end once a run is to stop', async t => {
  const folder = mkdtempSync(join(tmpdir(), 'cos_sync-hash-'));
  t.teardown(() => rmSync(folder, { recursive: true }));
  const file = join(folder, 'large');
  writeFileSync(file, '');
  truncateSync(file, 8 * 1024 ** 3);
  const stop = new AbortController();
  for (const recorded of ['', 'crc64:']) {
    const hashed = t.throwsAsync<Failure>(hashLike(recorded, file, stop.signal));
    setTimeout(() => stop.abort(), 50);
    t.like(await hashed, { kind: 'stopped' });
  }
});
