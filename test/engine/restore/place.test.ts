import {
  linkSync,
  lstatSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { Worker } from 'node:worker_threads';
import test, { type ExecutionContext } from 'ava';
import { openPlace, type Place } from '../../../src/engine/restore/place.ts';

const TOKEN = '0123456789abcdef';
const NOTHING = { kind: 'nothing' } as const;
const OURS = Buffer.from('from COS');
const ROUNDS = 3_000;
/** Until it is asked again where a folder is. */
const noticed = () => delay(20);

function placeFor(t: ExecutionContext): Place {
  const folder = mkdtempSync(join(tmpdir(), 'cos_sync-place-'));
  const place = openPlace(folder, TOKEN);
  t.teardown(() => {
    place.close();
    rmSync(folder, { recursive: true, force: true });
  });
  return place;
}

/** Makes file after file as soon as it is told to, a little later each time, unless it is there. */
const RIVAL = `
  const { closeSync, openSync, writeSync } = require('node:fs');
  const { workerData: { root, turns } } = require('node:worker_threads');
  const [begun, ended, made] = [0, 1, 2];
  for (let turn = 1; turn <= ${ROUNDS}; turn++) {
    while (Atomics.load(turns, begun) < turn);
    for (let wait = (turn % 50) * 200; wait > 0; wait--) Atomics.load(turns, begun);
    let isMade = 1;
    try {
      const file = openSync(root + '/' + turn, 'wx');
      writeSync(file, 'mine');
      closeSync(file);
    } catch { isMade = 0; }
    Atomics.store(turns, made, isMade);
    Atomics.store(turns, ended, turn);
    Atomics.notify(turns, ended);
  }
`;

test(`of ${ROUNDS} files that somebody makes in the moment that one gets its name, none is replaced`, async t => {
  const place = placeFor(t);
  const turns = new Int32Array(new SharedArrayBuffer(12));
  const rival = new Worker(RIVAL, { eval: true, workerData: { root: place.root, turns } });
  t.teardown(() => rival.terminate());
  await new Promise(online => rival.once('online', online));
  const lost: number[] = [];
  for (let turn = 1; turn <= ROUNDS; turn++) {
    Atomics.store(turns, 0, turn);
    let isOurs = true;
    try {
      place.writeWhole(String(turn), OURS, 1_600_000_000_000, NOTHING);
    } catch (error) {
      t.is((error as { code?: string }).code, 'FileExists');
      isOurs = false;
    }
    Atomics.wait(turns, 1, turn - 1);
    if (isOurs === (Atomics.load(turns, 2) === 1)) lost.push(turn);
  }
  t.deepEqual(lost, []);
  t.is(readdirSync(place.root).length, ROUNDS, 'nothing unfinished is left');
});

test('times before 1970 and far ahead are set as they are meant', t => {
  const place = placeFor(t);
  for (const mtime of [-3_600_123.456, -1, 0, 1_600_000_000_123.456, 10_413_792_000_000]) {
    const name = `file ${mtime}`;
    place.writeWhole(name, OURS, mtime, NOTHING);
    const { mtimeMs } = lstatSync(join(place.root, name));
    t.true(Math.abs(mtimeMs - mtime) < 1, `${mtimeMs} is not ${mtime}`);
  }
});

// Alone, for it changes what the others ask for.
test.serial(
  'a folder that a link replaced is not written through where the system cannot hold folders open',
  t => {
    const platform = Object.getOwnPropertyDescriptor(process, 'platform')!;
    Object.defineProperty(process, 'platform', { ...platform, value: 'darwin' });
    t.teardown(() => Object.defineProperty(process, 'platform', platform));
    const place = placeFor(t);
    const elsewhere = mkdtempSync(join(tmpdir(), 'cos_sync-elsewhere-'));
    t.teardown(() => rmSync(elsewhere, { recursive: true, force: true }));
    place.writeWhole('dir/first', OURS, 0, NOTHING);
    renameSync(join(place.root, 'dir'), join(place.root, 'moved'));
    symlinkSync(elsewhere, join(place.root, 'dir'));
    t.throws(() => place.writeWhole('dir/second', OURS, 0, NOTHING), { message: /SymlinkInTheWay/ });
    t.deepEqual(readdirSync(elsewhere), []);
  },
);

test('a folder that is moved away during a restore gets no more files, and its place does', async t => {
  const place = placeFor(t);
  const elsewhere = mkdtempSync(join(tmpdir(), 'cos_sync-elsewhere-'));
  t.teardown(() => rmSync(elsewhere, { recursive: true, force: true }));
  place.writeWhole('a/dir/first', OURS, 0, NOTHING);
  renameSync(join(place.root, 'a'), join(elsewhere, 'moved'));
  await noticed();
  place.writeWhole('a/dir/second', OURS, 0, NOTHING);
  t.deepEqual(readdirSync(join(elsewhere, 'moved', 'dir')), ['first']);
  t.deepEqual(readdirSync(join(place.root, 'a', 'dir')), ['second']);
});

test('a root that is moved away during a restore is no place any more', async t => {
  const place = placeFor(t);
  place.writeWhole('dir/first', OURS, 0, NOTHING);
  const moved = `${place.root}-moved`;
  renameSync(place.root, moved);
  await noticed();
  t.teardown(() => rmSync(moved, { recursive: true, force: true }));
  for (const path of ['dir/second', 'dir/second', 'second', 'other/second']) {
    t.throws(() => place.writeWhole(path, OURS, 0, NOTHING), { message: 'FolderMoved' });
  }
  t.deepEqual(readdirSync(moved), ['dir']);
  t.deepEqual(readdirSync(join(moved, 'dir')), ['first']);
});

test('what was killed between its two names is not written into again', t => {
  const place = placeFor(t);
  const finished = join(place.root, 'file');
  writeFileSync(finished, 'restored, and changed since');
  linkSync(finished, join(place.root, place.unfinishedName('file')));
  const unfinished = place.openUnfinished('file', 8);
  t.false(unfinished.isResumed);
  writeSync(unfinished.descriptor, OURS, 0, OURS.length, 0);
  t.throws(() => unfinished.finish(1_600_000_000_000, NOTHING), { message: /FileExists/ });
  unfinished.abandon(false);
  t.is(readFileSync(finished, 'utf8'), 'restored, and changed since');
  t.deepEqual(readdirSync(place.root), ['file']);
});
