import { statSync } from 'node:fs';
import { resolve } from 'node:path';
import { usageFault } from '../../config/faults.ts';
import { type Home, ownPathsOf } from '../../config/home.ts';
import { OVERWRITE_RULES, type Overwrite } from '../../engine/restore/plan.ts';
import { createSelection, type Selection } from '../../engine/restore/selection.ts';
import { type Task, targetOf } from '../../ledger/task.ts';
import { pastRunsIn } from '../task/past-runs.ts';
import { isWithin } from './folder.ts';
import { momentOf } from './moment.ts';

/** What the command line gives, as text. */
export interface RestoreCommand {
  paths: readonly string[];
  to: string | undefined;
  at: string | undefined;
  run: string | undefined;
  overwrite: string | undefined;
  thaw: string | undefined;
  dryRun: boolean;
  yes: boolean;
}

/** What is to be restored, and how. */
export interface Wanted {
  /** Absolute. */
  folder: string;
  selection: Selection;
  overwrite: Overwrite;
  /** ms since 1970, and the option that gave it; undefined for objects as they are */
  moment: { at: number; option: '--at' | '--run' } | undefined;
  thawDays: number | undefined;
}

const MOST_DAYS = 365;

/** @throws ConfigError */
export async function wantedOf(command: RestoreCommand, home: Home, task: Task): Promise<Wanted> {
  const { to, overwrite = 'never' } = command;
  if (to === undefined || to === '') throw usageFault('--to', 'missing');
  // An empty variable is no wish for everything.
  if (command.paths.includes('')) throw usageFault('PATH', 'missing');
  const folder = resolve(to);
  if (statSync(folder, { throwIfNoEntry: false })?.isDirectory() === false) {
    throw usageFault('--to', 'isFile', { value: folder });
  }
  const own = ownPathsOf(home).folders.find(outer => isWithin(folder, outer));
  if (own !== undefined) throw usageFault('--to', 'ownFolder', { value: folder, folder: own });
  if (!isOverwrite(overwrite)) {
    throw usageFault('--overwrite', 'notChoice', { value: overwrite, choices: OVERWRITE_RULES.join(', ') });
  }
  return {
    folder,
    selection: createSelection(command.paths),
    overwrite,
    moment: await momentIn(command, home, task),
    thawDays: daysOf(command.thaw),
  };
}

function isOverwrite(value: string): value is Overwrite {
  return OVERWRITE_RULES.includes(value as Overwrite);
}

async function momentIn({ at, run }: RestoreCommand, home: Home, task: Task): Promise<Wanted['moment']> {
  if (at !== undefined && run !== undefined) throw usageFault('--run', 'atAndRun');
  if (at !== undefined) {
    const moment = momentOf(at, Date.now());
    if (moment === undefined) throw usageFault('--at', 'badMoment', { value: at });
    return { at: moment, option: '--at' };
  }
  if (run === undefined) return undefined;
  const runs = await pastRunsIn(home.historyFile);
  const past = runs.find(({ _id }) => String(_id) === run);
  if (!past) {
    const values = { value: run, first: runs[0]?._id ?? 0, last: runs.at(-1)?._id ?? 0 };
    throw usageFault('--run', 'unknownRun', values);
  }
  if (past.target !== targetOf(task))
    throw usageFault('--run', 'runOfOther', { value: run, target: past.target });
  return { at: Date.parse(past.end_time), option: '--run' };
}

function daysOf(thaw: string | undefined): number | undefined {
  if (thaw === undefined) return undefined;
  const days = Number(thaw);
  if (Number.isInteger(days) && days >= 1 && days <= MOST_DAYS) return days;
  throw usageFault('--thaw', 'notNumber', { value: thaw, min: 1, max: MOST_DAYS });
}
