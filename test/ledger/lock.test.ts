import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { hostname, tmpdir, uptime } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import test, { type ExecutionContext } from 'ava';
import { LedgerLocked } from '../../src/ledger/errors.ts';
import { isLocked, lockLedger } from '../../src/ledger/lock.ts';
import { until } from '../support/until.ts';

function newFile(t: ExecutionContext): string {
  const folder = mkdtempSync(join(tmpdir(), 'cos_sync-lock-'));
  t.teardown(() => rmSync(folder, { recursive: true, force: true }));
  return join(folder, 'x.db');
}

/** The lock that a process left which no longer is. */
function leaveLock(file: string, host = hostname()): void {
  const { pid } = spawnSync(process.execPath, ['-e', '0']);
  mkdirSync(`${file}.lock`);
  writeFileSync(`${file}.owner.json`, JSON.stringify({ pid, host }));
}

const LOCK_MODULE = new URL('../../src/ledger/lock.ts', import.meta.url).href;

/** Another process that holds the lock until it is ended, started by a command where one is given. */
async function holdElsewhere(t: ExecutionContext, file: string, ...command: string[]): Promise<ChildProcess> {
  const code = `
    const { lockLedger } = await import(${JSON.stringify(LOCK_MODULE)});
    await lockLedger(${JSON.stringify(file)}, () => process.exit(9));
    console.log('held');
    setInterval(() => {}, 1_000);`;
  const [program = '', ...args] = [...command, process.execPath, '--input-type=module', '-e', code];
  const child = spawn(program, args, { stdio: ['ignore', 'pipe', 'inherit'] });
  t.teardown(() => child.kill('SIGKILL'));
  await once(child.stdout, 'data');
  return child;
}

/** Makes a lock look as if it had not been renewed for so many seconds. */
function letAge(file: string, seconds: number): void {
  const then = new Date(Date.now() - seconds * 1_000);
  utimesSync(`${file}.lock`, then, then);
}

const onPosix = process.platform === 'win32' ? test.skip : test;
const onLinux = process.platform === 'linux' ? test : test.skip;

test('a lock keeps others out until it is released', async t => {
  const file = newFile(t);
  const lock = await lockLedger(file, () => t.fail());
  t.true(await isLocked(file));
  const error = await t.throwsAsync(
    lockLedger(file, () => {}),
    { instanceOf: LedgerLocked },
  );
  t.like(error, { pid: process.pid, host: hostname() });
  await lock.release();
  t.false(await isLocked(file));
  const next = await lockLedger(file, () => t.fail());
  await next.release();
});

test("a dead process's lock is taken over at once, and held from then on", async t => {
  const file = newFile(t);
  leaveLock(file);
  t.false(await isLocked(file));
  let isLost = false;
  const lock = await lockLedger(file, () => {
    isLost = true;
  });
  // Longer than the renewal of the lock under which it was taken over.
  await delay(3_500);
  t.false(isLost);
  t.true(await isLocked(file));
  await t.throwsAsync(
    lockLedger(file, () => {}),
    { instanceOf: LedgerLocked },
  );
  await lock.release();
  t.false(existsSync(`${file}.lock`));
  t.false(existsSync(`${file}.gate`));
});

test("a dead process's lock is taken over by one of many", async t => {
  const file = newFile(t);
  leaveLock(file);
  const tries = await Promise.allSettled(Array.from({ length: 5 }, () => lockLedger(file, () => {})));
  const won = tries.filter(({ status }) => status === 'fulfilled');
  t.is(won.length, 1);
});

test("another host's lock is respected while it is renewed, and taken over when it was not for long", async t => {
  const file = newFile(t);
  leaveLock(file, 'another-host');
  const error = await t.throwsAsync(
    lockLedger(file, () => {}),
    { instanceOf: LedgerLocked },
  );
  t.is(error.host, 'another-host');
  letAge(file, 120);
  t.false(await isLocked(file));
  const lock = await lockLedger(file, () => t.fail());
  await lock.release();
});

onPosix(
  'the lock of a stopped process is not taken over, and is at once when the process is killed',
  async t => {
    const file = newFile(t);
    const child = await holdElsewhere(t, file);
    child.kill('SIGSTOP');
    letAge(file, 3_600);
    t.true(await isLocked(file));
    const error = await t.throwsAsync(
      lockLedger(file, () => {}),
      { instanceOf: LedgerLocked },
    );
    t.is(error.pid, child.pid);
    const ended = once(child, 'exit');
    child.kill('SIGKILL');
    await ended;
    t.false(await isLocked(file));
    const lock = await lockLedger(file, () => t.fail());
    await lock.release();
  },
);

