import { mkdirSync, readFileSync, statSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { mountFuse, noFuse } from '../support/fuse.ts';
import { type EndedHere, restoreHere, syncHere } from '../support/in-process.ts';
import { putObjects } from '../support/objects.ts';
import { sandbox } from '../support/sandbox.ts';
import { testWhere } from '../support/test-where.ts';
import { treeOf } from '../support/tree.ts';

const missing = noFuse();
const fuseTest = testWhere(!missing, missing);

const codesOf = ({ json }: EndedHere) =>
  Object.fromEntries(json.errors.map(({ path, code }) => [path, code]));

fuseTest('into a folder that ignores case the first spelling comes back, the others are named', async t => {
  const box = await sandbox(t);
  const [source, back] = [join(box.root, 'source'), join(box.root, 'back')];
  await mountFuse(t, source, back, { ignoresCase: true });
  await putObjects(box, { 'backup/A': 'A', 'backup/a': 'a', 'backup/Dir/x': 'x', 'backup/dir/y': 'y' });
  for (const overwrite of ['never', 'always']) {
    const ended = await restoreHere(box, { to: back, overwrite });
    t.deepEqual(codesOf(ended), { a: 'CaseCollision', 'dir/y': 'CaseCollision' });
    t.deepEqual(Object.keys(treeOf(source)), ['A', 'Dir/', 'Dir/x']);
    t.is(readFileSync(join(source, 'A'), 'utf8'), 'A');
  }
});

fuseTest('a disk below the folder that alone ignores case keeps the first spelling too', async t => {
  const box = await sandbox(t);
  const [source, back] = [join(box.root, 'source'), join(box.root, 'back')];
  mkdirSync(back);
  await mountFuse(t, source, join(back, 'disk'), { ignoresCase: true });
  box.configure({ thread_num: 1 });
  await putObjects(box, { 'backup/disk/A': 'A', 'backup/disk/a': 'another' });
  for (const [overwrite, code] of [
    ['never', 'FileExists'],
    ['always', 'CaseCollision'],
  ] as const) {
    const ended = await restoreHere(box, { to: back, overwrite });
    t.deepEqual(codesOf(ended), { 'disk/a': code });
    t.deepEqual(Object.keys(treeOf(source)), ['A']);
    t.is(readFileSync(join(source, 'A'), 'utf8'), 'A');
  }
});

fuseTest(
  'on a disk that keeps whole seconds a large file whose time was cut off is not read, nor fetched, again',
  async t => {
    const box = await sandbox(t);
    const [source, back] = [join(box.root, 'source'), join(box.root, 'back')];
    await mountFuse(t, source, back, { grain: 2 });
    box.configure({ meta: { mtime: '1600000001.5' }, delete_sync: 0 });
    box.write('large', 'x'.repeat(2 * 1024 * 1024));
    await syncHere(box);
    t.is((await restoreHere(box, { to: back })).code, 0);
    t.is(statSync(join(back, 'large')).mtimeMs, 1_600_000_000_000);
    // Its content tells whether it is read.
    writeFileSync(join(source, 'large'), 'y'.repeat(2 * 1024 * 1024));
    utimesSync(join(source, 'large'), 1, 1_600_000_000);
    box.proxy.requests.length = 0;
    const again = await restoreHere(box, { to: back });
    t.like(again.json, { op_status: 'ALL_OK', download_file_ok: 0, download_file_skip: 1 });
    t.deepEqual(
      box.proxy.requests.map(({ method }) => method),
      ['GET', 'HEAD'],
      'the listing, and what time the object has',
    );
  },
);
