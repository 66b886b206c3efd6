import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { SMALL_HEAP } from '../../dist/build/names.ts';
import { parseConfig } from '../../src/config/schema.ts';
import { encodeRecord } from '../../src/ledger/codec.ts';
import { createLedger } from '../../src/ledger/ledger.ts';
import type { LedgerRecord } from '../../src/ledger/records.ts';
import type { Task } from '../../src/ledger/task.ts';
import { ledgerFile, taskOf } from '../../src/ledger/task.ts';
import { writeLedger } from '../../src/ledger/write-ledger.ts';
import type { Command } from './measure.ts';

const ROOT = resolve(import.meta.dirname, '..', '..');
const ZIP = join(ROOT, 'dist', 'cos_sync-linux-x64.zip');
const MAIN = join(ROOT, 'src', 'main.ts');

/** What is measured: the packaged executable where there is one, the sources otherwise. */
export interface Program {
  /** For a person to read. */
  name: string;
  command(...args: string[]): Command;
}

/** @param folder where the package is unpacked */
export function findProgram(folder: string, wantsSources: boolean): Program {
  if (wantsSources || !existsSync(ZIP) || !canUnzip()) {
    const name = `the sources, run by Node ${process.version}`;
    return { name, command: (...args) => ({ file: process.execPath, args: [...SMALL_HEAP, MAIN, ...args] }) };
  }
  execFileSync('unzip', ['-q', '-o', ZIP, '-d', folder]);
  const executable = join(folder, 'cos_sync', 'cos_sync');
  const version = execFileSync(executable, ['--version'], { encoding: 'utf8' }).trim();
  return {
    name: `dist/cos_sync-linux-x64.zip: ${version}`,
    command: (...args) => ({ file: executable, args }),
  };
}

function canUnzip(): boolean {
  try {
    execFileSync('unzip', ['-v'], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
}

/** A home with a configuration, as a user has one. */
export interface Home {
  folder: string;
  /** Options of the program: this home, and nothing printed but the statistics. */
  options: string[];
  task: Task;
  ledger: string;
  /** Forgets what is synced. */
  forget(): void;
  /** Makes the ledger that a sync of these records would have left. */
  remember(records: Iterable<LedgerRecord>): Promise<void>;
  /** The same for more records than one holds in memory; they ascend by path. */
  rememberMany(records: Iterable<LedgerRecord>, count: number): Promise<void>;
}

export function createHome(folder: string, config: Readonly<Record<string, unknown>>): Home {
  const whole = {
    secret_id: 'AKIDbench',
    secret_key: 'bench',
    bucket: 'bench-1250000000',
    region: 'ap-guangzhou',
    delete_sync: 1,
    ...config,
  };
  mkdirSync(join(folder, 'conf'), { recursive: true });
  writeFileSync(join(folder, 'conf', 'config.json'), JSON.stringify(whole), { mode: 0o600 });
  const parsed = parseConfig(whole);
  if ('faults' in parsed)
    throw new Error(`the bench's configuration is refused: ${JSON.stringify(parsed.faults)}`);
  const task = taskOf(parsed.config);
  const ledger = ledgerFile(join(folder, 'db'), task);
  return {
    folder,
    options: ['--home', folder, '--json'],
    task,
    ledger,
    forget: () => rmSync(join(folder, 'db'), { recursive: true, force: true }),
    remember: records => createLedger(ledger, task, records),
    rememberMany: (records, count) => writeLedger(ledger, task, { sorted: linesOf(records), count }),
  };
}

function* linesOf(records: Iterable<LedgerRecord>): Generator<string> {
  for (const record of records) yield encodeRecord(record);
}

/** What a run printed with --json. */
export function statisticsOf(stdout: string): Record<string, number> {
  return JSON.parse(stdout.trim().split('\n').at(-1) ?? 'null') as Record<string, number>;
}

/** @throws Error where a run did something else than it should have: a figure of it would mean nothing */
export function expectStatistics(stdout: string, expected: Readonly<Record<string, number>>): void {
  const statistics = statisticsOf(stdout);
  for (const [name, value] of Object.entries(expected)) {
    if (statistics[name] !== value) {
      throw new Error(`${name} is ${statistics[name]}, and ${value} was expected: ${stdout.slice(0, 1_000)}`);
    }
  }
}

/** The machine's name for the table. */
export function machine(): string {
  const cpu = /model name\s*:\s*(.*)/.exec(readFileSync('/proc/cpuinfo', 'utf8'))?.[1] ?? 'unknown CPU';
  return cpu;
}
