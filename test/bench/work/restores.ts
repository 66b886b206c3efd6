import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { type BareServer, type Held, startBareServer } from '../bare-server.ts';
import type { Cost } from '../measure.ts';
import { createHome, expectStatistics } from '../program.ts';
import { isInstalled, rcloneBack } from '../rivals.ts';
import { counted, type Row, type Words } from '../table.ts';
import { type Contender, takeTurns } from '../turns.ts';
import { shareOf } from './uploads.ts';
import type { Work, Workplace } from './workplace.ts';

const KB = 1024;
const MB = 1024 * 1024;
const SMALL_FILES = 10_000;

/** Many small files back from COS. */
export const smallBack: Work = workplace => {
  const files = Math.min(SMALL_FILES, workplace.files);
  return restore(workplace, {
    work: {
      en: `restore of ${counted(files)} × 4 KB, 32 at a time`,
      zh: `恢复 ${counted(files)} × 4 KB，并发 32`,
    },
    held: { files, size: 4 * KB },
    files,
    bytes: files * 4 * KB,
    unit: 'files/s',
    threads: 32,
  });
};

/** The same over a network whose answers take 50 ms. */
export const latencyBack: Work = async workplace => {
  const files = Math.min(SMALL_FILES, workplace.files);
  const [delay, threads] = [50, 64];
  const ideal = (threads * 1000) / delay;
  const rows = await restore(workplace, {
    work: {
      en: `the same, answers after ${delay} ms, ${threads} at a time`,
      zh: `同上，应答延迟 ${delay} ms，并发 ${threads}`,
    },
    held: { files, size: 4 * KB },
    files,
    bytes: files * 4 * KB,
    unit: 'files/s',
    threads,
    delay,
    isAlone: true,
  });
  return rows.map(row => ({ ...row, note: shareOf(ideal, files / row.cost.wall) }));
};

/** One large file back, in parts. */
export const largeBack: Work = workplace =>
  restore(workplace, {
    work: {
      en: `restore of one file of ${counted(Math.round(workplace.largeSize / MB))} MB, 8 parts at a time`,
      zh: `恢复一个 ${counted(Math.round(workplace.largeSize / MB))} MB 的文件，并发 8 个分块`,
    },
    held: { large: workplace.largeSize },
    files: 1,
    bytes: workplace.largeSize,
    unit: 'MB/s',
    threads: 8,
  });

interface Download {
  work: Words;
  held: Held;
  files: number;
  bytes: number;
  unit: 'files/s' | 'MB/s';
  threads: number;
  /** ms before each answer */
  delay?: number;
  /** No rival is measured. */
  isAlone?: boolean;
}

async function restore(workplace: Workplace, job: Download): Promise<Row[]> {
  workplace.say(job.work.en);
  const server = await startBareServer(job.delay, job.held);
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

function contenders({ folder, trees, program }: Workplace, job: Download, server: BareServer): Contender[] {
  const back = join(trees, 'back');
  const home = createHome(join(folder, 'home'), {
    local_path: join(folder, 'nowhere'),
    endpoint: server.url,
    cos_path: '/stock',
    thread_num: job.threads,
  });
  async function prepare(): Promise<void> {
    rmSync(back, { recursive: true, force: true });
    await server.counts();
  }
  async function count(cost: Cost): Promise<void> {
    cost.serverCpu = (await server.counts()).cpu;
  }
  const all: Contender[] = [
    {
      name: 'cos_sync',
      command: program.command('restore', '--to', back, ...home.options),
      prepare,
      async check(cost) {
        expectStatistics(cost.stdout, { download_file_ok: job.files, download_bytes: job.bytes });
        await count(cost);
      },
    },
  ];
  if (job.isAlone || !isInstalled('rclone')) return all;
  const command = rcloneBack(server.url, back, { transfers: job.threads });
  return [...all, { name: 'rclone', command, prepare, check: count, isRival: true }];
}
