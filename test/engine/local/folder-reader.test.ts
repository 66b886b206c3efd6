import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import test from 'ava';

const SRC = resolve(import.meta.dirname, '../../../src/engine/local');

test('a reader that is closed while folders are read begins nothing more, and lets the program end', t => {
  const folder = mkdtempSync(join(tmpdir(), 'cos_sync-reader-'));
  t.teardown(() => rmSync(folder, { recursive: true, force: true }));
  const program = join(folder, 'program.mjs');
  writeFileSync(
    program,
    `
    const { createFilter } = await import('${SRC}/filter.ts');
    const { createFolderReader } = await import('${SRC}/folder-reader.ts');
    const own = { reserved: [], inos: new Set(), identities: new Set() };
    const filter = createFilter({ exclude: [], include: [], own, systemFolders: [] });
    const reader = createFolderReader({ filter, symlinks: 'follow', threads: 0, timeout: 60 }, () => {});
    reader.read({ absolute: '${SRC}/', path: '' });
    // Long enough for the reader to find threads worth their start.
    const until = performance.now() + 100;
    while (performance.now() < until);
    reader.close();
    `,
  );
  const { status, stderr, error } = spawnSync(process.execPath, [program], {
    encoding: 'utf8',
    timeout: 60_000,
  });
  t.is(error, undefined);
  t.is(status, 0, stderr);
});
