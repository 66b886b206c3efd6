import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'ava';
import { mountFuse, noFuse } from '../support/fuse.ts';
import { canMount, mount, unmount } from '../support/mounts.ts';
import { type RunAs, type Running, type Sandbox, sandbox } from '../support/sandbox.ts';
import { testWhere } from '../support/test-where.ts';
import { until } from '../support/until.ts';

const fuseTest = testWhere(noFuse() === '', noFuse());
const mountTest = canMount() ? test : test.skip;

/** Starts the program where only so many watches may be had. */
const withWatches = (count: number) => [
  'unshare',
  '--user',
  '--map-root-user',
  'sh',
  '-c',
  `echo ${count} > /proc/sys/user/max_inotify_watches && exec "$0" "$@"`,
];
const canLimit = spawnSync('unshare', withWatches(1).slice(1).concat('true')).status === 0;
const limitedTest = testWhere(canLimit, 'no user namespace can be made, which limits watches');

function startWatching(box: Sandbox, as: RunAs = {}, interval = 1): Running {
  box.configure({ daemon_mode: '1', watch: '1', watch_delay: '0.2', daemon_interval: interval });
  return box.startAs(as, '--no-progress');
}

const logOf = (box: Sandbox) => (existsSync(join(box.home, 'log/cos_sync.log')) ? box.log() : '');
const isIn = async (box: Sandbox, path: string) => (await box.keys()).includes(`backup/${path}`);

async function statusOf(box: Sandbox): Promise<Record<string, unknown>> {
  return JSON.parse((await box.run('status', '--json')).stdout);
}

async function end({ child, ended }: Running): Promise<number | null> {
  child.kill('SIGTERM');
  return (await ended).code;
}

fuseTest(
  'a file system that tells nothing of other machines is named, and scanned each interval',
  async t => {
    const box = await sandbox(t);
    const [source, nas] = [join(box.root, 'source'), join(box.local, 'nas')];
    await mountFuse(t, source, nas, {});
    box.write('here.txt', 'here');
    const running = startWatching(box);
    await until(() => / ready /.test(logOf(box)));
    // Another machine writes it: nothing is told of that here.
    writeFileSync(join(source, 'there.txt'), 'there');
    await until(() => isIn(box, 'nas/there.txt'));
    rmSync(join(source, 'there.txt'));
    await until(async () => !(await isIn(box, 'nas/there.txt')));
    t.is(logOf(box).match(/watch_untold/g)?.length, 1);
    t.is(await end(running), 143);
    t.regex(running.output().stderr, new RegExp(nas));
  },
);

limitedTest(
  'with too few watches all is scanned each interval, which is said once; then it is tried again',
  async t => {
    const box = await sandbox(t);
    for (const folder of ['a', 'b', 'c', 'd']) box.write(`${folder}/file.txt`, folder);
    const running = startWatching(box, { through: withWatches(2) });
    await until(() => /watch_too_few/.test(logOf(box)));
    await until(async () => (await statusOf(box)).mode === 'interval');
    for (const folder of ['a', 'b', 'c', 'd']) box.write(`${folder}/more.txt`, folder);
    await until(() => isIn(box, 'd/more.txt'));
    for (const folder of ['a', 'b', 'c', 'd']) rmSync(join(box.local, folder), { recursive: true });
    box.write('stays.txt', 's');
    await until(async () => (await box.keys()).length === 1);
    t.is(logOf(box).match(/watch_too_few/g)?.length, 1);
    box.write('e/file.txt', 'e');
    box.write('f/file.txt', 'f');
    await until(() => logOf(box).match(/watch_too_few/g)?.length === 2);
    const more = 'echo 100 > /proc/sys/user/max_inotify_watches';
    spawnSync('nsenter', ['--user', '--target', `${running.child.pid}`, 'sh', '-c', more]);
    await until(() => box.log().lastIndexOf(' ready ') > box.log().lastIndexOf('watch_too_few'));
    await until(async () => (await statusOf(box)).mode === 'watch');
    t.is(await end(running), 143);
    t.is(running.output().stderr.match(/max_user_watches/g)?.length, 2);
  },
);

limitedTest('a new folder for which there is no watch leads to a full scan, and is told of', async t => {
  const box = await sandbox(t);
  box.write('a/file.txt', 'a');
  const running = startWatching(box, { through: withWatches(3) }, 3_600);
  await until(() => / ready /.test(logOf(box)));
  await until(async () => (await statusOf(box)).mode === 'watch');
  for (const folder of ['b', 'c', 'd']) box.write(`${folder}/file.txt`, folder);
  await until(() => /watch_run .*full=tooFew/.test(logOf(box)));
  await until(() => isIn(box, 'd/file.txt'));
  await until(async () => (await statusOf(box)).mode === 'interval');
  t.is(await end(running), 143);
  t.regex(running.output().stderr, /changes in \d of 5 folders are only seen by full scans/);
  t.is(running.output().stderr.match(/max_user_watches/g)?.length, 1);
});

mountTest(
  'where the disk of local_path goes away and comes back, nothing is deleted, and it is watched again',
  async t => {
    const box = await sandbox(t);
    const other = join(box.root, 'other');
    mount(t, other, '-t', 'tmpfs', 'x');
    mkdirSync(join(other, 'a'));
    writeFileSync(join(other, 'a/file.txt'), 'a');
    mount(t, box.local, '--bind', other);
    const running = startWatching(box, {}, 3_600);
    await until(() => / ready /.test(logOf(box)));
    unmount(box.local);
    await until(() => /otherDisk/.test(logOf(box)));
    t.true(await isIn(box, 'a/file.txt'));
    writeFileSync(join(other, 'a/later.txt'), 'later');
    mount(t, box.local, '--bind', other);
    await until(() => isIn(box, 'a/later.txt'));
    rmSync(join(other, 'a/file.txt'));
    await until(async () => !(await isIn(box, 'a/file.txt')));
    t.is(await end(running), 143);
    t.regex(running.output().stderr, /local_path is another folder now/);
  },
);

mountTest(
  'a disk that is unmounted while it is watched deletes nothing, and is watched again when it is back',
  async t => {
    const box = await sandbox(t);
    const disk = join(box.local, 'disk');
    const other = join(box.root, 'other');
    mkdirSync(other);
    writeFileSync(join(other, 'on-disk.txt'), 'on disk');
    mount(t, other, '-t', 'tmpfs', 'x');
    writeFileSync(join(other, 'on-disk.txt'), 'on disk');
    mount(t, disk, '--bind', other);
    box.write('stays.txt', 's');
    const running = startWatching(box);
    await until(() => / ready /.test(logOf(box)));
    await until(() => isIn(box, 'disk/on-disk.txt'));
    unmount(disk);
    box.write('more.txt', 'm');
    await until(() => isIn(box, 'more.txt'));
    await until(() => /otherDisk/.test(logOf(box)));
    t.true(await isIn(box, 'disk/on-disk.txt'));
    mount(t, disk, '--bind', other);
    writeFileSync(join(disk, 'later.txt'), 'later');
    await until(() => isIn(box, 'disk/later.txt'));
    rmSync(join(disk, 'on-disk.txt'));
    await until(async () => !(await isIn(box, 'disk/on-disk.txt')));
    t.is(await end(running), 143);
  },
);
