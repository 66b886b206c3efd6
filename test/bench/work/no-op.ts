import { join } from 'node:path';
import { startBareServer } from '../bare-server.ts';
import { createHome, expectStatistics } from '../program.ts';
import { find } from '../rivals.ts';
import type { Row } from '../table.ts';
import { buildSparse, flatPaths, nestedPaths, recordsOf } from '../trees.ts';
import { takeTurns } from '../turns.ts';
import type { Work, Workplace } from './workplace.ts';

/** A run that finds nothing to do, at several sizes. */
export const noOp: Work = async workplace => {
  const { files } = workplace;
  const rows: Row[] = [];
  for (const count of [files / 100, files / 10, files]) {
    rows.push(
      ...(await compare(workplace, `${count.toLocaleString('en')} files, 50 a folder`, count, nestedPaths)),
    );
  }
  const flat = files / 5;
  rows.push(
    ...(await compare(workplace, `${flat.toLocaleString('en')} files in one folder`, flat, flatPaths)),
  );
  return rows;
};

async function compare(
  { folder, trees, program, rounds, say }: Workplace,
  what: string,
  count: number,
  pathsOf: (files: number) => Iterable<string>,
): Promise<Row[]> {
  say(`no-op: ${what}`);
  const name = what.replaceAll(/\W+/g, '-');
  const place = join(folder, name);
  const tree = buildSparse(join(trees, name, 'tree'), pathsOf(count));
  const server = await startBareServer();
  try {
    const home = createHome(join(place, 'home'), { local_path: tree.root, endpoint: server.url });
    await home.remember(recordsOf(tree, pathsOf(count)));
    const costs = await takeTurns(rounds, [
      { name: 'find -printf', command: find(tree.root) },
      {
        name: 'cos_sync',
        command: program.command(...home.options),
        async check({ stdout }) {
          expectStatistics(stdout, { upload_file_skip: count, upload_file_ok: 0, del_file_ok: 0 });
          const { requests } = await server.counts();
          if (requests > 0) throw new Error(`${requests} requests were sent, and none was needed`);
        },
      },
    ]);
    const base = costs.get('find -printf')!;
    return [...costs].map(([name, cost]) => ({
      work: `no-op: ${what}`,
      program: name,
      cost,
      amount: { count, unit: 'files/s' },
      ...(name === 'cos_sync' ? { against: { name: 'find', cost: base }, note: '0 requests' } : {}),
    }));
  } finally {
    await server.stop();
  }
}
