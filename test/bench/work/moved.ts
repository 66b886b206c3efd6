import { mkdirSync, renameSync, statSync, truncateSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { combineCrc64, startCrc64 } from '../../../src/cos/crc64.ts';
import { startBareServer } from '../bare-server.ts';
import { createHome, expectStatistics } from '../program.ts';
import { counted } from '../table.ts';
import { buildFilled, nestedPaths } from '../trees.ts';
import { takeTurns } from '../turns.ts';
import type { Work } from './workplace.ts';

const GiB = 1024 ** 3;
/** More than COS copies in one request. */
const HUGE = 6 * GiB;
const FILES = 10_000;

/** A folder that was renamed: nothing of it is sent again. */
export const moved: Work = async ({ folder, trees, program, rounds, files: most, say }) => {
  const files = Math.min(FILES, most);
  say(`a renamed folder of ${files} files`);
  const tree = join(trees, 'tree');
  buildFilled(join(tree, 'folder-0'), nestedPaths(files), 4 * 1024);
  const server = await startBareServer();
  try {
    const home = createHome(join(folder, 'home'), { local_path: tree, endpoint: server.url, thread_num: 32 });
    const command = program.command(...home.options);
    await takeTurns(1, [{ name: 'first sync', command }]);
    const costs = await takeTurns(rounds, [
      {
        name: 'cos_sync',
        command,
        async prepare(round) {
          renameSync(join(tree, `folder-${round}`), join(tree, `folder-${round + 1}`));
          await server.counts();
        },
        async check({ stdout }) {
          expectStatistics(stdout, { upload_file_ok: files, upload_bytes: 0, del_file_ok: files });
          const { bytes, copies } = await server.counts();
          if (bytes > 0 || copies !== files)
            throw new Error(`${bytes} bytes were sent, ${copies} files copied`);
        },
      },
    ]);
    const cost = costs.get('cos_sync')!;
    const amount = { count: files, unit: 'files/s' } as const;
    const work = {
      en: `a renamed folder of ${counted(files)} files`,
      zh: `重命名含 ${counted(files)} 个文件的目录`,
    };
    const note = { en: '0 bytes sent', zh: '上传 0 字节' };
    return [{ work, program: 'cos_sync', cost, amount, note }];
  } finally {
    await server.stop();
  }
};

/** A file of more than 5 GB that was renamed, and that takes no room on this disk. */
export const movedHuge: Work = async ({ folder, trees, program, rounds, say }) => {
  say('a renamed file of 6 GiB');
  const tree = join(trees, 'tree');
  mkdirSync(tree, { recursive: true });
  const nameOf = (round: number) => join(tree, `huge-${round}.bin`);
  writeFileSync(nameOf(0), '');
  truncateSync(nameOf(0), HUGE);
  const anHourAgo = Date.now() / 1000 - 3600;
  utimesSync(nameOf(0), anHourAgo, anHourAgo);
  const server = await startBareServer();
  try {
    const home = createHome(join(folder, 'home'), { local_path: tree, endpoint: server.url, thread_num: 8 });
    const { mtimeMs } = statSync(nameOf(0));
    const hash = `crc64:${await crc64OfZeros(HUGE)}`;
    await home.remember([{ path: 'huge-0.bin', size: HUGE, mtime: mtimeMs, hash, etag: 'whole-2' }]);
    const costs = await takeTurns(rounds, [
      {
        name: 'cos_sync',
        command: program.command(...home.options, '--max-delete', '100%'),
        prepare(round) {
          renameSync(nameOf(round), nameOf(round + 1));
        },
        async check({ stdout }) {
          expectStatistics(stdout, { upload_file_ok: 1, upload_bytes: 0, del_file_ok: 1 });
          const { bytes, copies } = await server.counts();
          if (bytes > 0 || copies !== HUGE / GiB)
            throw new Error(`${bytes} bytes sent, ${copies} parts copied`);
        },
      },
    ]);
    const cost = costs.get('cos_sync')!;
    const amount = { count: HUGE, unit: 'MB/s' } as const;
    const work = { en: 'a renamed file of 6 GiB', zh: '重命名 6 GiB 的文件' };
    const note = { en: 'read, not sent', zh: '只读取，未上传' };
    return [{ work, program: 'cos_sync', cost, amount, note }];
  } finally {
    await server.stop();
  }
};

async function crc64OfZeros(size: number): Promise<string> {
  const piece = Buffer.alloc(1024 * 1024);
  const crc64 = await startCrc64();
  crc64.update(piece);
  let sum = crc64.digest();
  let length = piece.length;
  for (; length * 2 <= size; length *= 2) sum = combineCrc64(sum, sum, length);
  return length === size ? sum : combineCrc64(sum, await crc64OfZeros(size - length), size - length);
}
