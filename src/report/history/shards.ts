import { type Shard, shardText } from '../../config/shard.ts';
import type { PastRun } from '../../ledger/history.ts';
import type { HistoryWords } from '../words/history.ts';
import { runJson } from './counts.ts';
import { alignedLines, cellsOf, headsOf, STATUS_COLUMN } from './table.ts';

/** A past run of a shard. */
export interface ShardRun {
  shard: Shard;
  run: PastRun;
}

/** The newest runs of the shards of one folder, and what they are together. */
export interface ShardsSum {
  runs: ShardRun[];
  /** Shards of which no run is known, `i/n` each. */
  missing: string[];
  /** Numbers are summed up; times are from the first start to the last end, `used_time` the longest one's. */
  sum: PastRun;
}

/**
 * The newest run of each shard, summed up, for each folder and target. Of several divisions the one that ran last
 * counts.
 * @param all the runs of all shards that there are, each shard's oldest first
 */
export function sumOfShards(all: readonly ShardRun[]): ShardsSum[] {
  const folders = Map.groupBy(all, ({ run }) => JSON.stringify([run.local_path, run.target]));
  return [...folders.values()].map(ofOne => {
    const latest = ofOne.reduce((a, b) => (a.run.end_time < b.run.end_time ? b : a));
    const { count } = latest.shard;
    const newest = new Map(
      ofOne.filter(({ shard }) => shard.count === count).map(found => [found.shard.index, found]),
    );
    const indexes = Array.from({ length: count }, (_, index) => index);
    const runs = indexes.flatMap(index => newest.get(index) ?? []);
    const missing = indexes.filter(index => !newest.has(index)).map(index => shardText({ index, count }));
    return { runs, missing, sum: summedUp(runs.map(({ run }) => run)) };
  });
}

const ADDED = [
  'create_folder_ok',
  'create_folder_fail',
  'del_folder_ok',
  'del_folder_fail',
  'upload_file_ok',
  'upload_file_fail',
  'del_file_ok',
  'del_file_fail',
  'upload_file_skip',
  'upload_bytes',
  'deletes_held',
] as const satisfies (keyof PastRun)[];

function summedUp(runs: readonly PastRun[]): PastRun {
  const added = ADDED.map(name => [name, runs.reduce((sum, run) => sum + run[name], 0)]);
  const statuses = new Set(runs.map(run => run.op_status));
  return {
    ...runs[0]!,
    ...(Object.fromEntries(added) as Pick<PastRun, (typeof ADDED)[number]>),
    exit_code: Math.max(...runs.map(run => run.exit_code)),
    op_status: statuses.size === 1 ? [...statuses][0]! : 'PART_OK',
    start_time: runs.map(run => run.start_time).sort()[0]!,
    end_time: runs
      .map(run => run.end_time)
      .sort()
      .at(-1)!,
    used_time: Math.max(...runs.map(run => run.used_time)),
  };
}

export function shardsJson({ runs, missing, sum }: ShardsSum): Record<string, unknown> {
  const { run: _, ledger: __, interrupted_by: ___, errors: ____, ...summed } = runJson(sum);
  return {
    ...summed,
    missing,
    shards: runs.map(({ shard, run }) => {
      const { errors: _, ...told } = runJson(run);
      return { shard: shardText(shard), ...told };
    }),
  };
}

/** A line for each shard, and one for all of them. */
export function shardsTable({ runs, missing, sum }: ShardsSum, words: HistoryWords): string {
  const hasHeld = sum.deletes_held > 0;
  const rows = [
    [words.columns.shard, ...headsOf(words, hasHeld)],
    ...runs.map(({ shard, run }) => [shardText(shard), ...cellsOf(run, hasHeld)]),
    [words.allShards, ...cellsOf(sum, hasHeld).with(0, '')],
  ];
  const lines = [
    `${sum.local_path} → ${sum.target}`,
    ...alignedLines(rows, [0, STATUS_COLUMN, STATUS_COLUMN + 1]),
    ...(missing.length > 0 ? [words.noRunOf(missing)] : []),
  ];
  return `${lines.join('\n')}\n`;
}
