import {
  appendFileSync,
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { EXIT } from '../cli/exit-codes.ts';
import type { Invocation } from '../cli/invocation.ts';
import { usageFault } from '../config/faults.ts';
import { homeAt } from '../config/home.ts';
import { forgetSecretsOf } from '../config/load.ts';
import { isFolder } from '../engine/local/local-path.ts';
import { Interrupted } from '../interrupted.ts';
import { ledgerFile, taskOf } from '../ledger/task.ts';
import { startLocalCos } from '../local-cos/server.ts';
import { restoreCommand } from './restore/restore.ts';
import type { RestoreCommand } from './restore/wanted.ts';
import { syncCommand } from './sync.ts';
import { readConfig } from './task/read-config.ts';

export interface DemoCommand {
  /** A folder to copy the sample from; absent: one is made. */
  dir: string | undefined;
  /** Shows the daemon that watches, too. */
  watch: boolean;
}

/**
 * `cos_sync demo`: the main job with no account. Everything it writes is in one new folder
 * under the system's temporary folder.
 */
export async function demoCommand(invocation: Invocation, command: DemoCommand): Promise<number> {
  const { terminal, words } = invocation;
  if (command.dir !== undefined && !isFolder(command.dir)) {
    throw usageFault('--dir', 'noSuchFolder', { value: command.dir });
  }
  // The user's own keys are of another COS, and would win over the demo's.
  forgetSecretsOf(process.env);
  const root = mkdtempSync(join(tmpdir(), 'cos_sync-demo-'));
  const sample = join(root, 'data');
  if (command.dir === undefined) makeSample(sample);
  else cpSync(command.dir, sample, { recursive: true });
  const server = await startLocalCos({ dir: join(root, 'cos') });
  try {
    const home = homeAt(root, {});
    writeConfig(home.configFile, sample, server);
    const demo: Invocation = {
      ...invocation,
      home,
      overrides: {},
      style: { ...invocation.style, verbose: true },
    };
    const run = () => syncCommand(demo, { dryRun: false, allowEmpty: false, otherDisk: false });

    terminal.out(`${words.demo.intro(sample, server.url)}\n\n${words.demo.firstRun}\n`);
    const codes = [await run()];
    terminal.out(`\n${change(sample, invocation)}\n\n${words.demo.secondRun}\n`);
    await delay(TO_SETTLE);
    codes.push(await run());
    terminal.out(`\n${words.demo.thirdRun}\n`);
    codes.push(await run());
    const back = join(root, 'restored');
    terminal.out(`\n${words.demo.restore(back)}\n`);
    codes.push(await restoreCommand(demo, { ...EVERYTHING, to: back }));
    const { equal, different } = compare(back, sample);
    terminal.out(`\n${words.demo.compared(equal, different)}\n`);
    if (different > 0) codes.push(EXIT.failures);

    if (command.watch) await showWatch(demo, sample);

    const ledger = ledgerFile(home.dbFolder, taskOf(readConfig(demo).config));
    const objects = join(server.dir, server.bucket, 'backup');
    terminal.out(`\n${words.demo.where(objects, ledger, home.logFile)}\n\n${words.demo.next}\n`);
    return Math.max(...codes);
  } finally {
    await server.close();
  }
}

/** ms after which what was changed before a run is not taken for a change during its scan. */
const TO_SETTLE = 50;
/** ms that the daemon is given to begin, and to bring each change. */
const TO_BEGIN = 1_500;
const TO_SYNC = 2_000;

/** Changes the folder while a daemon watches it, for a few seconds. */
async function showWatch(demo: Invocation, sample: string): Promise<void> {
  const { terminal, words } = demo;
  terminal.out(`\n${words.demo.watch}\n`);
  const end = new AbortController();
  const signal = AbortSignal.any([demo.signal, end.signal]);
  const overrides = { daemon_mode: true, watch: true, watch_delay: 0.5, daemon_interval: 3600 };
  const daemon = syncCommand(
    { ...demo, overrides, signal },
    { dryRun: false, allowEmpty: false, otherDisk: false },
  );
  await delay(TO_BEGIN);
  for (const name of ['notes/thursday.txt', 'notes/friday.txt']) {
    write(join(sample, name), 'Watched.\n');
    await delay(TO_SYNC);
  }
  end.abort(new Interrupted('SIGTERM', 143));
  await daemon;
}

const EVERYTHING: RestoreCommand = {
  paths: [],
  to: undefined,
  at: undefined,
  run: undefined,
  overwrite: undefined,
  thaw: undefined,
  dryRun: false,
  yes: false,
};

/** Times that were set are read back to within this many ms. */
const TIME_GRAIN = 1;

/** Counts the original files by whether what was restored has their content and time. */
function compare(restored: string, original: string): { equal: number; different: number } {
  const counts = { equal: 0, different: 0 };
  for (const entry of readdirSync(original, { recursive: true, withFileTypes: true })) {
    if (!entry.isFile()) continue;
    const file = join(entry.parentPath, entry.name);
    const other = join(restored, relative(original, file));
    const found = statSync(other, { throwIfNoEntry: false });
    const isSameTime = found && Math.abs(statSync(file).mtimeMs - found.mtimeMs) < TIME_GRAIN;
    if (isSameTime && readFileSync(file).equals(readFileSync(other))) counts.equal++;
    else counts.different++;
  }
  return counts;
}

function writeConfig(
  file: string,
  localPath: string,
  server: { url: string; bucket: string; region: string; secretId: string; secretKey: string },
): void {
  const config = {
    secret_id: server.secretId,
    secret_key: server.secretKey,
    bucket: server.bucket,
    region: server.region,
    endpoint: server.url,
    delete_sync: '1',
    local_path: localPath,
    cos_path: '/backup',
  };
  mkdirSync(join(file, '..'), { recursive: true });
  writeFileSync(file, JSON.stringify(config, undefined, 2), { mode: 0o600 });
}

const SAMPLE: Readonly<Record<string, string>> = {
  'README.txt': 'A sample folder.\n',
  'notes/monday.txt': 'Back up the server.\n',
  'notes/tuesday.txt': 'Try a restore.\n',
  'photos/2025/harbour.txt': 'A picture of a harbour.\n',
  'photos/2025/mountain.txt': 'A picture of a mountain.\n',
  '中文/你好 世界.txt': '你好，世界！\n',
};

function makeSample(folder: string): void {
  for (const [path, content] of Object.entries(SAMPLE)) write(join(folder, path), content);
}

function write(file: string, content: string): void {
  mkdirSync(join(file, '..'), { recursive: true });
  writeFileSync(file, content);
}

/** A new file, a changed one, a deleted one, a renamed folder. */
function change(folder: string, { words }: Invocation): string {
  const added = 'notes/wednesday.txt';
  const edited = 'notes/monday.txt';
  const removed = 'notes/tuesday.txt';
  const [from, to] = ['photos/2025', 'photos/summer'] as const;
  write(join(folder, added), 'Sleep well.\n');
  appendFileSync(mkdirFor(join(folder, edited)), 'Done.\n');
  rmSync(join(folder, removed), { force: true });
  if (existsSync(join(folder, from))) renameSync(join(folder, from), join(folder, to));
  return words.demo.changed(added, edited, removed, from, to);
}

function mkdirFor(file: string): string {
  mkdirSync(join(file, '..'), { recursive: true });
  return file;
}
