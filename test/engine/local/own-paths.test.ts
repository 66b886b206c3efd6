import { copyFileSync, linkSync, mkdirSync, symlinkSync, unlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'ava';
import { ownPlaceOf } from '../../../src/engine/local/own-paths.ts';
import { sandbox } from '../../support/sandbox.ts';

/** A sandbox whose program lies in the folder that is synced; `other` is another way to that folder. */
async function boxAround(...args: Parameters<typeof sandbox>) {
  const box = await sandbox(...args);
  const other = `${box.root}.link`;
  symlinkSync(box.root, other);
  args[0].teardown(() => unlinkSync(other));
  box.write('a.txt', 'a');
  return { box, other };
}

const PLAIN = ['backup/data/', 'backup/data/a.txt', 'backup/home/'];

test("the program's own folders are left out where local_path is reached through a link", async t => {
  const { box, other } = await boxAround(t);
  box.configure({ local_path: other, exclude: ['/cos'] });
  t.is((await box.run()).code, 0);
  t.is((await box.run()).code, 0);
  t.deepEqual(await box.keys(), PLAIN);
});

test("the program's own folders are left out where its home is reached through a link", async t => {
  const { box, other } = await boxAround(t);
  box.configure({ local_path: box.root, exclude: ['/cos'] });
  t.is((await box.run('--home', join(other, 'home'))).code, 0);
  t.deepEqual(await box.keys(), PLAIN);
});

test('a configuration file in local_path is left out wherever it lies', async t => {
  const box = await sandbox(t);
  box.write('a.txt', 'a');
  const file = join(box.local, 'my.json');
  copyFileSync(join(box.home, 'conf', 'config.json'), file);
  t.is((await box.run('--config', file)).code, 0);
  linkSync(file, join(box.local, 'same file.json'));
  symlinkSync(file, join(box.local, 'link.json'));
  t.is((await box.run('--config', file)).code, 0);
  t.deepEqual(await box.keys(), ['backup/a.txt']);
  const { stdout } = await box.run('--config', file, '--explain', file);
  t.is(stdout, "my.json: left out: my.json is this program's own file\n");
});

test("a link that is followed does not lead into the program's own folders", async t => {
  const box = await sandbox(t);
  box.write('a.txt', 'a');
  writeFileSync(join(box.home, 'notes.txt'), 'beside the program');
  symlinkSync(box.home, join(box.local, 'to home'));
  symlinkSync(join(box.home, 'conf'), join(box.local, 'to conf'));
  mkdirSync(join(box.root, 'parent'));
  symlinkSync(box.home, join(box.root, 'parent', 'deep'));
  symlinkSync(join(box.root, 'parent'), join(box.local, 'to parent'));
  t.is((await box.run()).code, 0);
  t.is((await box.run()).code, 0);
  t.deepEqual(await box.keys(), [
    'backup/a.txt',
    'backup/to home/',
    'backup/to home/notes.txt',
    'backup/to parent/',
    'backup/to parent/deep/',
    'backup/to parent/deep/notes.txt',
  ]);
  const path = 'to home/conf/config.json';
  const { stdout } = await box.run('--explain', join(box.local, path));
  t.is(stdout, `${path}: left out: to home/conf/ is this program's own folder\n`);
});

test('what was uploaded before it became the own of the program is not deleted', async t => {
  const box = await sandbox(t);
  const tool = join(box.root, 'tool');
  mkdirSync(join(tool, 'conf'), { recursive: true });
  copyFileSync(join(box.home, 'conf', 'config.json'), join(tool, 'conf', 'config.json'));
  writeFileSync(join(tool, 'conf', 'other.json'), '{}');
  symlinkSync(tool, join(box.local, 'tool'));
  box.write('a.txt', 'a');
  t.is((await box.run()).code, 0);
  const before = await box.keys();
  t.true(before.includes('backup/tool/conf/config.json'));
  symlinkSync(join(box.home, 'db'), join(tool, 'db'));
  const { code, json } = await box.runJson('--config', join(tool, 'conf', 'config.json'));
  t.is(code, 0);
  t.like(json, { del_file_ok: 0, deletes_held: 0, upload_file_ok: 0 });
  t.deepEqual(await box.keys(), before);
});

test('what is kept of a configuration is left out where that lies in local_path', async t => {
  const box = await sandbox(t);
  const file = join(box.local, 'conf', 'config.json');
  mkdirSync(join(box.local, 'conf'));
  copyFileSync(join(box.home, 'conf', 'config.json'), file);
  box.write('conf/config.json.old', 'an earlier one');
  t.is((await box.run('--config', file, '--create-folders', '0')).code, 0);
  t.is((await box.run('--config', file, '--create-folders', '0')).code, 0);
  t.deepEqual(await box.keys(), []);
});

test('where names ignore case, own paths do too', t => {
  const reserved = ['Tool/db/', 'Tool/my.json'];
  t.is(ownPlaceOf(reserved, 'tool/DB/x', true), 'Tool/db/');
  t.is(ownPlaceOf(reserved, 'TOOL/My.JSON', true), 'Tool/my.json');
  t.is(ownPlaceOf(reserved, 'tool/DB/x', false), undefined);
  t.is(ownPlaceOf(reserved, 'Tool/db/x', false), 'Tool/db/');
  t.is(ownPlaceOf(reserved, 'Tool/my.json.bak', true), undefined);
});
