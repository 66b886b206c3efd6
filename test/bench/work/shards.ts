import { rmSync } from 'node:fs';
import { join } from 'node:path';
import type { Shard } from '../../../src/config/shard.ts';
import { folderOf } from '../../../src/engine/local/part.ts';
import { isElsewhere } from '../../../src/engine/local/shard.ts';
import type { LedgerRecord } from '../../../src/ledger/records.ts';
import { type Command, type Cost, measure, median } from '../measure.ts';
import { createHome, statisticsOf } from '../program.ts';
import { mountSlowly } from '../slow-mount.ts';
import { counted, type Row, type Words } from '../table.ts';
import { buildSparse, nestedPaths, recordsOf, type Tree } from '../trees.ts';
import type { Work, Workplace } from './workplace.ts';

const SHARDS = 4;
const SLOW_FILES = 12_000;
const SLOW_IN_FOLDER = 100;
/** ms that each look takes */
const LOOK = 1;

interface Job {
  work: Words;
  tree: Tree;
  /** Where the tree is looked at. */
  shownAt: string;
  /** Of the configuration. */
  scanThreads: number;
  paths: () => Iterable<string>;
}

/** A folder that is divided: what all shards cost together, and how long it takes them where each look takes long. */
export const shards: Work = async workplace => {
  const { files, trees, folder } = workplace;
  const many = { paths: () => nestedPaths(files), place: join(trees, 'many') };
  const tree = buildSparse(many.place, many.paths());
  const work = {
    en: `no-op in shards: ${counted(files)} files, 50 a folder`,
    zh: `分片，无变化：${counted(files)} 个文件，每个目录 50 个`,
  };
  const job = { work, tree, shownAt: tree.root, scanThreads: 0, paths: many.paths };
  const rows = await compare(workplace, job, true);
  rmSync(many.place, { recursive: true });
  const count = Math.min(SLOW_FILES, files);
  const paths = () => nestedPaths(count, SLOW_IN_FOLDER);
  const slow = buildSparse(join(trees, 'slow'), paths());
  const mount = await mountSlowly(slow.root, folder, LOOK);
  try {
    const work = {
      en: `no-op in shards: ${counted(count)} files, ${SLOW_IN_FOLDER} a folder, ${LOOK} ms a look (${mount.by.en}), scan_threads 1`,
      zh: `分片，无变化：${counted(count)} 个文件，每个目录 ${SLOW_IN_FOLDER} 个，每次访问 ${LOOK} ms（${mount.by.zh}），scan_threads 1`,
    };
    rows.push(
      ...(await compare(workplace, { work, tree: slow, shownAt: mount.place, scanThreads: 1, paths }, false)),
    );
  } finally {
    await mount.stop();
  }
  return rows;
};

async function compare(workplace: Workplace, job: Job, hasTurns: boolean): Promise<Row[]> {
  workplace.say(job.work.en);
  const one = await prepared(workplace, job, undefined);
  const parts: Command[] = [];
  for (let index = 0; index < SHARDS; index++)
    parts.push(await prepared(workplace, job, { index, count: SHARDS }));
  const costs = { one: [] as Cost[], inTurn: [] as Cost[], atOnce: [] as Cost[] };
  for (let round = 0; round < workplace.rounds; round++) {
    costs.one.push(await measure(one));
    const inTurn: Cost[] = [];
    for (const part of hasTurns ? parts : []) inTurn.push(await measure(part));
    if (hasTurns) costs.inTurn.push(together(inTurn, (sum, wall) => sum + wall));
    costs.atOnce.push(together(await Promise.all(parts.map(measure)), Math.max));
  }
  const skipped = ({ stdout }: Cost) => statisticsOf(stdout).upload_file_skip;
  if (costs.one.some(cost => skipped(cost) !== job.tree.files)) throw new Error('a run was no no-op');
  const base = median(costs.one);
  const amount = { count: job.tree.files, unit: 'files/s' } as const;
  const row = (program: Words, cost: Cost): Row => ({ work: job.work, program, cost, amount });
  const against = { name: '1', cost: base };
  return [
    row({ en: 'one process', zh: '单进程' }, base),
    ...(hasTurns
      ? [{ ...row({ en: '4 shards in turn', zh: '4 个分片依次运行' }, median(costs.inTurn)), against }]
      : []),
    { ...row({ en: '4 shards at once', zh: '4 个分片同时运行' }, median(costs.atOnce)), against },
  ];
}

/** The command of a process, whose ledger is that of what it has synced. */
async function prepared(
  { folder, program }: Workplace,
  { shownAt, scanThreads, tree, paths }: Job,
  shard: Shard | undefined,
): Promise<Command> {
  const name = shard ? `shard-${shard.index}` : 'whole';
  const place = join(folder, `${name} of ${tree.files}`);
  const home = createHome(place, {
    local_path: shownAt,
    scan_threads: scanThreads,
    endpoint: 'http://127.0.0.1:1',
    ...(shard && { shard: `${shard.index}/${shard.count}` }),
  });
  const isOwn = ({ path }: LedgerRecord) => !isElsewhere(shard, path.endsWith('/') ? path : folderOf(path));
  const own = function* () {
    for (const record of recordsOf(tree, paths())) if (isOwn(record)) yield record;
  };
  let count = 0;
  for (const _ of own()) count++;
  await home.rememberMany(own(), count);
  return program.command(...home.options);
}

function together(parts: readonly Cost[], wallOf: (sum: number, wall: number) => number): Cost {
  return {
    wall: parts.map(({ wall }) => wall).reduce((a, b) => wallOf(a, b)),
    cpu: parts.reduce((sum, { cpu }) => sum + cpu, 0),
    peakMemory: Math.max(...parts.map(({ peakMemory }) => peakMemory)),
    stdout: '',
  };
}
