import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { type BareServer, startBareServer } from '../bare-server.ts';
import { type Cost, median, used } from '../measure.ts';
import { createHome } from '../program.ts';
import { counted, type Row } from '../table.ts';
import { buildSparse, nestedPaths, recordsOf, type Tree } from '../trees.ts';
import type { Work } from './workplace.ts';

/** seconds */
const IDLE = 20;
const WATCH_DELAY = 2;
/** ms in which a run ends after its upload, its records written */
const AFTERWARDS = 2_000;
/** ms */
const LOOK_EVERY = 20;

/** A daemon that watches: what it costs while nothing happens, and how long a changed file takes to COS. */
export const watching: Work = async ({ folder, trees, program, rounds, files, say }) => {
  say(`watch: ${counted(files)} files`);
  const tree = buildSparse(join(trees, 'tree'), nestedPaths(files));
  const server = await startBareServer();
  const home = createHome(join(folder, 'home'), {
    local_path: tree.root,
    endpoint: server.url,
    daemon_mode: 1,
    daemon_interval: 86_400,
    watch: 1,
    watch_delay: WATCH_DELAY,
  });
  await home.rememberMany(recordsOf(tree, nestedPaths(files)), files + tree.folders.length);
  const { file, args } = program.command(...home.options, '--quiet');
  const daemon = spawn(file, args, { stdio: 'ignore' });
  const ended = once(daemon, 'exit');
  const cost = () => ({ ...used(daemon.pid!), stdout: '' });
  try {
    const log = join(home.folder, 'log', 'cos_sync.log');
    while (!existsSync(log) || !/ ready /.test(readFileSync(log, 'utf8'))) {
      if (daemon.exitCode !== null) throw new Error(`the daemon ended with ${daemon.exitCode}`);
      await delay(100);
    }
    await delay(AFTERWARDS);
    const idle = await during(cost, () => delay(IDLE * 1_000));
    const changes: Cost[] = [];
    for (let change = 0; change < rounds; change++) {
      const wall = { seconds: 0 };
      const all = await during(cost, async () => {
        wall.seconds = await secondsToCos(tree, change, server);
        await delay(AFTERWARDS);
      });
      changes.push({ ...all, wall: wall.seconds });
    }
    const share = ((idle.cpu / idle.wall) * 100).toFixed(2);
    const row = (en: string, zh: string, of: Cost, note?: Row['note']): Row => ({
      work: {
        en: `watch: ${counted(files)} files, ${en}`,
        zh: `watch：${counted(files)} 个文件，${zh}`,
      },
      program: 'cos_sync',
      cost: of,
      ...(note && { note }),
    });
    return [
      row('nothing happens', '没有变化', idle, { en: `${share}% of a core`, zh: `占一个核的 ${share}%` }),
      row(
        `one new file, watch_delay ${WATCH_DELAY}`,
        `一个新文件，watch_delay 为 ${WATCH_DELAY}`,
        median(changes),
      ),
    ];
  } finally {
    daemon.kill('SIGTERM');
    await ended;
    await server.stop();
  }
};

async function during(cost: () => Omit<Cost, 'wall'>, work: () => Promise<unknown>): Promise<Cost> {
  const before = cost();
  const start = performance.now();
  await work();
  const after = cost();
  return { ...after, cpu: after.cpu - before.cpu, wall: (performance.now() - start) / 1_000 };
}

async function secondsToCos({ root, folders }: Tree, change: number, server: BareServer): Promise<number> {
  const start = performance.now();
  const folder = folders[Math.floor((folders.length * (change + 1)) / (change + 2))]!;
  await server.counts();
  writeFileSync(join(root, folder, `new-${change}.dat`), `${change}`);
  while ((await server.counts()).puts === 0) await delay(LOOK_EVERY);
  return (performance.now() - start) / 1_000;
}
