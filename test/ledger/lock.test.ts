import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { hostname, tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import test, { type ExecutionContext } from 'ava';
import { LedgerLocked } from '../../src/ledger/errors.ts';
import { isLocked, lockLedger } from '../../src/ledger/lock.ts';

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
  t.false(existsSync(`${file}.lock.takeover`));
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
  const long = new Date(Date.now() - 120_000);
  utimesSync(`${file}.lock`, long, long);
  const lock = await lockLedger(file, () => t.fail());
  await lock.release();
});
