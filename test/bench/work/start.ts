import { join } from 'node:path';
import { createHome, expectStatistics } from '../program.ts';
import { buildSparse, nestedPaths, recordsOf } from '../trees.ts';
import { takeTurns } from '../turns.ts';
import type { Work } from './workplace.ts';

const FILES = 1_000;

/** How long a user waits before anything begins. */
export const start: Work = async ({ folder, program, rounds }) => {
  const tree = buildSparse(join(folder, 'tree'), nestedPaths(FILES));
  const home = createHome(join(folder, 'home'), { local_path: tree.root });
  await home.remember(recordsOf(tree, nestedPaths(FILES)));
  const refused = program.command('--home', join(folder, 'nowhere'));
  const node = { name: 'node -e 0', command: { file: process.execPath, args: ['-e', '0'] } };
  const costs = await takeTurns(rounds * 3, [
    node,
    { name: '--version', command: program.command('--version') },
    { name: '--help', command: program.command('--help') },
    { name: 'refused config', command: { ...refused, expected: [2] } },
    {
      name: `no-op, ${FILES.toLocaleString('en')} files`,
      command: program.command(...home.options),
      check: ({ stdout }) => expectStatistics(stdout, { upload_file_skip: FILES, upload_file_ok: 0 }),
    },
  ]);
  const base = costs.get(node.name)!;
  return [...costs].map(([name, cost]) => ({
    work: 'start',
    program: name === node.name ? name : `cos_sync ${name}`,
    cost,
    ...(name === node.name ? {} : { against: { name: node.name, cost: base } }),
  }));
};
