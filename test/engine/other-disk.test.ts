import { execFileSync } from 'node:child_process';
import { mkdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import { isSameDisk } from '../../src/engine/other-disk.ts';
import type { Disk } from '../../src/ledger/last-scan.ts';
import { canMount, makeImage, mount, unmount } from '../support/mounts.ts';
import { type Sandbox, sandbox } from '../support/sandbox.ts';

const DISK: Disk = {
  type: 0xef53,
  bytes: 1_000,
  device: '2049',
  volume: '',
  mount: '/data',
  root: { inode: '2', born: 100 },
  folder: { inode: '12', born: 200 },
};
const UNBORN = { root: { inode: '2', born: 0 }, folder: { inode: '2', born: 0 } };

for (const [what, changes, before, isSame] of [
  ['with another device number, after a restart', { device: '2050' }, {}, true],
  ['that grew', { device: '2050', bytes: 2_000 }, {}, true],
  ['seen from another namespace', { mount: '/data/x', root: { inode: '12', born: 200 } }, {}, true],
  ['whose folder was made anew', { folder: { inode: '13', born: 300 } }, {}, true],
  ['whose folder and mount are others', { folder: { inode: '9', born: 9 }, mount: '/' }, {}, false],
  ['of another type', { type: 1 }, {}, false],
  [
    'of the same numbers that was made later',
    { root: { inode: '2', born: 101 }, folder: { inode: '12', born: 201 } },
    {},
    false,
  ],
  ['that keeps no time of birth, after a restart', { device: '7' }, UNBORN, true],
  ['that keeps no time of birth, and is another in all else', { device: '7', bytes: 7 }, UNBORN, false],
  [
    'that keeps no time of birth and grew, of the same share',
    { device: '7', bytes: 7, volume: 'nas:/a' },
    { ...UNBORN, volume: 'nas:/a' },
    true,
  ],
  ['of another share', { volume: 'nas:/b' }, { ...UNBORN, volume: 'nas:/a' }, false],
] as const satisfies [string, Partial<Disk>, Partial<Disk>, boolean][]) {
  test(`a file system ${what} is ${isSame ? 'the same' : 'another'}`, t => {
    const known = { ...DISK, ...before };
    t.is(isSameDisk(known, { ...known, ...changes }), isSame);
  });
}

const mountTest = canMount() ? test : test.skip;

/** Ways to have another file system, or another folder of the same, in a place. */
const MOUNTS: Readonly<Record<string, (t: ExecutionContext, box: Sandbox) => void>> = {
  'a file system in memory': (t, box) => mount(t, box.local, '-t', 'tmpfs', 'x'),
  'a folder that is mounted a second time': (t, box) => {
    mkdirSync(join(box.root, 'other'));
    mount(t, box.local, '--bind', join(box.root, 'other'));
  },
  'an overlay': (t, box) => {
    for (const name of ['lower', 'memory']) mkdirSync(join(box.root, name));
    mount(t, join(box.root, 'memory'), '-t', 'tmpfs', 'x');
    for (const name of ['upper', 'work']) mkdirSync(join(box.root, 'memory', name));
    const [lower, upper, work] = ['lower', 'memory/upper', 'memory/work'].map(name => join(box.root, name));
    mount(t, box.local, '-t', 'overlay', '-o', `lowerdir=${lower},upperdir=${upper},workdir=${work}`, 'o');
  },
};

for (const [kind, mountThere] of Object.entries(MOUNTS)) {
  mountTest(`while ${kind} is away from local_path, nothing that was on it is deleted`, async t => {
    const box = await sandbox(t);
    mountThere(t, box);
    for (const path of ['a', 'b', 'folder/c']) box.write(path, path);
    t.is((await box.run()).code, 0);
    unmount(box.local);
    box.write('app.log', 'somebody writes on');
    const { code, json, stderr } = await box.runJson();
    t.is(code, 4);
    t.like(json, { upload_file_ok: 1, del_file_ok: 0, deletes_held: 4, deletes_held_reasons: ['otherDisk'] });
    t.true(
      stderr.includes(`${box.local} is on another file system`) && stderr.includes('--other-disk'),
      stderr,
    );
    t.deepEqual(
      await box.keys(),
      ['a', 'app.log', 'b', 'folder/', 'folder/c'].map(path => `backup/${path}`),
    );
  });
}

mountTest('another file system is confirmed once with --other-disk', async t => {
  const box = await sandbox(t);
  mount(t, box.local, '-t', 'tmpfs', 'x');
  for (const path of ['a', 'b', 'stays']) box.write(path, path);
  t.is((await box.run()).code, 0);
  unmount(box.local);
  mount(t, box.local, '-t', 'tmpfs', 'x');
  box.write('stays', 'stays');
  t.is((await box.run()).code, 4);
  t.is((await box.run()).code, 4);
  t.is((await box.run('--dry-run')).code, 4);
  t.like((await box.runJson('--other-disk')).json, { del_file_ok: 2, exit_code: 0 });
  box.write('new', 'new');
  t.is((await box.run()).code, 0);
  rmSync(join(box.local, 'stays'));
  t.like((await box.runJson()).json, { del_file_ok: 1, exit_code: 0 });
});

/** What a run may meet in a disk's place before the disk is away, and what undoes it. */
const BETWEEN: Readonly<Record<string, (box: Sandbox) => { args: string[]; undo: () => void }>> = {
  'a run that leaves it out': () => ({ args: ['--exclude', 'usb'], undo: () => {} }),
  'a pipe in its place': box => {
    const place = join(box.local, 'usb');
    unmount(place);
    rmSync(place, { recursive: true });
    execFileSync('mkfifo', [place]);
    return {
      args: [],
      undo: () => {
        rmSync(place);
        mkdirSync(place);
      },
    };
  },
};

for (const [what, between] of Object.entries(BETWEEN)) {
  mountTest(`after ${what} a disk that is away still holds what was on it`, async t => {
    const box = await sandbox(t);
    mount(t, join(box.local, 'usb'), '-t', 'tmpfs', 'x');
    for (const path of ['a', 'usb/c']) box.write(path, path);
    t.is((await box.run()).code, 0);
    const { args, undo } = between(box);
    await box.run(...args);
    undo();
    if (args.length > 0) unmount(join(box.local, 'usb'));
    t.like((await box.runJson()).json, { exit_code: 4, del_file_ok: 0 });
    t.true((await box.keys()).includes('backup/usb/c'));
    t.like((await box.runJson('--other-disk')).json, { exit_code: 0, del_file_ok: 1 });
  });
}

mountTest('a disk below local_path that is away holds what was on it, and nothing else', async t => {
  const box = await sandbox(t);
  mount(t, join(box.local, 'usb'), '-t', 'tmpfs', 'x');
  mkdirSync(join(box.root, 'other'));
  mount(t, join(box.local, 'deep/bound'), '--bind', join(box.root, 'other'));
  for (const path of ['a', 'b', 'usb/c', 'deep/bound/d']) box.write(path, path);
  t.is((await box.run()).code, 0);
  rmSync(join(box.local, 'usb/c'));
  t.like((await box.runJson()).json, { del_file_ok: 1, exit_code: 0 });
  box.write('usb/c', 'c');
  t.is((await box.run()).code, 0);
  for (const folder of ['usb', 'deep/bound']) unmount(join(box.local, folder));
  rmSync(join(box.local, 'a'));
  rmSync(join(box.local, 'deep'), { recursive: true });
  const { code, json, stderr } = await box.runJson();
  t.is(code, 4);
  t.like(json, { del_file_ok: 1, deletes_held: 3 });
  t.true(stderr.includes(join(box.local, 'usb')) && stderr.includes(join(box.local, 'deep/bound')), stderr);
  t.deepEqual(
    (await box.keys()).filter(key => !key.endsWith('/')),
    ['backup/b', 'backup/deep/bound/d', 'backup/usb/c'],
  );
});

mountTest('a disk that is mounted again, as another device, is the one that it was', async t => {
  const box = await sandbox(t);
  const image = makeImage(box.root);
  if (image === undefined) return t.pass('no file system can be made in a file here');
  mount(t, box.local, '-o', 'loop', image);
  for (const path of ['a', 'b']) box.write(path, path);
  t.is((await box.run()).code, 0);
  unmount(box.local);
  const taken = join(box.root, 'taken');
  writeFileSync(join(box.root, 'second'), '');
  mount(t, taken, '-t', 'tmpfs', 'x');
  mount(t, box.local, '-o', 'loop', image);
  rmSync(join(box.local, 'a'));
  t.like((await box.runJson()).json, { del_file_ok: 1, exit_code: 0 });
});

test('a folder that is recreated in its place does not count as another disk', async t => {
  const box = await sandbox(t);
  for (const path of ['a', 'b', 'folder/c']) box.write(path, path);
  t.is((await box.run()).code, 0);
  renameSync(box.local, `${box.local}.old`);
  box.write('a', 'a');
  t.like((await box.runJson()).json, { del_file_ok: 2, del_folder_ok: 1, exit_code: 0 });
});
