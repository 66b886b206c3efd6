import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import { readHistory, recordRun, takeRunNumber } from '../../src/ledger/history.ts';
import { pastRuns } from '../support/past-runs.ts';

const HISTORY_MODULE = new URL('../../src/ledger/history.ts', import.meta.url).href;

function newFile(t: ExecutionContext): string {
  const folder = mkdtempSync(join(tmpdir(), 'cos_sync-history-'));
  t.teardown(() => rmSync(folder, { recursive: true, force: true }));
  return join(folder, 'history.db');
}

test('runs that end at the same time are all in the history, each with a number of its own', async t => {
  const file = newFile(t);
  const runs = pastRuns(12, 1);
  await Promise.all(runs.slice(0, 6).map(run => recordRun(file, run)));
  const code = `
    const { recordRun } = await import(${JSON.stringify(HISTORY_MODULE)});
    await recordRun(process.argv[1], JSON.parse(process.argv[2]));`;
  const others = runs.slice(6).map(run => {
    const args = ['--input-type=module', '-e', code, file, JSON.stringify(run)];
    return once(spawn(process.execPath, args, { stdio: 'inherit' }), 'exit');
  });
  for (const [exitCode] of await Promise.all(others)) t.is(exitCode, 0);
  const recorded = await readHistory(file);
  t.deepEqual(
    recorded.map(({ _id }) => _id),
    runs.map((_, index) => index + 1),
  );
  const starts = (all: typeof runs) => all.map(({ start_time }) => start_time).sort();
  t.deepEqual(starts(recorded), starts(runs));
});

test('each run that begins takes a number of its own, after those of the history, and keeps it', async t => {
  const file = newFile(t);
  for (const run of pastRuns(3, 1)) await recordRun(file, run);
  const taken = await Promise.all(Array.from({ length: 5 }, () => takeRunNumber(file)));
  t.deepEqual(
    taken.sort((a, b) => a! - b!),
    [4, 5, 6, 7, 8],
  );
  const [run] = pastRuns(1, 1);
  await recordRun(file, { ...run!, _id: 6 });
  await recordRun(file, { ...run!, _id: 4 });
  // The number of another place's run, as after a history was restored.
  await recordRun(file, { ...run!, _id: 2 });
  t.deepEqual(
    (await readHistory(file)).map(({ _id }) => _id),
    [1, 2, 3, 4, 6, 7],
  );
});

test('a run is recorded although another was killed while it recorded itself', async t => {
  const file = newFile(t);
  const [run] = pastRuns(1, 1);
  mkdirSync(`${file}.gate`);
  const begun = Date.now();
  await recordRun(file, run!);
  t.true(Date.now() - begun < 10_000);
  t.is((await readHistory(file)).length, 1);
  t.false(existsSync(`${file}.gate`));
});
