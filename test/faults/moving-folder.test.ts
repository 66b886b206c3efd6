import { execFileSync } from 'node:child_process';
import {
  appendFileSync,
  chmodSync,
  mkdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  truncateSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import test from 'ava';
import { changeSome, differences, expectedOf, heldBy, populate } from '../support/folder.ts';
import { randomFrom, testSeed } from '../support/random.ts';
import { sandbox } from '../support/sandbox.ts';
import { scaled } from '../support/scale.ts';
import { testWhere } from '../support/test-where.ts';

const MiB = 1024 * 1024;
const ROUNDS = scaled(3, 25);

test(`a folder that changes all the time does no harm, and is right in COS once it rests (${ROUNDS} runs)`, async t => {
  t.timeout(scaled(300_000, 900_000));
  const random = randomFrom(testSeed());
  t.log(`seed ${random.seed}`);
  const box = await sandbox(t);
  box.configure({ multipart_threshold: 1, part_size: 1, max_delete: '100%' });
  populate(box, random, 200, 2);
  for (let round = 0; round < ROUNDS; round++) {
    const run = box.start('--quiet');
    while (run.child.exitCode === null) {
      changeSome(box, random, 1);
      disturb(box.local, random.below(4));
      await delay(30 + random.below(100));
    }
    const { code, stderr } = await run.ended;
    t.true(code === 0 || code === 1, `${code}: ${stderr}`);
    t.notRegex(stderr, /unexpected|\n\s+at /);
  }
  t.is((await box.run('--quiet')).code, 0);
  t.deepEqual(differences(expectedOf(box.local), await heldBy(box)), []);
});

/** Grows, shrinks or replaces a large file, or turns a file into a folder and back. */
function disturb(local: string, how: number): void {
  const large = join(local, 'large', '0.bin');
  mkdirSync(join(local, 'large'), { recursive: true });
  if (how === 0) appendFileSync(large, Buffer.alloc(300_000, 7));
  else if (how === 1) {
    writeFileSync(`${large}.new`, Buffer.alloc(2 * MiB, 8));
    renameSync(`${large}.new`, large);
  } else if (how === 2) {
    appendFileSync(large, 'x');
    truncateSync(large, Math.floor(statSync(large).size / 2));
  } else {
    const turn = join(local, 'turn');
    const isFolder = statSync(turn, { throwIfNoEntry: false })?.isDirectory();
    rmSync(turn, { recursive: true, force: true });
    if (isFolder) writeFileSync(turn, 'a file');
    else {
      mkdirSync(turn);
      writeFileSync(join(turn, 'inside.txt'), 'in a folder');
    }
  }
}

for (const [name, change] of [
  ['grows beyond the threshold', (file: string) => appendFileSync(file, Buffer.alloc(3 * MiB, 2))],
  ['shrinks below it', (file: string) => truncateSync(file, 10)],
  ['becomes empty', (file: string) => truncateSync(file, 0)],
] as const) {
  test(`a file that ${name} between scan and upload arrives as it is now`, async t => {
    const box = await sandbox(t);
    box.configure({ thread_num: 1, multipart_threshold: 1, part_size: 1 });
    box.write('a first.txt', 'first');
    box.write('b.bin', Buffer.alloc(name.startsWith('grows') ? MiB / 2 : 3 * MiB, 1));
    let isChanged = false;
    box.proxy.fault = () => {
      if (!isChanged) change(join(box.local, 'b.bin'));
      isChanged = true;
      return undefined;
    };
    const { code, json } = await box.runJson();
    t.is(code, 0, JSON.stringify(json?.errors));
    t.deepEqual(differences(expectedOf(box.local), await heldBy(box)), []);
  });
}

test('a file that is written again in the very moment of its upload is noticed by the next run', async t => {
  const box = await sandbox(t);
  box.configure({ thread_num: 1 });
  const file = join(box.local, 'b.txt');
  box.write('a.txt', 'sent first');
  box.write('b.txt', 'old');
  let stamp = new Date();
  const write = (content: string) => {
    writeFileSync(file, content);
    // The clock of the file system does not move on between the two.
    utimesSync(file, stamp, stamp);
  };
  box.proxy.fault = ({ path }) => {
    if (path.endsWith('/a.txt')) {
      stamp = new Date();
      write('one');
    } else if (readFileSync(file, 'utf8') === 'one') write('two');
    return undefined;
  };
  await box.run('--quiet');
  t.is((await box.objects()).get('backup/b.txt')?.toString(), 'one');
  await box.run('--quiet');
  t.is((await box.objects()).get('backup/b.txt')?.toString(), 'two');
});

test('a gone file that comes back before its object is deleted keeps it', async t => {
  const box = await sandbox(t);
  box.write('back.txt', 'content');
  box.write('gone.txt', 'content too');
  await box.run('--quiet');
  renameSync(join(box.local, 'back.txt'), join(box.root, 'aside.txt'));
  rmSync(join(box.local, 'gone.txt'));
  box.write('new.txt', 'something new');
  box.proxy.fault = ({ path }) => {
    if (path === '/backup/new.txt') renameSync(join(box.root, 'aside.txt'), join(box.local, 'back.txt'));
    return undefined;
  };
  const { code, json } = await box.runJson();
  t.is(code, 0);
  t.like(json, { del_file_ok: 1 });
  t.deepEqual(await box.keys(), ['backup/back.txt', 'backup/new.txt']);
});

test('mtimes before 1970, in the future and of a fraction of a ms are told apart', async t => {
  const box = await sandbox(t);
  const times = [-86_400.5, 0, 4_102_444_800.25, 1_700_000_000.000_4];
  times.forEach((time, n) => {
    box.write(`${n}.txt`, 'old!');
    utimesSync(join(box.local, `${n}.txt`), time, time);
  });
  await box.run('--quiet');
  t.like((await box.runJson()).json, { upload_file_ok: 0, upload_file_skip: 4 });
  times.forEach((time, n) => {
    box.write(`${n}.txt`, 'new!');
    utimesSync(join(box.local, `${n}.txt`), time, time + 0.000_3);
  });
  t.like((await box.runJson()).json, { upload_file_ok: 4 });
  t.deepEqual(differences(expectedOf(box.local), await heldBy(box)), []);
});

test('two files that differ only in case are two', async t => {
  const box = await sandbox(t);
  box.write('A.txt', 'large');
  box.write('a.txt', 'small');
  t.is((await box.run('--quiet')).code, 0);
  rmSync(join(box.local, 'A.txt'));
  t.is((await box.run('--quiet')).code, 0);
  t.deepEqual(await box.keys(), ['backup/a.txt']);
});

test('pipes, sockets, devices, loops and links out of the tree are dealt with, each with a word', async t => {
  const box = await sandbox(t);
  const outside = join(box.root, 'outside');
  mkdirSync(outside);
  writeFileSync(join(outside, 'out.txt'), 'outside');
  box.write('plain.txt', 'plain');
  execFileSync('mkfifo', [join(box.local, 'pipe')]);
  const socket = createServer().listen(join(box.local, 'socket'));
  t.teardown(() => socket.close());
  symlinkSync('/dev/null', join(box.local, 'device'));
  symlinkSync('.', join(box.local, 'loop'));
  symlinkSync('self', join(box.local, 'self'));
  symlinkSync('nowhere', join(box.local, 'dangling'));
  symlinkSync(outside, join(box.local, 'link'));
  const { code, json, stderr } = await box.runJson();
  t.is(code, 1, 'the dangling link is a failure');
  t.deepEqual(
    json.errors.map(({ path }) => path),
    ['dangling'],
  );
  for (const name of ['pipe', 'socket', 'device', 'loop', 'self']) t.regex(stderr, new RegExp(`/${name}\\W`));
  const held = await box.objects();
  t.is(held.get('backup/link/out.txt')?.toString(), 'outside');
  t.is(held.get('backup/plain.txt')?.toString(), 'plain');
});

const isRoot = process.getuid?.() === 0;
testWhere(isRoot, 'only root can mount a folder')('a mount that goes away deletes nothing', async t => {
  const box = await sandbox(t);
  try {
    execFileSync('mount', ['-t', 'tmpfs', 'tmpfs', box.local], { stdio: 'ignore' });
  } catch {
    t.log('mount is not allowed here');
    return t.pass();
  }
  populate(box, randomFrom(1), 20, 0);
  await box.run('--quiet');
  const before = await box.keys();
  execFileSync('umount', ['-l', box.local]);
  t.is((await box.run('--quiet')).code, 4);
  t.deepEqual(await box.keys(), before);
});

test('a folder without permission is said, and nothing under it is deleted', async t => {
  const box = await sandbox(t);
  populate(box, randomFrom(1), 40, 0);
  await box.run('--quiet');
  const before = await box.keys();
  chmodSync(box.home, 0o777);
  for (const name of ['conf', 'conf/config.json', 'db', 'log']) chmodSync(join(box.home, name), 0o777);
  execFileSync('chmod', ['-R', 'a+rwX', box.root]);
  chmodSync(join(box.local, 'folder 3'), 0);
  t.teardown(() => chmodSync(join(box.local, 'folder 3'), 0o777));
  const { code } = await box.startAs(isRoot ? { uid: 65534 } : {}, '--quiet').ended;
  t.is(code, 1);
  t.deepEqual(await box.keys(), before);
});
