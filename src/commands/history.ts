import { resolve } from 'node:path';
import { EXIT } from '../cli/exit-codes.ts';
import type { Invocation } from '../cli/invocation.ts';
import { usageFault } from '../config/faults.ts';
import { refuseOwnFile } from '../config/own-file.ts';
import type { PastRun } from '../ledger/history.ts';
import { runJson } from '../report/history/counts.ts';
import { historyPage } from '../report/history/page.ts';
import { type ShardRun, shardsJson, shardsTable, sumOfShards } from '../report/history/shards.ts';
import { runDetails, runTable } from '../report/history/table.ts';
import { writeWhole } from '../report/write-file.ts';
import { pastRunsIn } from './task/past-runs.ts';
import { historiesOfShards, homeOfShard, shardNamed } from './task/shard-files.ts';

export interface HistoryCommand {
  /** `show`, or undefined for the list. */
  action: string | undefined;
  run: string | undefined;
  /** Only so many of the latest runs. */
  last: string | undefined;
  /** Writes a page there. */
  html: string | undefined;
  /** `i/n`: the runs of this part of a folder. */
  shard?: string | undefined;
  /** The newest run of each part, summed up. */
  allShards?: boolean;
}

const MAX_LAST = 1_000_000;

/**
 * `cos_sync history`: past runs as a table, JSON or a page.
 * @throws ConfigError where there is no such run or shard
 */
export async function historyCommand(invocation: Invocation, command: HistoryCommand): Promise<number> {
  const { terminal, style, words } = invocation;
  if (command.allShards) return sumUp(invocation, command);
  const home = homeOfShard(invocation.home, { shard: shardNamed(command.shard) });
  const all = await pastRunsIn(home.historyFile);
  if (command.action !== undefined) return show(invocation, command, all);
  const runs = all.slice(-lastOf(command.last));
  if (style.json && command.html === undefined) {
    const listed = runs.map(runJson).map(({ errors: _, ...run }) => run);
    terminal.out(`${JSON.stringify(listed)}\n`);
    return EXIT.ok;
  }
  if (runs.length === 0) {
    terminal.err(`${words.history.none(home.historyFile)}\n`);
    return EXIT.ok;
  }
  if (command.html === undefined) terminal.out(runTable(runs, words.history));
  else await writePage(invocation, resolve(command.html), runs);
  return EXIT.ok;
}

async function sumUp(
  { terminal, style, words, home }: Invocation,
  { shard, last, html }: HistoryCommand,
): Promise<number> {
  const other = Object.entries({ shard, last, html }).find(([, value]) => value !== undefined)?.[0];
  if (other !== undefined) throw usageFault('--all-shards', 'notTogether', { value: `--${other}` });
  const runs: ShardRun[] = [];
  for (const { shard, file } of historiesOfShards(home)) {
    for (const run of await pastRunsIn(file)) runs.push({ shard, run });
  }
  const sums = sumOfShards(runs);
  if (style.json) terminal.out(`${JSON.stringify(sums.map(shardsJson))}\n`);
  else if (sums.length === 0) terminal.err(`${words.history.noShards(home.dbFolder)}\n`);
  else terminal.out(sums.map(sum => shardsTable(sum, words.history)).join('\n'));
  return EXIT.ok;
}

async function writePage(
  { terminal, words, home }: Invocation,
  file: string,
  runs: readonly PastRun[],
): Promise<void> {
  refuseOwnFile(home, '--html', file);
  try {
    await writeWhole(file, historyPage(runs, words.history, words.language));
  } catch (error) {
    const { code = '' } = error as NodeJS.ErrnoException;
    throw usageFault('--html', 'unwritable', { value: file, code });
  }
  terminal.out(`${words.history.written(file)}\n`);
}

function show(
  { terminal, style, words }: Invocation,
  command: HistoryCommand,
  runs: readonly PastRun[],
): number {
  const { run: wanted } = command;
  const found = wanted === undefined ? runs.at(-1) : runs.find(({ _id }) => String(_id) === wanted);
  if (!found) {
    const [first, last] = [runs[0]?._id ?? 0, runs.at(-1)?._id ?? 0];
    throw usageFault('history show', 'unknownRun', { value: wanted ?? '', first, last });
  }
  terminal.out(style.json ? `${JSON.stringify(runJson(found))}\n` : runDetails(found, words.history));
  return EXIT.ok;
}

function lastOf(given: string | undefined): number {
  if (given === undefined) return MAX_LAST;
  const number = Number(given);
  if (Number.isInteger(number) && number >= 1 && number <= MAX_LAST) return number;
  throw usageFault('--last', 'notNumber', { value: given, min: 1, max: MAX_LAST });
}
