import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { startBareServer } from '../bare-server.ts';
import { createHome, expectStatistics } from '../program.ts';
import { find } from '../rivals.ts';
import { counted, type Row, type Words } from '../table.ts';
import { buildEmpty, buildSparse, flatPaths, nestedPaths, recordsOf, type Tree } from '../trees.ts';
import { takeTurns } from '../turns.ts';
import type { Work, Workplace } from './workplace.ts';

interface NoOp {
  what: Words;
  count: number;
  pathsOf: (files: number) => Iterable<string>;
  build: (root: string, paths: Iterable<string>) => Tree;
}

const nested = (count: number, build = buildSparse): NoOp => ({
  what: { en: `${counted(count)} files, 50 a folder`, zh: `${counted(count)} 个文件，每个目录 50 个` },
  count,
  pathsOf: nestedPaths,
  build,
});

const flat = (count: number): NoOp => ({
  what: { en: `${counted(count)} files in one folder`, zh: `${counted(count)} 个文件，同一目录` },
  count,
  pathsOf: flatPaths,
  build: buildSparse,
});

/** A run that finds nothing to do, at several sizes. */
export const noOp: Work = async workplace => {
  const { files } = workplace;
  const jobs = [nested(files / 100), nested(files / 10), nested(files), flat(files / 5)];
  const rows: Row[] = [];
  for (const job of jobs) rows.push(...(await compare(workplace, job)));
  return rows;
};

/** Two sizes whose times tell whether they grow faster than the tree; the files are empty. */
export const millions: Work = async workplace => {
  const { files } = workplace;
  const rows: Row[] = [];
  for (const count of [files / 10, files]) {
    rows.push(...(await compare({ ...workplace, rounds: 1 }, nested(count, buildEmpty))));
  }
  return rows;
};

async function compare(
  { folder, trees, program, rounds, say }: Workplace,
  { what, count, pathsOf, build }: NoOp,
): Promise<Row[]> {
  say(`no-op: ${what.en}`);
  const place = join(folder, 'one');
  const root = join(trees, 'one');
  const tree = build(root, pathsOf(count));
  const server = await startBareServer();
  try {
    const home = createHome(place, { local_path: tree.root, endpoint: server.url });
    await home.rememberMany(recordsOf(tree, pathsOf(count)), count + tree.folders.length);
    const work = { en: `no-op: ${what.en}`, zh: `无变化：${what.zh}` };
    const costs = await takeTurns(
      rounds,
      [
        { name: 'find -printf', command: find(tree.root), isRival: true },
        {
          name: 'cos_sync',
          command: program.command(...home.options),
          async check({ stdout }) {
            expectStatistics(stdout, { upload_file_skip: count, upload_file_ok: 0, del_file_ok: 0 });
            const { requests } = await server.counts();
            if (requests > 0) throw new Error(`${requests} requests were sent, and none was needed`);
          },
        },
      ],
      say,
    );
    const base = costs.get('find -printf');
    return [...costs].map(([name, cost]) => ({
      work,
      program: name,
      cost,
      amount: { count, unit: 'files/s' },
      ...(name === 'cos_sync' && {
        against: base && { name: 'find', cost: base },
        note: { en: '0 requests', zh: '0 个请求' },
      }),
    }));
  } finally {
    await server.stop();
    for (const each of [place, root]) rmSync(each, { recursive: true, force: true });
  }
}
