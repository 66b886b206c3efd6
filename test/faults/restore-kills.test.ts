import { existsSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import test from 'ava';
import { populate } from '../support/folder.ts';
import { restoreHere, syncHere } from '../support/in-process.ts';
import type { SeenRequest } from '../support/proxy.ts';
import { type Random, randomFrom } from '../support/random.ts';
import { type Sandbox, sandbox } from '../support/sandbox.ts';
import { scaled } from '../support/scale.ts';
import { treeOf } from '../support/tree.ts';

const KILLS = scaled(5, 50);
const FILES = scaled(150, 1_500);
const THREADS = 6;
const TIME = '1600000000.5';

test.serial(
  `after ${KILLS} kills at random moments the folder is as it was, and nothing else is left in it`,
  async t => {
    t.timeout(scaled(300_000, 1_800_000));
    const random = randomFrom(Date.now());
    t.log(`seed ${random.seed}`);
    const box = await sandbox(t);
    box.configure({
      ...{ multipart_threshold: 1, part_size: 1, thread_num: THREADS, delete_sync: 0 },
      meta: { mtime: TIME },
    });
    populate(box, random, FILES, 4);
    t.is((await syncHere(box)).code, 0);
    let again = 0;
    for (let kills = 0, round = 0; kills < KILLS; round++) {
      const back = join(box.root, `back ${round}`);
      box.proxy.requests.length = 0;
      // It may be through before it could be killed as often; there is another folder then.
      while (kills < KILLS && !(await killAtRandom(box, back, random))) kills++;
      const ended = await restoreHere(box, { to: back });
      t.is(ended.code, 0, JSON.stringify(ended.json.errors));
      t.deepEqual(contentOf(back), contentOf(box.local));
      t.deepEqual(unfinishedIn(box, back), [], 'no unfinished file is left');
      again += fetchedAgain(box.proxy.requests);
    }
    t.deepEqual(
      readdirSync(join(box.home, 'db')).filter(name => name.endsWith('.state')),
      [],
    );
    t.log(`${again} downloads repeated`);
    // Each kill may cost what was under way, and what had come and was about to be noted.
    t.true(again <= KILLS * 2 * THREADS, `${again} downloads were repeated`);
  },
);

const withoutTime = (what: string) => what.replace(/ of .*/, '');
const contentOf = (folder: string) =>
  Object.entries(treeOf(folder)).map(([path, what]) => [path, withoutTime(what)]);

/** @returns whether the run was through before it could be killed */
async function killAtRandom(box: Sandbox, back: string, random: Random): Promise<boolean> {
  const before = box.proxy.requests.length;
  const run = box.start('restore', '--to', back);
  const after = before + 1 + random.below(random.pick([3, 30, FILES / 3]));
  while (box.proxy.requests.length < after && run.child.exitCode === null) await delay(3);
  await delay(random.below(20));
  run.child.kill('SIGKILL');
  return (await run.ended).code === 0;
}

/** Restores until so many parts were asked for, and a signal comes. @returns the exit code */
async function endAfterParts(
  box: Sandbox,
  to: string,
  most: number,
  paths: readonly string[] = [],
): Promise<number> {
  const stop = new AbortController();
  let parts = 0;
  box.proxy.fault = ({ headers }) => {
    if (headers.range !== undefined && ++parts === most) stop.abort(new Error('stop'));
    return undefined;
  };
  return (await restoreHere(box, { to, paths }, { signal: stop.signal })).code;
}

function unfinishedIn(box: Sandbox, folder: string): string[] {
  return [...box.filesIn(folder).keys()].filter(path => path.includes('.cos_sync-restore-'));
}

/** Downloads of the same bytes, beyond the first that was answered as a whole. */
function fetchedAgain(requests: readonly SeenRequest[]): number {
  const seen = new Set<string>();
  let again = 0;
  for (const { method, path, query, headers } of requests) {
    if (method !== 'GET' || query.has('prefix')) continue;
    const identity = `${path} ${headers.range}`;
    if (seen.has(identity)) again++;
    seen.add(identity);
  }
  return again;
}

test.serial('what a killed restore left is removed even where its object is not wanted any more', async t => {
  const box = await sandbox(t);
  box.configure({ part_size: 1, thread_num: 2, delete_sync: 0 });
  box.write('wanted/a', 'a');
  box.write('other/large', randomFrom(1).bytes(3 * 1024 * 1024));
  await syncHere(box);
  const back = join(box.root, 'back');
  box.proxy.fault = ({ headers }) => (headers.range === undefined ? undefined : { kind: 'hang' });
  const run = box.start('restore', 'other', '--to', back);
  while (!unfinishedIn(box, back).some(path => path.includes('/other/'))) await delay(5);
  run.child.kill('SIGKILL');
  await run.ended;
  const mine = join(back, 'other', `.cos_sync-restore-${'0'.repeat(16)}-${'0'.repeat(16)}`);
  writeFileSync(mine, 'of another restore');
  box.proxy.fault = undefined;
  t.is((await restoreHere(box, { to: back, paths: ['wanted'] })).code, 0);
  t.deepEqual(unfinishedIn(box, back), [mine]);
  rmSync(mine);
  t.true(existsSync(join(back, 'wanted', 'a')));
});

test.serial('a restore that a signal ends keeps the parts that are there, and goes on with them', async t => {
  const box = await sandbox(t);
  box.configure({ part_size: 1, thread_num: 2, delete_sync: 0, multipart_threshold: 1 });
  box.write('large', randomFrom(1).bytes(6 * 1024 * 1024));
  await syncHere(box);
  box.proxy.requests.length = 0;
  const back = join(box.root, 'back');
  t.not(await endAfterParts(box, back, 4), 0);
  t.is(unfinishedIn(box, back).length, 1);
  t.is((await restoreHere(box, { to: back })).code, 0);
  t.deepEqual(unfinishedIn(box, back), []);
  t.deepEqual(
    Object.values(treeOf(back)).map(withoutTime),
    Object.values(treeOf(box.local)).map(withoutTime),
  );
  t.is(fetchedAgain(box.proxy.requests), 0);
});

test.serial('the parts that an interrupted restore wrote outlast a restore of something else', async t => {
  const box = await sandbox(t);
  box.configure({ part_size: 1, thread_num: 2, delete_sync: 0, multipart_threshold: 1 });
  box.write('large', randomFrom(1).bytes(6 * 1024 * 1024));
  box.write('other/small', 'small');
  await syncHere(box);
  const back = join(box.root, 'back');
  t.not(await endAfterParts(box, back, 4, ['large']), 0);
  box.proxy.requests.length = 0;
  t.is((await restoreHere(box, { to: back, paths: ['other'] })).code, 0);
  t.is(unfinishedIn(box, back).length, 1);
  t.is((await restoreHere(box, { to: back, paths: ['large'] })).code, 0);
  t.true(box.proxy.requests.filter(({ headers }) => headers.range !== undefined).length <= 3);
  t.deepEqual(unfinishedIn(box, back), []);
  t.deepEqual(
    readdirSync(join(box.home, 'db')).filter(name => name.endsWith('.state')),
    [],
  );
});
