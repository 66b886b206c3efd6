import { join } from 'node:path';
import { createHome, expectStatistics } from '../program.ts';
import { counted, type Words } from '../table.ts';
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
  const unchanged = counted(FILES);
  const names: Readonly<Record<string, Words>> = {
    refused: { en: 'refused config', zh: '配置有误' },
    unchanged: { en: `no-op, ${unchanged} files`, zh: `无变化，${unchanged} 个文件` },
  };
  const costs = await takeTurns(rounds * 3, [
    node,
    { name: '--version', command: program.command('--version') },
    { name: '--help', command: program.command('--help') },
    { name: 'refused', command: { ...refused, expected: [2] } },
    {
      name: 'unchanged',
      command: program.command(...home.options),
      check: ({ stdout }) => expectStatistics(stdout, { upload_file_skip: FILES, upload_file_ok: 0 }),
    },
  ]);
  const base = costs.get(node.name)!;
  return [...costs].map(([name, cost]) => ({
    work: { en: 'start', zh: '启动' },
    program: name === node.name ? name : called(names[name] ?? { en: name, zh: name }),
    cost,
    ...(name === node.name ? {} : { against: { name: node.name, cost: base } }),
  }));
};

function called({ en, zh }: Words): Words {
  return { en: `cos_sync ${en}`, zh: `cos_sync ${zh}` };
}
