import { readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import test from 'ava';
import { differences, expectedOf, heldBy, populate } from '../support/folder.ts';
import { randomFrom } from '../support/random.ts';
import { type Sandbox, sandbox } from '../support/sandbox.ts';
import { isFull, scaled } from '../support/scale.ts';
import { testWhere } from '../support/test-where.ts';
import { until } from '../support/until.ts';

const STARTERS = scaled(4, 12);
const ROUNDS = scaled(2, 10);

test(`of ${STARTERS} runs that start together one works and the others end with 3, also after a kill`, async t => {
  t.timeout(300_000);
  const box = await sandbox(t);
  populate(box, randomFrom(1), 30, 0);
  for (let round = 0; round < ROUNDS; round++) {
    const before = box.proxy.requests.length;
    box.write(`round ${round}.txt`, `${round}`);
    // So slow that none has ended when the last one looks.
    box.proxy.fault = () => ({ kind: 'slow', ms: 1_500 });
    const runs = Array.from({ length: STARTERS }, () => box.start());
    const ended = await Promise.all(runs.map(run => run.ended));
    t.deepEqual(ended.map(({ code }) => code).sort(), [0, ...Array(STARTERS - 1).fill(3)]);
    for (const { code, stderr } of ended) {
      if (code === 3) t.regex(stderr, /another run is under way/);
    }
    const puts = box.proxy.requests.slice(before).filter(({ path }) => path === `/backup/round ${round}.txt`);
    t.is(puts.length, 1, 'the file was sent once');
    await leaveLockOfKilled(box);
  }
});

/** A run that is killed in its middle leaves its lock. */
async function leaveLockOfKilled(box: Sandbox): Promise<void> {
  box.write('killed.txt', `${Math.random()}`);
  let isAsked = false;
  box.proxy.fault = () => {
    isAsked = true;
    return { kind: 'hang' };
  };
  const run = box.start();
  await until(() => isAsked);
  run.child.kill('SIGKILL');
  await run.ended;
}

test('a daemon and a run by hand do each other no harm', async t => {
  t.timeout(120_000);
  const box = await sandbox(t);
  box.configure({ daemon_mode: 1, daemon_interval: 0 });
  populate(box, randomFrom(2), 20, 0);
  const daemon = box.start('--quiet');
  const codes = new Set<number | null>();
  for (let n = 0; n < 6; n++) {
    box.write(`new ${n}.txt`, `${n}`);
    codes.add((await box.run('--daemon-mode', '0', '--quiet')).code);
  }
  await delay(1_000);
  daemon.child.kill('SIGTERM');
  const { code, stderr } = await daemon.ended;
  t.is(code, 143);
  t.notRegex(stderr, /unexpected|damaged/);
  t.true(
    [...codes].every(one => one === 0 || one === 3),
    [...codes].join(),
  );
  t.is((await box.run('--daemon-mode', '0')).code, 0);
  t.deepEqual(differences(expectedOf(box.local), await heldBy(box)), []);
});

testWhere(isFull, 'a lock that is taken over needs two minutes (make test-faults)')(
  'a run whose lock was taken by another ends with exit code 3 and says so',
  async t => {
    t.timeout(120_000);
    const box = await sandbox(t);
    for (let n = 0; n < 200; n++) box.write(`${n}.txt`, `${n}`);
    box.configure({ thread_num: 1 });
    box.proxy.fault = () => ({ kind: 'slow', ms: 500 });
    const run = box.start();
    await until(() => box.proxy.requests.length > 2);
    const lock = readdirSync(join(box.home, 'db')).find(name => name.endsWith('.lock')) ?? '';
    const owner = join(box.home, 'db', lock.replace(/lock$/, 'owner.json'));
    writeFileSync(owner, JSON.stringify({ pid: 1, host: 'another-host', id: 'another' }));
    const { code, stderr } = await run.ended;
    t.is(code, 3);
    t.regex(stderr, /another run is under way/);
    rmSync(join(box.home, 'db', lock), { recursive: true, force: true });
  },
);
