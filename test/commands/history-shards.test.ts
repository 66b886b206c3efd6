import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'ava';
import type { PastRun } from '../../src/ledger/history.ts';
import { historyHere } from '../support/in-process.ts';
import { pastRuns } from '../support/past-runs.ts';
import { type Sandbox, sandbox } from '../support/sandbox.ts';

const OK = { exit_code: 0, op_status: 'ALL_OK', upload_file_fail: 0 };

function write(box: Sandbox, name: string, runs: readonly PastRun[]): void {
  mkdirSync(join(box.home, 'db'), { recursive: true });
  writeFileSync(
    join(box.home, 'db', `history.${name}.db`),
    runs.map(run => `${JSON.stringify(run)}\n`).join(''),
  );
}

function runsOf(count: number, changes: Partial<PastRun>): PastRun[] {
  const runs = pastRuns(count, 2, { ...OK, upload_file_ok: 1_000, upload_bytes: 1_000 });
  Object.assign(runs.at(-1)!, changes);
  return runs;
}

test.serial('the newest runs of all shards are summed up, and shards without one are named', async t => {
  const box = await sandbox(t);
  const times = {
    start_time: '2026-11-23T01:00:00.000Z',
    end_time: '2026-11-23T01:10:00.000Z',
    used_time: 600,
  };
  write(box, 'shard-0-of-3', runsOf(3, { ...times, upload_file_ok: 2, upload_bytes: 10, del_file_ok: 1 }));
  const failed = {
    exit_code: 1,
    op_status: 'PART_OK',
    upload_file_ok: 3,
    upload_bytes: 20,
    upload_file_fail: 4,
  };
  const later = {
    start_time: '2026-11-23T01:05:00.000Z',
    end_time: '2026-11-23T01:08:00.000Z',
    used_time: 180,
  };
  write(box, 'shard-2-of-3', runsOf(2, { ...later, ...failed, del_file_ok: 0 }));
  // An older division of the same folder, and files that are none.
  const before = { ...times, end_time: '2026-11-22T00:00:00.000Z' };
  for (const run of [...runsOf(1, before)]) write(box, 'shard-0-of-2', [run]);
  write(box, 'shard-0-of-3.db.next', []);
  const { code, json } = await historyHere(box, { allShards: true });
  t.is(code, 0);
  const [sum, ...others] = json as unknown as Record<string, unknown>[];
  t.deepEqual(others, []);
  t.like(sum, {
    target: 'cos://photos-1250000000/backup/',
    exit_code: 1,
    op_status: 'PART_OK',
    upload_file_ok: 5,
    upload_file_fail: 4,
    upload_bytes: 30,
    del_file_ok: 1,
    start_time: times.start_time,
    end_time: times.end_time,
    used_time: 600,
    missing: ['1/3'],
  });
  const shards = sum?.shards as Record<string, unknown>[];
  t.deepEqual(
    shards.map(({ shard, run, upload_file_ok }) => [shard, run, upload_file_ok]),
    [
      ['0/3', 3, 2],
      ['2/3', 2, 3],
    ],
  );
  const { out } = await historyHere(box, { allShards: true }, { json: false });
  const lines = out.trimEnd().split('\n');
  t.is(lines[0], '/srv/photos → cos://photos-1250000000/backup/');
  t.regex(lines[2] ?? '', /^0\/3 +3 +2026-11-23 .*ALL_OK +2 +1 +0 +10 B +10:00$/);
  t.regex(lines[4] ?? '', /^all +2026-11-23 .*PART_OK +5 +1 +4 +30 B +10:00$/);
  t.is(lines.at(-1), 'no run is known of 1/3');
});

test.serial('each folder that is divided has its own sum', async t => {
  const box = await sandbox(t);
  for (const index of [0, 1]) {
    const runs = runsOf(2, { upload_file_ok: 5 });
    Object.assign(runs[0]!, { target: 'cos://other-1250000000/', upload_file_ok: 7 });
    write(box, `shard-${index}-of-2`, runs);
  }
  const { json } = await historyHere(box, { allShards: true });
  const sums = json as unknown as Record<string, unknown>[];
  t.deepEqual(sums.map(({ target, upload_file_ok }) => [target, upload_file_ok]).sort(), [
    ['cos://other-1250000000/', 14],
    ['cos://photos-1250000000/backup/', 10],
  ]);
});

test.serial(
  'without a run of a shard that is said, and with another choice of runs it is refused',
  async t => {
    const box = await sandbox(t);
    const none = await historyHere(box, { allShards: true }, { json: false });
    t.like(none, { code: 0, out: '' });
    t.regex(none.err, /no shard ran yet/);
    for (const other of [{ shard: '0/2' }, { last: '3' }, { html: 'x' }]) {
      const { code, err } = await historyHere(box, { allShards: true, ...other });
      t.is(code, 2);
      t.regex(err, new RegExp(`cannot be combined with --${Object.keys(other)[0]}`));
    }
  },
);
