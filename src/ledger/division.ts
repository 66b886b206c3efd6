import { existsSync, statSync } from 'node:fs';
import { shardIn, shardText } from '../config/shard.ts';
import { findAside, replaceFile } from './datafile.ts';
import { LedgerDamaged, LedgerDividedOtherwise } from './errors.ts';
import { isSameTask, type LedgerFile, ledgerFile, ledgersOf, type Task } from './task.ts';

/**
 * The ledgers of one folder, of all of it or of its shards. When it is divided into another number of these, each new
 * ledger takes over what falls to it, and is a generation later than those that it took it from. They stay as they
 * are, and are out of force from then on: whoever went on with one would send and delete what is another's now.
 */
export interface Division {
  /** The task's own ledger, in force or not. */
  own: LedgerFile | undefined;
  /** Ledgers of as many shards, with its own. */
  alike: LedgerFile[];
  /** Those of them that came after all others. */
  inForce: LedgerFile[];
  /** Ledgers of the folder that are divided otherwise, the latest first. */
  others: LedgerFile[];
  /** Of a ledger that comes after all others. */
  generation: number;
}

/** @param more ledgers in other places, to be counted with the others */
export async function divisionOf(
  dbFolder: string,
  task: Task,
  more: readonly LedgerFile[] = [],
): Promise<Division> {
  const isOther = (ledger: LedgerFile) => countIn(ledger.task) !== countIn(task);
  const found = ledgersOf(dbFolder, task);
  const elsewhere = more.filter(ledger => isOther(ledger) && !found.some(({ file }) => file === ledger.file));
  const same: LedgerFile[] = [];
  for (const ledger of [...found, ...elsewhere])
    if (await areOfOneFolder(ledger.task, task)) same.push(ledger);
  const others = same.filter(isOther).sort((a, b) => b.generation - a.generation);
  const generation = others[0] ? others[0].generation + 1 : 0;
  const alike = same.filter(ledger => !isOther(ledger));
  return {
    own: alike.find(ledger => ledger.task.shard === task.shard),
    alike,
    inForce: alike.filter(ledger => ledger.generation >= generation),
    others,
    generation,
  };
}

/**
 * Ledgers of the same bucket, cos_path and shard that are another task's, of another folder or another endpoint, and
 * are in force there.
 */
export async function otherLedgers(dbFolder: string, task: Task): Promise<LedgerFile[]> {
  const others: LedgerFile[] = [];
  for (const other of ledgersOf(dbFolder, task)) {
    if (other.task.shard !== task.shard || (await isSameTask(other.task, task))) continue;
    const { inForce } = await divisionOf(dbFolder, other.task);
    if (inForce.some(({ file }) => file === other.file)) others.push(other);
  }
  return others;
}

function areOfOneFolder({ shard: _, ...found }: Task, { shard: __, ...wanted }: Task): Promise<boolean> {
  return isSameTask(found, wanted);
}

function countIn({ shard }: Task): number {
  return shardIn(shard).count;
}

/**
 * Makes sure that the task's ledger is the one to go on with; the caller holds its lock.
 * @returns the generation of its ledger, or of one that is made now
 * @throws LedgerDividedOtherwise where another division is in force, or this shard did not take over its part yet
 */
export async function checkDivision(dbFolder: string, task: Task): Promise<number> {
  const division = await divisionOf(dbFolder, task);
  const { own, others, generation, inForce } = division;
  const [latest] = others;
  if (!latest) return own?.generation ?? generation;
  if (own && inForce.includes(own)) return own.generation;
  if (await damagedIn(division, dbFolder, task)) return generation;
  throw new LedgerDividedOtherwise(latest.file, latest.task.shard, task.shard, inForce.length === 0);
}

/**
 * What others hold is older than a shard's damaged ledger: that one is to be made anew from COS.
 * @returns that ledger; undefined where there is none
 */
async function damagedIn(
  { own, others, inForce }: Division,
  dbFolder: string,
  task: Task,
): Promise<string | undefined> {
  if (own) return undefined;
  const place = ledgerFile(dbFolder, task);
  const file = existsSync(place) ? place : await findAside(place);
  if (file === undefined) return undefined;
  // One that was in force before the others were made was written to before them.
  const isLater = others.every(other => writtenAt(other.file) < writtenAt(file));
  return inForce.length > 0 || isLater ? file : undefined;
}

/** ms since 1970 */
const writtenAt = (file: string) => statSync(file, { throwIfNoEntry: false })?.mtimeMs ?? 0;

/** @throws LedgerDamaged where the task's ledger is in force, and damaged */
export async function refuseDamaged(division: Division, dbFolder: string, task: Task): Promise<void> {
  const damaged = await damagedIn(division, dbFolder, task);
  if (damaged !== undefined) throw new LedgerDamaged(damaged, damaged !== ledgerFile(dbFolder, task));
}

/** Shards of which there is no ledger, `i/n` each; none where there are all of the whole or of one division. */
export function missingIn(ledgers: readonly LedgerFile[], { task: latest }: LedgerFile): string[] {
  const missingOf = (wanted: number) => {
    const there = ledgers
      .filter(({ task }) => countIn(task) === wanted)
      .map(({ task }) => shardIn(task.shard));
    const isThere = (index: number) => there.some(shard => shard.index === index);
    return Array.from({ length: wanted }, (_, index) => index).filter(index => !isThere(index));
  };
  if (ledgers.some(({ task }) => missingOf(countIn(task)).length === 0)) return [];
  const count = countIn(latest);
  return missingOf(count).map(index => shardText({ index, count }));
}

/** What a ledger is called whose records are all taken over. */
const BEFORE = '.before-division';

/**
 * Puts the ledgers of other divisions out of sight when all shards of the task's own took theirs over, so that nobody
 * ever takes their records for what COS holds now. The caller holds their locks.
 * @returns shards that did not yet, `i/n` each
 * @throws the system's error
 */
export async function retireOthers(dbFolder: string, task: Task): Promise<string[]> {
  const { others, inForce } = await divisionOf(dbFolder, task);
  if (others.length === 0 || !inForce[0]) return [];
  const waiting = missingIn(inForce, inForce[0]);
  if (waiting.length === 0) for (const { file } of others) await replaceFile(file, file + BEFORE);
  return waiting;
}
