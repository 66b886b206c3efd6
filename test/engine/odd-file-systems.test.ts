import { mkdirSync, renameSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import type { ExecutionContext } from 'ava';
import { type FuseOptions, mountFuse, noFuse } from '../support/fuse.ts';
import { type Sandbox, sandbox } from '../support/sandbox.ts';
import { testWhere } from '../support/test-where.ts';
import { until } from '../support/until.ts';

const missing = noFuse();
const fuseTest = testWhere(!missing, missing);

fuseTest(
  'where names ignore case, a file or folder of another spelling takes the place of the old one',
  async t => {
    const box = await sandbox(t);
    const source = join(box.root, 'source');
    await mountFuse(t, source, box.local, { ignoresCase: true });
    for (const path of ['Readme.TXT', 'Docs/a', 'stays']) box.write(path, path);
    const first = await box.run();
    t.is(first.code, 0, first.stdout + first.stderr);
    // In the mounted folder both are one name already.
    renameSync(join(source, 'Readme.TXT'), join(source, 'README.txt'));
    renameSync(join(source, 'Docs'), join(source, 'docs'));
    for (const path of ['', 'docs']) utimesSync(join(source, path), 1, 1);
    t.like((await box.runJson()).json, { exit_code: 0, del_file_ok: 2, del_folder_ok: 1, upload_bytes: 0 });
    t.deepEqual(await box.keys(), ['backup/README.txt', 'backup/docs/', 'backup/docs/a', 'backup/stays']);
  },
);

const BLOCKED = {
  '/list': ['list'],
  '/stat': ['stat'],
  '/a.open': ['open'],
  '/a.read': ['read'],
  '/a.stat': ['stat'],
} as const;

/** A folder in which some calls never come back. */
async function blockingBox(
  t: ExecutionContext,
  blocked: NonNullable<FuseOptions['blocked']>,
): Promise<Sandbox> {
  const box = await sandbox(t);
  const source = join(box.root, 'source');
  for (const folder of ['list', 'stat', 'fine']) {
    mkdirSync(join(source, folder), { recursive: true });
    writeFileSync(join(source, folder, 'inside'), folder);
  }
  for (const file of ['a.open', 'a.read', 'a.stat', 'z']) writeFileSync(join(source, file), file);
  await mountFuse(t, source, box.local, { blocked });
  return box;
}

fuseTest(
  'what does not answer fails by its name after timeout, all else gets to COS, and the run ends',
  async t => {
    const box = await blockingBox(t, BLOCKED);
    box.configure({ timeout: 1 });
    const { code, json } = await box.runJson();
    t.is(code, 1);
    t.deepEqual(
      json.errors.map(error => `${error.path} ${error.code}`).sort(),
      ['a.open', 'a.read', 'a.stat', 'list/', 'stat/'].map(path => `${path} ReadTimeout`),
    );
    t.deepEqual(
      (await box.keys()).filter(key => !key.endsWith('/')),
      ['backup/fine/inside', 'backup/z'],
    );
  },
);

fuseTest('two signals end a program whose folders and files do not answer', async t => {
  const { '/list': list, '/a.open': open, '/a.read': read } = BLOCKED;
  const box = await blockingBox(t, { '/list': list, '/a.open': open, '/a.read': read });
  const { child, output, ended } = box.start();
  await until(() => output().stdout.includes('createFolder'));
  await delay(500);
  child.kill('SIGTERM');
  await delay(100);
  child.kill('SIGTERM');
  t.is((await ended).code, 143);
});