onLinux('a process that only has the number of a dead owner does not hold its lock', async t => {
  const file = newFile(t);
  const child = spawn('sleep', ['1000']);
  t.teardown(() => child.kill('SIGKILL'));
  const start = readFileSync(`/proc/${child.pid}/stat`, 'utf8').split(' ')[21];
  mkdirSync(`${file}.lock`);
  const name = (owner: object) => writeFileSync(`${file}.owner.json`, JSON.stringify(owner));
  name({ pid: child.pid, host: hostname(), start });
  t.true(await isLocked(file));
  name({ pid: child.pid, host: hostname(), start: `${Number(start) - 1}` });
  t.false(await isLocked(file));
  const lock = await lockLedger(file, () => t.fail());
  t.is(child.exitCode, null);
  await lock.release();
});

onLinux('a killed owner that nobody has waited for yet does not hold its lock', async t => {
  const file = newFile(t);
  // The shell becomes a sleep, which never waits for the child that it inherits.
  const shell = spawn('sh', ['-c', 'sleep 1000 & echo $!; exec sleep 1000'], {
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  t.teardown(() => shell.kill('SIGKILL'));
  const [output] = await once(shell.stdout, 'data');
  const pid = Number(output);
  const start = readFileSync(`/proc/${pid}/stat`, 'utf8').split(' ')[21];
  mkdirSync(`${file}.lock`);
  writeFileSync(`${file}.owner.json`, JSON.stringify({ pid, host: hostname(), start }));
  t.true(await isLocked(file));
  process.kill(pid, 'SIGKILL');
  // The test's own time limit ends the wait.
  while (await isLocked(file)) await delay(20);
  t.pass();
});

test('where it is not known when the owner started, its number stands for it, but not for days', async t => {
  const file = newFile(t);
  mkdirSync(`${file}.lock`);
  writeFileSync(`${file}.owner.json`, JSON.stringify({ pid: process.pid, host: hostname() }));
  letAge(file, 600);
  t.is(await isLocked(file), uptime() > 600);
  letAge(file, 2 * 24 * 3_600);
  t.false(await isLocked(file));
});

test('a lock that names no owner is what a killed process left, and is taken over', async t => {
  const file = newFile(t);
  mkdirSync(`${file}.lock`);
  const lock = await lockLedger(file, () => {});
  t.true(await isLocked(file));
  await lock.release();
  t.false(existsSync(`${file}.lock`));
});

test('a lock on a file system that rounds its times is renewed, and not taken for lost', async t => {
  const file = newFile(t);
  let isLost = false;
  const times = { renewal: 20, stale: 60_000 };
  const lock = await lockLedger(
    file,
    () => {
      isLost = true;
    },
    times,
  );
  for (let renewals = 0; renewals < 3; renewals++) {
    const rounded = Math.floor(Date.now() / 10_000) * 10;
    utimesSync(`${file}.lock`, rounded, rounded);
    await until(() => statSync(`${file}.lock`).mtimeMs !== rounded * 1_000);
  }
  t.false(isLost);
  await lock.release();
});

test('a lock that another host took over meanwhile is lost, and left to it', async t => {
  const file = newFile(t);
  const lost = Promise.withResolvers<LedgerLocked>();
  const lock = await lockLedger(file, lost.resolve, { renewal: 20, stale: 60_000 });
  writeFileSync(`${file}.owner.json`, JSON.stringify({ pid: 1, host: 'another-host', id: 'another' }));
  t.true((await lost.promise) instanceof LedgerLocked);
  await lock.release();
  t.true(existsSync(`${file}.lock`));
});

/** A container's own processes, network and name. */
const CONTAINER = ['unshare', '--pid', '--fork', '--net', '--uts', '--mount-proc', '--kill-child'];
const canContain = spawnSync(CONTAINER[0] ?? '', [...CONTAINER.slice(1), 'true']).status === 0;
const inContainers = canContain ? test : test.skip;

inContainers(
  'a container keeps others out, even while it is stopped, and the next starts at once where it crashed',
  async t => {
    const file = newFile(t);
    const child = await holdElsewhere(t, file, ...CONTAINER);
    letAge(file, 3_600);
    t.true(await isLocked(file));
    await t.throwsAsync(
      lockLedger(file, () => {}),
      { instanceOf: LedgerLocked },
    );
    const ended = once(child, 'exit');
    child.kill('SIGKILL');
    await ended;
    letAge(file, 0);
    const next = await holdElsewhere(t, file, ...CONTAINER);
    t.true(await isLocked(file));
    t.is(next.exitCode, null);
  },
);
