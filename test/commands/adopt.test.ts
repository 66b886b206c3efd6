import { mkdirSync, readdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'ava';
import { canMount, mount, unmount } from '../support/mounts.ts';
import { sandbox } from '../support/sandbox.ts';

const mountTest = canMount() ? test : test.skip;

test('the ledger of a folder that moved is told of, and adopted: nothing is sent again, and deletions go on', async t => {
  const box = await sandbox(t);
  for (const name of ['kept', 'removed', 'also kept']) {
    box.write(name, name);
    box.age(name);
  }
  await box.run();
  const moved = join(box.root, 'moved');
  renameSync(box.local, moved);
  const at = ['--local-path', moved];
  const told = await box.run('--dry-run', ...at);
  const [, file = ''] = /ledger adopt --from (\S+)/.exec(told.stderr) ?? [];
  t.is(
    file,
    join(
      box.home,
      'db',
      readdirSync(join(box.home, 'db')).find(name => /^[^.]+\.db$/.test(name) && name !== 'history.db') ?? '',
    ),
  );
  const refused = await box.run('ledger', 'adopt', '--from', join(moved, 'kept'), ...at);
  t.is(refused.code, 2);
  const adopted = await box.run('ledger', 'adopt', '--from', file, ...at);
  t.is(adopted.code, 0);
  t.regex(adopted.stdout, /3 records taken over/);
  renameSync(join(moved, 'removed'), join(box.root, 'removed'));
  const { json, stderr } = await box.runJson(...at);
  t.like(json, { upload_file_ok: 0, upload_file_skip: 2, del_file_ok: 1, exit_code: 0 });
  t.notRegex(stderr, /adopt/);
  t.deepEqual(await box.keys(), ['backup/also kept', 'backup/kept']);
});

test('records of a folder that is hardly the one that moved are taken over with a warning', async t => {
  const box = await sandbox(t);
  for (const name of ['one', 'two', 'sub/three']) box.write(name, name);
  await box.run();
  const sub = ['--local-path', join(box.local, 'sub')];
  const wrong = await box.run('ledger', 'adopt', ...sub);
  t.is(wrong.code, 0);
  t.regex(wrong.stderr, /^of 3 recorded files only 0 are in .*sub: .* deletes .*sync --dry-run\n$/);

  const moved = join(box.root, 'moved');
  renameSync(box.local, moved);
  rmSync(join(moved, 'one'));
  t.is((await box.run('ledger', 'adopt', '--local-path', moved)).stderr, '');
});

test('what was begun and never heard of is taken over: its object goes when its file does', async t => {
  const box = await sandbox(t);
  for (const name of ['a.txt', 'stays']) box.write(name, name);
  box.proxy.fault = ({ method, path }) =>
    method === 'PUT' && path.endsWith('/a.txt') ? { kind: 'loseAnswer' } : undefined;
  await box.run('--retry-num', '0');
  box.proxy.fault = undefined;
  t.deepEqual(await box.keys(), ['backup/a.txt', 'backup/stays']);
  const moved = join(box.root, 'moved');
  renameSync(box.local, moved);
  await box.run('ledger', 'adopt', '--local-path', moved);
  rmSync(join(moved, 'a.txt'));
  await box.run('--local-path', moved);
  t.deepEqual(await box.keys(), ['backup/stays']);
});

mountTest('a disk that is not mounted in the folder at its new place deletes nothing', async t => {
  const box = await sandbox(t);
  box.write('stays', 's');
  const disk = join(box.local, 'disk');
  mkdirSync(disk);
  mount(t, disk, '-t', 'tmpfs', 'x');
  box.write('disk/a.txt', 'a');
  await box.run();
  unmount(disk);
  const moved = join(box.root, 'moved');
  renameSync(box.local, moved);
  await box.run('ledger', 'adopt', '--local-path', moved);
  const { code } = await box.run('--local-path', moved);
  t.is(code, 4);
  t.deepEqual(await box.keys(), ['backup/disk/', 'backup/disk/a.txt', 'backup/stays']);
  t.is((await box.run('--local-path', moved, '--other-disk')).code, 0);
  t.deepEqual(await box.keys(), ['backup/disk/', 'backup/stays']);
});

mountTest(
  'a disk that is away before the records of the folder at its old place are adopted deletes nothing',
  async t => {
    const box = await sandbox(t);
    box.write('stays', 's');
    const disk = join(box.local, 'disk');
    mount(t, disk, '-t', 'tmpfs', 'x');
    box.write('disk/a.txt', 'a');
    await box.run();
    unmount(disk);
    const moved = join(box.root, 'moved');
    renameSync(box.local, moved);
    // The run that tells of the old ledger begins a new one.
    t.regex((await box.run('--local-path', moved)).stderr, /adopt/);
    await box.run('ledger', 'adopt', '--local-path', moved);
    t.is((await box.run('--local-path', moved)).code, 4);
    t.deepEqual(await box.keys(), ['backup/disk/', 'backup/disk/a.txt', 'backup/stays']);
  },
);

test('what the ledger of this folder recorded or began counts, not what an adopted one says of it', async t => {
  const box = await sandbox(t);
  const moved = join(box.root, 'moved');
  mkdirSync(moved);
  for (const name of ['begun there', 'begun here']) box.write(name, 'old');
  const loseOnly = (name: string) => {
    box.proxy.fault = ({ method, path }) =>
      method === 'PUT' && decodeURIComponent(path).endsWith(name) ? { kind: 'loseAnswer' } : undefined;
  };
  loseOnly('begun there');
  await box.run('--retry-num', '0');
  for (const name of ['begun there', 'begun here']) writeFileSync(join(moved, name), 'new');
  loseOnly('begun here');
  await box.run('--retry-num', '0', '--local-path', moved);
  box.proxy.fault = undefined;
  // As it was at its old place, it is not what this folder's run may have brought to COS.
  renameSync(join(box.local, 'begun here'), join(moved, 'begun here'));
  await box.run('ledger', 'adopt', '--local-path', moved);
  const { json } = await box.runJson('--local-path', moved);
  t.like(json, { exit_code: 0, upload_file_ok: 1, upload_file_skip: 1 });
  t.is((await box.objects()).get('backup/begun here')?.toString(), 'old');
});
