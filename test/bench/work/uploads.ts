import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { type BareServer, startBareServer } from '../bare-server.ts';
import { BLOCK } from '../block.ts';
import type { Cost } from '../measure.ts';
import { createHome, expectStatistics } from '../program.ts';
import { curl, isInstalled, rclone } from '../rivals.ts';
import { counted, type Row, type Words } from '../table.ts';
import { buildFilled, buildRepeated, nestedPaths, readAll } from '../trees.ts';
import { type Contender, takeTurns } from '../turns.ts';
import type { Work, Workplace } from './workplace.ts';

const KB = 1024;
const MB = 1024 * 1024;
const SMALL_FILES = 10_000;
const MIDDLE_FILES = 500;

/** The first sync of many small files. */
export const smallFiles: Work = async workplace => {
  const files = Math.min(SMALL_FILES, workplace.files);
  const tree = join(workplace.trees, 'tree');
  buildFilled(tree, nestedPaths(files), 4 * KB);
  return upload(workplace, {
    work: {
      en: `first sync of ${counted(files)} × 4 KB, 32 at a time`,
      zh: `首次同步 ${counted(files)} × 4 KB，并发 32`,
    },
    tree,
    files,
    bytes: files * 4 * KB,
    unit: 'files/s',
    threads: 32,
  });
};

/** The same over a network whose answers take 50 ms. */
export const latency: Work = async workplace => {
  const files = Math.min(SMALL_FILES, workplace.files);
  const tree = join(workplace.trees, 'tree');
  buildFilled(tree, nestedPaths(files), 4 * KB);
  const delay = 50;
  const threads = 64;
  const ideal = (threads * 1000) / delay;
  const rows = await upload(workplace, {
    work: {
      en: `the same, answers after ${delay} ms, ${threads} at a time`,
      zh: `同上，应答延迟 ${delay} ms，并发 ${threads}`,
    },
    tree,
    files,
    bytes: files * 4 * KB,
    unit: 'files/s',
    threads,
    delay,
    isAlone: true,
  });
  return rows.map(row => ({ ...row, note: shareOf(ideal, files / row.cost.wall) }));
};

/** One large file in parts. */
export const largeFile: Work = async workplace => {
  const tree = join(workplace.trees, 'tree');
  mkdirSync(tree, { recursive: true });
  const file = join(tree, 'large.bin');
  buildRepeated(file, BLOCK, workplace.largeSize);
  return upload(workplace, {
    work: {
      en: `one file of ${counted(Math.round(workplace.largeSize / MB))} MB, 8 parts of 8 MB at a time`,
      zh: `一个 ${counted(Math.round(workplace.largeSize / MB))} MB 的文件，8 MB 分块，并发 8`,
    },
    tree,
    files: 1,
    bytes: workplace.largeSize,
    unit: 'MB/s',
    threads: 8,
    curlFile: file,
  });
};

/** Many files of a middle size. */
export const middleFiles: Work = async workplace => {
  const files = Math.min(MIDDLE_FILES, workplace.files / 20);
  const tree = join(workplace.trees, 'tree');
  buildFilled(tree, nestedPaths(files), 5 * MB);
  return upload(workplace, {
    work: { en: `first sync of ${files} × 5 MB, 8 at a time`, zh: `首次同步 ${files} × 5 MB，并发 8` },
    tree,
    files,
    bytes: files * 5 * MB,
    unit: 'MB/s',
    threads: 8,
  });
};

/** @param ideal and @param rate files a second */
export function shareOf(ideal: number, rate: number): Words {
  const share = Math.round((rate / ideal) * 100);
  return {
    en: `${share} % of the ${counted(ideal)} files/s that are possible`,
    zh: `理论上限 ${counted(ideal)} 个/秒的 ${share} %`,
  };
}

interface Upload {
  work: Words;
  tree: string;
  files: number;
  bytes: number;
  unit: 'files/s' | 'MB/s';
  threads: number;
  /** ms before each answer */
  delay?: number;
  /** No rival is measured. */
  isAlone?: boolean;
  /** Is sent by curl, too. */
  curlFile?: string;
}

async function upload(workplace: Workplace, job: Upload): Promise<Row[]> {
  workplace.say(job.work.en);
  const server = await startBareServer(job.delay);
  try {
    const costs = await takeTurns(workplace.rounds, contenders(workplace, job, server), workplace.say);
    const amount = { count: job.unit === 'files/s' ? job.files : job.bytes, unit: job.unit } as const;
    const ours = costs.get('cos_sync')!;
    return [...costs].map(([name, cost]) => ({
      work: job.work,
      program: name,
      cost,
      amount,
      ...(name === 'cos_sync' ? {} : { against: { name: 'cos_sync', cost: ours } }),
    }));
  } finally {
    await server.stop();
  }
}

function contenders({ folder, program }: Workplace, job: Upload, server: BareServer): Contender[] {
  const { tree, files, bytes, threads } = job;
  // rclone tells the system to forget what it read: whoever came next would read from the disk.
  const warm = async () => {
    readAll(tree);
    await server.counts();
  };
  const home = createHome(join(folder, 'home'), {
    local_path: tree,
    endpoint: server.url,
    thread_num: threads,
    create_folders: 0,
  });
  async function checkBytes(cost: Cost): Promise<void> {
    const counts = await server.counts();
    cost.serverCpu = counts.cpu;
    // rclone over plain HTTP may frame a body; nobody may send less than there is.
    if (counts.bytes < bytes) throw new Error(`${counts.bytes} bytes arrived of ${bytes}`);
  }
  const all: Contender[] = [
    {
      name: 'cos_sync',
      command: program.command(...home.options),
      async prepare() {
        home.forget();
        await warm();
      },
      async check(cost) {
        const expected = { upload_file_ok: files, upload_bytes: bytes, upload_file_fail: 0 };
        expectStatistics(cost.stdout, expected);
        await checkBytes(cost);
      },
    },
  ];
  if (job.isAlone) return all;
  if (isInstalled('rclone')) {
    const command = rclone(server.url, tree, 'by-rclone', { transfers: threads });
    all.push({ name: 'rclone', command, prepare: warm, check: checkBytes, isRival: true });
  }
  if (job.curlFile !== undefined && isInstalled('curl')) {
    const command = curl(server.url, job.curlFile);
    all.push({ name: 'curl -T', command, prepare: warm, check: checkBytes, isRival: true });
  }
  return all;
}
