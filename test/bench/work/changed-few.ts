import { rmSync, statSync, truncateSync } from 'node:fs';
import { join } from 'node:path';
import { startBareServer } from '../bare-server.ts';
import { createHome, expectStatistics } from '../program.ts';
import { counted } from '../table.ts';
import { buildSparse, nestedPaths, recordsOf } from '../trees.ts';
import { takeTurns } from '../turns.ts';
import type { Work } from './workplace.ts';

/** The size of a file after a change: none of the tree's has it. */
const CHANGED_SIZE = 20_000;

/** A large tree of which a thousandth is changed and another thousandth deleted before each run. */
export const changedFew: Work = async ({ folder, trees, program, rounds, files, say }) => {
  say('changed few');
  const few = files / 1_000;
  const tree = buildSparse(join(trees, 'tree'), nestedPaths(files));
  const paths = [...nestedPaths(files)];
  const server = await startBareServer();
  try {
    const home = createHome(join(folder, 'home'), {
      local_path: tree.root,
      endpoint: server.url,
      thread_num: 32,
    });
    await home.remember(recordsOf(tree, paths));
    const sizes: number[] = [];
    let deletions = 0;
    const costs = await takeTurns(rounds, [
      {
        name: 'cos_sync',
        command: program.command(...home.options),
        async prepare(round) {
          const start = round * 2 * few;
          // Spread over the whole tree, as changes are.
          const step = Math.floor(files / (2 * few * rounds));
          for (let index = start; index < start + few; index++) {
            truncateSync(join(tree.root, paths[index * step]!), CHANGED_SIZE);
            rmSync(join(tree.root, paths[(index + few) * step]!));
          }
          sizes.push(statSync(home.ledger).size);
          await server.counts();
        },
        async check({ stdout }) {
          expectStatistics(stdout, { upload_file_ok: few, del_file_ok: few, upload_file_fail: 0 });
          sizes.push(statSync(home.ledger).size);
          deletions = (await server.counts()).deletes;
        },
      },
    ]);
    const [before = 0, after = 0] = sizes;
    const growth = `${megabytes(before)} → ${megabytes(after)}`;
    return [
      {
        work: {
          en: `${counted(few)} changed and as many deleted of ${counted(files)}`,
          zh: `${counted(files)} 个文件中 ${counted(few)} 个变化、${counted(few)} 个删除`,
        },
        program: 'cos_sync',
        cost: costs.get('cos_sync')!,
        note: {
          en: `ledger ${growth}, ${deletions} deletion request(s)`,
          zh: `数据库 ${growth}，${deletions} 个删除请求`,
        },
      },
    ];
  } finally {
    await server.stop();
  }
};

function megabytes(bytes: number): string {
  return `${(bytes / 1_000_000).toFixed(2)} MB`;
}
