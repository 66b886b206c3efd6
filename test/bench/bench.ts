/**
 * Measures the program and, turn by turn on the same work, what a user would take instead; prints one table.
 * `make bench`, or with options: `make bench BENCH="--only small,large --rounds 5"`.
 */
import { mkdirSync, mkdtempSync, rmSync, statfsSync } from 'node:fs';
import { availableParallelism, freemem, tmpdir, totalmem } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { findProgram, machine } from './program.ts';
import { type Row, table } from './table.ts';
import { noOpOfRclone, slowTree } from './work/beside-rclone.ts';
import { changedFew } from './work/changed-few.ts';
import { moved, movedHuge } from './work/moved.ts';
import { millions, noOp } from './work/no-op.ts';
import { largeBack, latencyBack, smallBack } from './work/restores.ts';
import { shards } from './work/shards.ts';
import { start } from './work/start.ts';
import { largeFile, latency, middleFiles, smallFiles } from './work/uploads.ts';
import { watching } from './work/watch.ts';
import type { Work } from './work/workplace.ts';

const WORKS: Readonly<Record<string, Work>> = {
  start,
  'no-op': noOp,
  'no-op-rclone': noOpOfRclone,
  slow: slowTree,
  shards,
  few: changedFew,
  small: smallFiles,
  latency,
  large: largeFile,
  middle: middleFiles,
  moved,
  huge: movedHuge,
  'small-back': smallBack,
  'latency-back': latencyBack,
  'large-back': largeBack,
  watch: watching,
};
/** Only by name: it takes ten minutes, and ten million inodes, with --files 10000000. */
const BY_NAME: Readonly<Record<string, Work>> = { millions };

/** A file system of Linux that is memory. */
const MEMORY = '/dev/shm';
/** bytes of the largest tree beside the one large file */
const LARGEST_OTHER = 2_700_000_000;

const USAGE = `Options: --only ${Object.keys(WORKS).join(',')}
                or by name alone: ${Object.keys(BY_NAME).join(',')}
         --rounds N   turns of each (3)
         --files N    files of the largest tree (1000000)
         --large MB   size of the large file (2048)
         --quick      small sizes, one turn: whether it runs, not how fast
         --sources    the sources even where dist/ has an executable
`;

const { values } = parseArgs({
  options: {
    only: { type: 'string', default: Object.keys(WORKS).join(',') },
    rounds: { type: 'string' },
    files: { type: 'string' },
    large: { type: 'string' },
    quick: { type: 'boolean', default: false },
    sources: { type: 'boolean', default: false },
    help: { type: 'boolean', default: false },
  },
});
const usual = values.quick
  ? { rounds: 1, files: 10_000, large: 64 }
  : { rounds: 3, files: 1_000_000, large: 2_048 };

async function bench(): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'cos_sync-bench-'));
  const inMemory = memoryFolder();
  const trees = inMemory ?? join(folder, 'trees');
  const clean = () => {
    for (const each of [folder, trees]) rmSync(each, { recursive: true, force: true });
  };
  process.on('exit', clean);
  process.on('SIGINT', () => process.exit(130));
  process.on('SIGTERM', () => process.exit(143));
  const program = findProgram(folder, values.sources);
  const memory = Math.round(totalmem() / 1024 ** 3);
  const about = [
    `${availableParallelism()} × ${machine()}, ${memory} GiB, ${process.platform}`,
    `program: ${program.name}`,
    `trees in ${inMemory ? 'memory' : folder}`,
    `medians of ${values.rounds ?? usual.rounds} turns; peak memory is the highest of all`,
  ];
  process.stdout.write(`${about.join('\n')}\n\n`);
  const rows: Row[] = [];
  for (const name of values.only.split(',')) {
    const work = WORKS[name] ?? BY_NAME[name];
    if (!work) throw new Error(`there is no work ${name}\n${USAGE}`);
    const place = join(folder, name);
    const tree = join(trees, name);
    for (const each of [place, tree]) mkdirSync(each, { recursive: true });
    try {
      rows.push(
        ...(await work({
          folder: place,
          trees: tree,
          program,
          rounds: Number(values.rounds ?? usual.rounds),
          files: Number(values.files ?? usual.files),
          largeSize: Number(values.large ?? usual.large) * 1024 * 1024,
          say,
        })),
      );
    } catch (error) {
      say(`the rows of ${name} are lost: ${(error as Error).message}`);
      process.exitCode = 1;
    }
    for (const each of [place, tree]) rmSync(each, { recursive: true, force: true });
  }
  for (const language of ['en', 'zh'] as const) process.stdout.write(`${table(rows, language)}\n\n`);
}

function say(text: string): void {
  process.stderr.write(`${text}\n`);
}

/** A new folder in memory; undefined where the trees would not fit into half of what is free. */
function memoryFolder(): string | undefined {
  try {
    const { bavail, bsize, ffree } = statfsSync(MEMORY);
    if (ffree < 2 * Number(values.files ?? usual.files)) return undefined;
    const needed = Math.max(LARGEST_OTHER, Number(values.large ?? usual.large) * 1024 * 1024);
    if (Math.min(bavail * bsize, freemem()) < 2 * needed) return undefined;
    return mkdtempSync(join(MEMORY, 'cos_sync-bench-'));
  } catch {
    return undefined;
  }
}

if (values.help) process.stdout.write(USAGE);
else await bench();
