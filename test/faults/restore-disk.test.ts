import { execFileSync } from 'node:child_process';
import { mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'ava';
import { restoreHere, syncHere } from '../support/in-process.ts';
import { randomFrom } from '../support/random.ts';
import { type Sandbox, sandbox } from '../support/sandbox.ts';
import { treeOf } from '../support/tree.ts';

const MiB = 1024 * 1024;
const isRoot = process.getuid?.() === 0;

/** A small disk, or nothing where none can be mounted. */
function smallDisk(t: Parameters<typeof sandbox>[0], box: Sandbox, size: string): string | undefined {
  const disk = join(box.root, 'disk');
  mkdirSync(disk);
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${size}`, 'tmpfs', disk], { stdio: 'ignore' });
  } catch {
    t.log('skipped: no disk can be mounted here');
    return undefined;
  }
  t.teardown(() => execFileSync('umount', [disk]));
  return disk;
}

const withDisk = isRoot ? test.serial : test.serial.skip;

withDisk('a disk without the room for what is to come is told so before the first byte', async t => {
  const box = await sandbox(t);
  box.configure({ delete_sync: 0 });
  box.write('a', 'a');
  box.write('large', randomFrom(1).bytes(6 * MiB));
  await syncHere(box);
  const disk = smallDisk(t, box, '4m');
  if (!disk) return t.pass();
  const { code, err } = await restoreHere(box, { to: join(disk, 'back') });
  t.is(code, 4);
  t.regex(err, /has .* free, .* nothing was written/);
  t.deepEqual(readdirSync(disk), []);
});

withDisk('where the first files need next to nothing they come before all is listed', async t => {
  const box = await sandbox(t);
  box.configure({ delete_sync: 0, thread_num: 4, retry_num: 10 });
  for (let n = 0; n < 1_100; n++) box.write(`${n + 1_000}`, '');
  box.write('9 large', randomFrom(1).bytes(6 * MiB));
  await syncHere(box);
  const disk = smallDisk(t, box, '4m');
  if (!disk) return t.pass();
  const back = join(disk, 'back');
  box.proxy.fault = ({ method, query }) => {
    const isTooSoon = method === 'GET' && query.has('marker') && readdirSync(back).length < 100;
    return isTooSoon ? { kind: 'status', status: 500, code: 'InternalError' } : undefined;
  };
  const { code, err } = await restoreHere(box, { to: back });
  t.is(code, 4);
  t.regex(err, /had .* free at the start, .* make room and restore again/);
  box.proxy.fault = undefined;
  execFileSync('mount', ['-o', 'remount,size=16m', disk]);
  t.is((await restoreHere(box, { to: back })).code, 0);
  t.deepEqual(treeOf(back), treeOf(box.local));
});

withDisk('a disk that fills up ends the restore, and with room again it goes on', async t => {
  const box = await sandbox(t);
  box.configure({ delete_sync: 0, thread_num: 2, part_size: 1, multipart_threshold: 1 });
  for (let n = 0; n < 6; n++) box.write(`file ${n}`, randomFrom(n).bytes(1.5 * MiB));
  await syncHere(box);
  const disk = smallDisk(t, box, '12m');
  if (!disk) return t.pass();
  const filling = join(disk, 'somebody else');
  box.proxy.fault = ({ method, query }) => {
    if (method === 'GET' && !query.has('prefix')) fill(filling);
    return undefined;
  };
  const back = join(disk, 'back');
  const ended = await restoreHere(box, { to: back });
  t.is(ended.code, 1);
  t.regex(ended.err, /cannot be written any more \(ENOSPC\)/);
  t.deepEqual(new Set(ended.json.errors.map(({ code }) => code)), new Set(['ENOSPC']));
  box.proxy.fault = undefined;
  rmSync(filling);
  t.is((await restoreHere(box, { to: back })).code, 0);
  t.deepEqual(Object.keys(treeOf(back)), Object.keys(treeOf(box.local)));
});

withDisk('what an interrupted restore wrote already needs no room a second time', async t => {
  const box = await sandbox(t);
  box.configure({ delete_sync: 0, thread_num: 1, part_size: 1, multipart_threshold: 1 });
  box.write('large', randomFrom(1).bytes(8 * MiB));
  await syncHere(box);
  const disk = smallDisk(t, box, '10m');
  if (!disk) return t.pass();
  const stop = new AbortController();
  let parts = 0;
  box.proxy.fault = ({ headers }) => {
    if (headers.range !== undefined && ++parts === 6) stop.abort(new Error('stop'));
    return undefined;
  };
  const back = join(disk, 'back');
  t.not((await restoreHere(box, { to: back }, { signal: stop.signal })).code, 0);
  t.is((await restoreHere(box, { to: back })).code, 0);
  t.deepEqual(Object.keys(treeOf(back)), ['large']);
});

/** Fills a disk up to its last byte. */
function fill(file: string): void {
  try {
    for (;;) writeFileSync(file, Buffer.alloc(64 * 1024), { flag: 'a' });
  } catch {
    // It is full.
  }
}
