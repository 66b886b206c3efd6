import { readdirSync, readFileSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import test from 'ava';
import { changeSome, differences, expectedOf, heldBy, populate } from '../support/folder.ts';
import { randomFrom, testSeed } from '../support/random.ts';
import { type Running, sandbox } from '../support/sandbox.ts';
import { scaled } from '../support/scale.ts';
import { until } from '../support/until.ts';

const ROUNDS = scaled(40, 500);
const SETTLED = scaled(20, 50);
const MiB = 1024 * 1024;

test(`a daemon of ${ROUNDS} rounds, with changes and a COS that comes and goes, keeps its memory and handles`, async t => {
  t.timeout(scaled(300_000, 3_600_000));
  const random = randomFrom(testSeed());
  t.log(`seed ${random.seed}`);
  const box = await sandbox(t);
  box.configure({ daemon_mode: 1, daemon_interval: 0, retry_num: 0, timeout: 10, max_delete: '100%' });
  populate(box, random, 100, 0);
  // So that memory is what is needed, and not what was not yet collected.
  const daemon = box.startAs(
    { env: { NODE_OPTIONS: '--max-old-space-size=48 --max-semi-space-size=1' } },
    '--json',
  );
  const measured: { round: number; memory: number; handles: number }[] = [];
  for (let round = 1; round <= ROUNDS; round++) {
    changeSome(box, random, random.below(4));
    const isDown = round % 25 === 10;
    box.proxy.fault = isDown ? () => ({ kind: 'reset' }) : undefined;
    const begun = roundsOf(daemon);
    await until(() => roundsOf(daemon) > begun, 120_000);
    if (round === SETTLED || round > ROUNDS - 5) measured.push({ round, ...useOf(daemon) });
  }
  box.proxy.fault = undefined;
  const begun = roundsOf(daemon);
  await until(() => roundsOf(daemon) > begun + 1, 120_000);
  await delay(200);
  daemon.child.kill('SIGTERM');
  const { code, stderr } = await daemon.ended;
  t.is(code, 143);
  t.notRegex(stderr, /unexpected|MaxListeners|Warning/);
  t.deepEqual(differences(expectedOf(box.local), await heldBy(box)), []);
  const [settled, ...last] = measured;
  const memory = Math.min(...last.map(use => use.memory));
  const handles = Math.min(...last.map(use => use.handles));
  t.log(
    `round ${SETTLED}: ${(settled!.memory / MiB).toFixed(0)} MiB, ${settled!.handles} handles`,
    `round ${ROUNDS}: ${(memory / MiB).toFixed(0)} MiB, ${handles} handles`,
  );
  t.true(memory < settled!.memory * 1.1, `${memory} against ${settled!.memory}`);
  t.true(handles <= settled!.handles + 1, `${handles} against ${settled!.handles}`);
});

function roundsOf(daemon: Running): number {
  return daemon.output().stdout.split('\n').length - 1;
}

function useOf({ child }: Running): { memory: number; handles: number } {
  const status = readFileSync(`/proc/${child.pid}/status`, 'utf8');
  const memory = Number(/VmRSS:\s+(\d+) kB/.exec(status)?.[1]) * 1024;
  return { memory, handles: readdirSync(`/proc/${child.pid}/fd`).length };
}
