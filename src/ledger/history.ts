import { existsSync } from 'node:fs';
import { readFile, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import type Datastore from 'nedb-promises';
import { makeFolder } from '../make-folder.ts';
import { endTornLine, fileState, openDatafile, removeFile, replaceFile } from './datafile.ts';
import type { LedgerState } from './fingerprint.ts';
import { throughGate } from './lock.ts';

/** Newest runs kept: those that did something, and those that found nothing to do. */
const KEPT_BUSY = 2_000;
const KEPT_IDLE = 500;
/** The file is cut back when it holds this many runs too many. */
const SLACK = 250;

/** One past run. Names are those of the statistics. */
export interface PastRun {
  _id: number;
  /** Which ledger: its file name without folder. */
  ledger: string;
  /** The ledger as the run left it; missing in runs of older versions. */
  ledger_fingerprint?: string;
  ledger_origin?: string;
  ledger_bytes?: number;
  local_path: string;
  target: string;
  exit_code: number;
  /** The signal that ended the run before it was through. */
  interrupted_by?: string;
  op_status: string;
  create_folder_ok: number;
  create_folder_fail: number;
  del_folder_ok: number;
  del_folder_fail: number;
  upload_file_ok: number;
  upload_file_fail: number;
  del_file_ok: number;
  del_file_fail: number;
  upload_file_skip: number;
  upload_bytes: number;
  deletes_held: number;
  /** ISO 8601 */
  start_time: string;
  /** ISO 8601 */
  end_time: string;
  /** seconds */
  used_time: number;
  /** The first failures. */
  errors: { op: string; path: string; key: string; code: string; message: string }[];
}

/** Reads all past runs, oldest first. A missing history is an empty one. @throws the file system's error */
export async function loadHistory(file: string): Promise<PastRun[]> {
  return existsSync(file) ? await sortedRuns(await openDatafile<PastRun>(file)) : [];
}

/** Reads all past runs, oldest first, for who can do without: one that cannot be read is an empty one. */
export async function readHistory(file: string): Promise<PastRun[]> {
  return await loadHistory(file).catch(() => []);
}

/** Holds the number of the next run. */
function counterOf(file: string): string {
  return `${file}.next`;
}

/**
 * Takes the number of a run that begins; all ledgers of a home count together.
 * @returns undefined where it cannot be had now; recordRun then finds one
 */
export async function takeRunNumber(file: string): Promise<number | undefined> {
  try {
    makeFolder(dirname(file));
    return await throughGate(file, async () => {
      const number = (await nextNumber(file)) ?? ((await readHistory(file)).at(-1)?._id ?? 0) + 1;
      await writeFile(counterOf(file), String(number + 1));
      return number;
    });
  } catch {
    return undefined;
  }
}

async function nextNumber(file: string): Promise<number | undefined> {
  const text = await readFile(counterOf(file), 'utf8').catch(() => '');
  const number = Number(text);
  return Number.isSafeInteger(number) && number > 0 ? number : undefined;
}

/**
 * Adds a run; all ledgers of a home share the history. It is a convenience: a run never fails for it, so
 * the caller may ignore an error, and a run that would have to wait for long is left out.
 * @param found the ledger as the run found it
 * @returns where the ledger lacks what the last run left in it
 */
export async function recordRun(
  file: string,
  run: NewRun,
  found?: LedgerState,
): Promise<OlderLedger | undefined> {
  makeFolder(dirname(file));
  return await throughGate(file, () => append(file, run, found));
}

export interface OlderLedger {
  /** Whose ledger somebody put back; undefined where its end is missing. */
  leftBy: PastRun | undefined;
  /** The last run before this one. */
  last: PastRun;
}

function olderLedger(
  runs: readonly PastRun[],
  ledger: string,
  found: LedgerState | undefined,
): OlderLedger | undefined {
  const known = runs.filter(run => run.ledger === ledger && run.ledger_fingerprint !== undefined);
  const last = known.at(-1);
  if (!last || !found || last.ledger_fingerprint === found.fingerprint) return undefined;
  const leftBy = known.findLast(run => run.ledger_fingerprint === found.fingerprint);
  const isCut = last.ledger_origin === found.origin && found.size < (last.ledger_bytes ?? 0);
  return leftBy || isCut ? { leftBy, last } : undefined;
}

/** A run with the number that it took when it began, if any. */
export type NewRun = Omit<PastRun, '_id'> & { _id?: number };

interface OpenHistory {
  file: string;
  store: Datastore<PastRun>;
  /** Ascending by number. */
  runs: PastRun[];
  /** What the file was when this was true. */
  state: string | undefined;
}

/** Kept for a daemon's next run: to read it all again would cost more than a run of one changed file. */
let kept: OpenHistory | undefined;

async function append(file: string, run: NewRun, found?: LedgerState): Promise<OlderLedger | undefined> {
  const history = await openHistory(file);
  const { store, runs } = history;
  const past: PastRun = { ...run, _id: numberFor(run, runs) };
  const older = olderLedger(runs, run.ledger, found);
  kept = undefined;
  if (runs.length >= KEPT_BUSY + KEPT_IDLE + SLACK) {
    await rewrite(file, [...newest(runs), past]);
    return older;
  }
  await store.insert(past);
  runs.push(past);
  runs.sort((a, b) => a._id - b._id);
  kept = { ...history, state: fileState(file) };
  return older;
}

async function openHistory(file: string): Promise<OpenHistory> {
  if (kept?.file === file && kept.state !== undefined && kept.state === fileState(file)) return kept;
  await endTornLine(file);
  const store = await openDatafile<PastRun>(file);
  return { file, store, runs: await sortedRuns(store), state: undefined };
}

/** A history of another place may have the number already. */
function numberFor({ _id }: NewRun, runs: readonly PastRun[]): number {
  const isFree = _id !== undefined && !runs.some(run => run._id === _id);
  return isFree ? _id : (runs.at(-1)?._id ?? 0) + 1;
}

async function sortedRuns(store: Datastore<PastRun>): Promise<PastRun[]> {
  return (await store.find({})).sort((a, b) => a._id - b._id);
}

function newest(runs: readonly PastRun[]): PastRun[] {
  const busy = runs.filter(isBusy).slice(-KEPT_BUSY);
  const idle = runs.filter(run => !isBusy(run)).slice(-KEPT_IDLE);
  return [...busy, ...idle].sort((a, b) => a._id - b._id);
}

function isBusy(run: PastRun): boolean {
  const done = run.upload_file_ok + run.create_folder_ok + run.del_file_ok + run.del_folder_ok;
  return done > 0 || run.exit_code !== 0;
}

async function rewrite(file: string, runs: readonly PastRun[]): Promise<void> {
  const unfinished = `${file}.new`;
  await removeFile(unfinished);
  const store = await openDatafile<PastRun>(unfinished);
  await store.insertMany([...runs]);
  await replaceFile(unfinished, file);
}
