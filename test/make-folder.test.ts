import { mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test from 'ava';
import { makeFolder } from '../src/make-folder.ts';
import { testWhere } from './support/test-where.ts';

test('a folder is made with those above it, and what is there stays', t => {
  const root = mkdtempSync(join(tmpdir(), 'cos_sync-make-'));
  t.teardown(() => rmSync(root, { recursive: true, force: true }));
  const folder = join(root, 'a', 'b', 'c');
  makeFolder(folder);
  writeFileSync(join(folder, 'file'), '');
  makeFolder(folder);
  t.true(statSync(join(folder, 'file')).isFile());
  t.throws(() => makeFolder(join(folder, 'file')), { code: 'EEXIST' });
  t.throws(() => makeFolder(join(folder, 'file', 'inner')), { code: 'EEXIST' });
});

testWhere(process.platform === 'linux', 'only Linux has /proc')(
  'a place that takes no folders is an error, and is not tried for ever',
  t => {
    t.throws(() => makeFolder('/proc/cos_sync/db'), { code: 'ENOENT' });
  },
);
