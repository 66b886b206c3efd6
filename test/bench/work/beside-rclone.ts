import { join } from 'node:path';
import { startBareServer } from '../bare-server.ts';
import type { Cost } from '../measure.ts';
import { createHome, expectStatistics } from '../program.ts';
import { find, isInstalled, rcloneNoOp } from '../rivals.ts';
import { mountSlowly } from '../slow-mount.ts';
import { counted, type Row, type Words } from '../table.ts';
import { buildSparse, nestedPaths, recordsOf, type Tree } from '../trees.ts';
import { takeTurns } from '../turns.ts';
import type { Work, Workplace } from './workplace.ts';

const SLOW_FILES = 4_000;
const IN_FOLDER = 20;
/** ms that each look takes */
const LOOK = 1;
const FILES = 100_000;

/** A run that finds nothing to do where each look takes long, as on a network drive. */
export const slowTree: Work = async workplace => {
  const files = Math.min(SLOW_FILES, workplace.files);
  const tree = buildSparse(join(workplace.trees, 'tree'), nestedPaths(files, IN_FOLDER));
  const mount = await mountSlowly(tree.root, workplace.folder, LOOK);
  const { en, zh } = mount.by;
  try {
    return await compare(workplace, {
      work: {
        en: `no-op: ${counted(files)} files, ${IN_FOLDER} a folder, ${LOOK} ms a look (${en})`,
        zh: `无变化：${counted(files)} 个文件，每个目录 ${IN_FOLDER} 个，每次访问 ${LOOK} ms（${zh}）`,
      },
      tree,
      shownAt: mount.place,
      files,
      inFolder: IN_FOLDER,
    });
  } finally {
    await mount.stop();
  }
};

/** The same in memory, beside the rival that does it with the fewest requests. */
export const noOpOfRclone: Work = async workplace => {
  const files = Math.min(FILES, workplace.files);
  const tree = buildSparse(join(workplace.trees, 'tree'), nestedPaths(files));
  return compare(workplace, {
    work: {
      en: `no-op: ${counted(files)} files, 50 a folder, with a bucket that lists them`,
      zh: `无变化：${counted(files)} 个文件，每个目录 50 个，存储桶中已有`,
    },
    tree,
    shownAt: tree.root,
    files,
  });
};

interface Job {
  work: Words;
  tree: Tree;
  /** Where the tree is looked at. */
  shownAt: string;
  files: number;
  inFolder?: number;
}

async function compare(
  { folder, program, rounds, say }: Workplace,
  { work, tree, shownAt, files, inFolder }: Job,
): Promise<Row[]> {
  say(work.en);
  const server = await startBareServer(0, { listed: files, ...(inFolder && { 'in-folder': inFolder }) });
  const requests = new Map<string, number>();
  const check = (name: string, more: (cost: Cost) => void) => async (cost: Cost) => {
    const counts = await server.counts();
    requests.set(name, counts.requests);
    cost.serverCpu = counts.cpu;
    if (counts.puts > 0) throw new Error(`${counts.puts} files were sent, and none was to be`);
    more(cost);
  };
  const prepare = async () => void (await server.counts());
  try {
    const home = createHome(join(folder, 'home'), { local_path: shownAt, endpoint: server.url });
    const paths = () => nestedPaths(files, inFolder);
    await home.rememberMany(recordsOf(tree, paths()), files + tree.folders.length);
    const ours = {
      name: 'cos_sync',
      command: program.command(...home.options),
      prepare,
      check: check('cos_sync', ({ stdout }) => expectStatistics(stdout, { upload_file_skip: files })),
    };
    const finds = { name: 'find -printf', command: find(shownAt), isRival: true };
    const rclone = {
      name: 'rclone',
      command: rcloneNoOp(server.url, shownAt),
      prepare,
      check: check('rclone', () => {}),
      isRival: true,
    };
    const rivals = isInstalled('rclone') ? [finds, rclone] : [finds];
    // What a file system shows for the first time, the kernel has to look up by name.
    await takeTurns(1, [{ ...finds, name: 'unmeasured' }], say);
    const costs = await takeTurns(rounds, [ours, ...rivals], say);
    const base = costs.get('cos_sync')!;
    return [...costs].map(([name, cost]) => ({
      work,
      program: name,
      cost,
      amount: { count: files, unit: 'files/s' },
      ...(name !== 'cos_sync' && { against: { name: 'cos_sync', cost: base } }),
      ...(requests.has(name) && { note: noteOf(name, requests.get(name)!) }),
    }));
  } finally {
    await server.stop();
  }
}

function noteOf(name: string, requests: number): Words {
  const with16 = name === 'rclone' ? ', --checkers 16 --fast-list --update --use-server-modtime' : '';
  return {
    en: `${counted(requests)} requests${with16}`,
    zh: `${counted(requests)} 个请求${with16.replace(', ', '，')}`,
  };
}
