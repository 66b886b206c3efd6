import {
  appendFileSync,
  cpSync,
  existsSync,
  mkdirSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import test from 'ava';
import { differences, expectedOf, heldBy } from '../support/folder.ts';
import { DEAD, mountFuse, noFuse } from '../support/fuse.ts';
import { type Running, type Sandbox, sandbox } from '../support/sandbox.ts';
import { testWhere } from '../support/test-where.ts';
import { until } from '../support/until.ts';
import { logOf } from '../support/watching.ts';

const fuseTest = testWhere(noFuse() === '', noFuse());

const isIn = async (box: Sandbox, path: string) => (await box.keys()).includes(`backup/${path}`);
const fullScans = (box: Sandbox) =>
  logOf(box)
    .match(/watch_run .*full=\w+/g)
    ?.map(line => line.split('full=')[1]) ?? [];

function start(box: Sandbox, changes: Record<string, unknown> = {}): Running {
  box.configure({
    daemon_mode: 1,
    watch: 1,
    watch_delay: 0.2,
    daemon_interval: 3_600,
    retry_num: 0,
    max_delete: '100%',
    ...changes,
  });
  return box.start('--no-progress');
}

async function watching(box: Sandbox, changes: Record<string, unknown> = {}): Promise<Running> {
  const running = start(box, changes);
  await until(() => / ready /.test(logOf(box)));
  return running;
}

async function rests(box: Sandbox, prefix?: string): Promise<void> {
  let left: string[] = [];
  await until(async () => {
    left = differences(expectedOf(box.local, prefix), await heldBy(box).catch(() => new Map()));
    return left.length === 0;
  }).catch(error => {
    throw new Error(`${error}: ${left.join('\n')}`);
  });
}

async function end({ child, ended }: Running): Promise<number | null> {
  child.kill('SIGTERM');
  return (await ended).code;
}

test('a file that is still being written in a new folder is sent once, when it is whole', async t => {
  const box = await sandbox(t);
  box.write('old/a.txt', 'a');
  const running = await watching(box, { watch_delay: 1 });
  mkdirSync(join(box.local, 'new/deep'), { recursive: true });
  const file = join(box.local, 'new/deep/film.bin');
  let longestRest = 0;
  for (let part = 0, last = Date.now(); part < 30; part++) {
    appendFileSync(file, `part ${part}\n`);
    longestRest = Math.max(longestRest, Date.now() - last);
    last = Date.now();
    await delay(100);
  }
  await rests(box);
  const puts = box.proxy.requests.filter(({ method, path }) => method === 'PUT' && /film/.test(path));
  if (longestRest < 900) t.is(puts.length, 1);
  else t.log(`this machine did nothing for ${longestRest} ms: the file was at rest`);
  t.deepEqual(fullScans(box), ['start']);
  t.is(await end(running), 143);
});

test('a tree that is deleted and made anew within the delay is in COS as it is then', async t => {
  const box = await sandbox(t);
  for (let file = 0; file < 40; file++) box.write(`tree/${file % 4}/${file % 3}/${file}.txt`, `${file}`);
  const running = await watching(box);
  const [tree, copy] = [join(box.local, 'tree'), join(box.root, 'copy')];
  cpSync(tree, copy, { recursive: true });
  for (let round = 0; round < 12; round++) {
    rmSync(tree, { recursive: true });
    if (round % 3 === 0) writeFileSync(tree, 'a file for a moment');
    await delay(round * 15);
    rmSync(tree, { force: true });
    cpSync(copy, tree, { recursive: true });
    box.write(`tree/${round % 4}/${round}.new`, `${round}`);
    box.write(`tree/${round % 4}/0/0.txt`, `changed ${round}`);
    await delay(round * 25);
  }
  await rests(box);
  box.write('tree/1/1/later.txt', 'it is still watched');
  rmSync(join(tree, '2'), { recursive: true });
  await rests(box);
  t.deepEqual(fullScans(box), ['start']);
  t.is(await end(running), 143);
});

test('what moves out and in again, and between folders, is never lost', async t => {
  const box = await sandbox(t);
  for (let file = 0; file < 20; file++) box.write(`a/${file}.txt`, `content of ${file}`);
  for (const folder of ['b', 'c', 'd']) box.write(`${folder}/x.txt`, folder);
  const running = await watching(box);
  const outside = join(box.root, 'outside');
  for (let round = 0; round < 60; round++) {
    const file = `${round % 20}.txt`;
    const places = ['a', 'b', 'c', 'd'].map(folder => join(box.local, folder, file));
    const from = places.find(place => existsSync(place));
    if (from === undefined) continue;
    renameSync(from, outside);
    await delay((round % 7) * 20);
    renameSync(outside, places[(round * 7) % 4]!);
    renameSync(join(box.local, 'b'), join(box.root, 'away'));
    await delay((round % 5) * 10);
    renameSync(join(box.root, 'away'), join(box.local, 'b'));
  }
  await rests(box);
  t.deepEqual(fullScans(box), ['start']);
  t.is(await end(running), 143);
});

test('what changes during the full scan of the start is found by its events', async t => {
  const box = await sandbox(t);
  for (let file = 0; file < 400; file++) box.write(`${file % 20}/${file}.txt`, `${file}`);
  const running = start(box);
  await until(() => fullScans(box).length > 0);
  for (let round = 0; !/ ready /.test(logOf(box)); round++) {
    box.write(`${round % 20}/new ${round}.txt`, `${round}`);
    box.write(`fresh ${round}/deep/file.txt`, `${round}`);
    rmSync(join(box.local, `${(round * 7) % 20}/${(round * 7) % 400}.txt`), { force: true });
    if (round % 5 === 0) renameSync(join(box.local, `${round % 20}`), join(box.local, `moved ${round}`));
    mkdirSync(join(box.local, `${round % 20}`), { recursive: true });
    await delay(5);
  }
  await rests(box);
  t.deepEqual(fullScans(box), ['start']);
  t.is(await end(running), 143);
});

test('a ledger that was removed under the daemon leads to a full scan, and is told of', async t => {
  const box = await sandbox(t);
  for (const folder of ['a', 'b']) box.write(`${folder}/file.txt`, folder);
  const running = await watching(box);
  // The daemon may write to it at the same time.
  rmSync(join(box.home, 'db'), { recursive: true, maxRetries: 5 });
  box.write('a/new.txt', 'new');
  await until(() => fullScans(box).length === 2);
  t.deepEqual(fullScans(box), ['start', 'ledgerChanged']);
  await rests(box);
  await until(() => /full=ledgerChanged.* end run/s.test(box.log()));
  rmSync(join(box.local, 'b'), { recursive: true });
  await rests(box);
  t.is((await box.run('status')).code, 0);
  t.is(await end(running), 143);
  t.regex(running.output().stderr, /the ledger was changed by another program: everything is scanned again/);
});

test('while COS is away changes are kept, and are in COS soon after it is back', async t => {
  const box = await sandbox(t);
  for (const folder of ['a', 'b', 'c']) box.write(`${folder}/file.txt`, folder);
  const running = await watching(box);
  box.proxy.fault = () => ({ kind: 'reset' });
  box.write('a/new.txt', 'new');
  renameSync(join(box.local, 'b'), join(box.local, 'c/b'));
  await until(() => box.log().match(/ end run/g)!.length >= 3);
  rmSync(join(box.local, 'a/file.txt'));
  await delay(500);
  box.proxy.fault = undefined;
  box.write('later.txt', 'later');
  await rests(box);
  t.deepEqual(fullScans(box), ['start']);
  t.is(await end(running), 143);
});

test('a daemon that ends in the midst of its work leaves nothing undone for the next', async t => {
  const box = await sandbox(t);
  for (let file = 0; file < 30; file++) box.write(`${file % 5}/${file}.txt`, `${file}`);
  for (let start = 0; start < 4; start++) {
    const running = await watching(box, { watch_delay: 0.1 });
    for (let file = 0; file < 40; file++) box.write(`${file % 7}/s${start} ${file}.txt`, `${start} ${file}`);
    renameSync(join(box.local, `${start}`), join(box.local, `moved ${start}`));
    rmSync(join(box.local, `6/s${start} 6.txt`));
    await delay(100 + start * 60);
    t.is(await end(running), 143);
    rmSync(join(box.home, 'log'), { recursive: true });
  }
  const last = await box.runJson('--daemon-mode', '0');
  t.is(last.code, 0);
  t.deepEqual(differences(expectedOf(box.local), await heldBy(box)), []);
});

test('where local_path is a link, another folder behind it is found', async t => {
  const box = await sandbox(t);
  const [link, v1, v2] = ['link', 'v1', 'v2'].map(name => join(box.root, name)) as [string, string, string];
  for (const version of [v1, v2]) mkdirSync(join(version, 'a'), { recursive: true });
  writeFileSync(join(v1, 'a/file.txt'), 'first');
  writeFileSync(join(v2, 'a/file.txt'), 'second');
  symlinkSync(v1, link);
  const running = await watching(box, { local_path: link });
  symlinkSync(v2, `${link}.new`);
  renameSync(`${link}.new`, link);
  await until(async () => (await box.objects()).get('backup/a/file.txt')?.toString() === 'second');
  t.deepEqual(fullScans(box), ['start', 'rootReplaced']);
  writeFileSync(join(v2, 'a/more.txt'), 'more');
  await until(() => isIn(box, 'a/more.txt'));
  t.is(await end(running), 143);
});

test('a home in the folder that is watched leaves the daemon at rest', async t => {
  const box = await sandbox(t);
  renameSync(box.home, join(box.local, 'home'));
  symlinkSync(join(box.local, 'home'), box.home);
  box.write('a.txt', 'a');
  const running = await watching(box);
  box.write('b.txt', 'b');
  await until(() => isIn(box, 'b.txt'));
  await until(async () => {
    const before = box.log();
    await delay(1_500);
    return box.log() === before;
  });
  t.deepEqual(await box.keys(), ['backup/a.txt', 'backup/b.txt', 'backup/home/']);
  t.is(await end(running), 143);
});

fuseTest('a drive that does not answer holds up neither the watch nor a change elsewhere', async t => {
  const box = await sandbox(t);
  box.write('here/a.txt', 'a');
  await mountFuse(t, join(box.root, 'source'), join(box.local, 'nas'), { blocked: DEAD });
  const running = await watching(box, { timeout: 2 });
  box.write('here/b.txt', 'b');
  await until(() => isIn(box, 'here/b.txt'));
  t.regex(box.log(), /unreadable|ReadTimeout/);
  t.is(await end(running), 143);
});
