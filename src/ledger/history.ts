import { existsSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { dirname } from 'node:path';
import type Datastore from 'nedb-promises';
import { endTornLine, openDatafile, removeFile, replaceFile } from './datafile.ts';
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

/** Reads all past runs, oldest first. A missing or damaged history is an empty one. */
export async function readHistory(file: string): Promise<PastRun[]> {
  if (!existsSync(file)) return [];
  try {
    return await sortedRuns(await openDatafile<PastRun>(file));
  } catch {
    return [];
  }
}

/**
 * Adds a run; all ledgers of a home share the history. It is a convenience: a run never fails for it, so
 * the caller may ignore an error, and a run that would have to wait for long is left out.
 */
export async function recordRun(file: string, run: Omit<PastRun, '_id'>): Promise<void> {
  await mkdir(dirname(file), { recursive: true });
  await throughGate(file, () => append(file, run));
}

async function append(file: string, run: Omit<PastRun, '_id'>): Promise<void> {
  await endTornLine(file);
  const store = await openDatafile<PastRun>(file);
  const runs = await sortedRuns(store);
  const past: PastRun = { ...run, _id: (runs.at(-1)?._id ?? 0) + 1 };
  if (runs.length < KEPT_BUSY + KEPT_IDLE + SLACK) await store.insert(past);
  else await rewrite(file, [...newest(runs), past]);
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
