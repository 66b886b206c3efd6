import { statSync } from 'node:fs';
import { join } from 'node:path';
import { setImmediate as letOthersRun } from 'node:timers/promises';
import { localFailure } from '../../failure.ts';
import type { Candidate, Refused } from '../../ledger/exchange/candidate.ts';
import type { Ledger } from '../../ledger/ledger.ts';
import { lookupIn } from '../../ledger/lookup.ts';
import { type FileRecord, isFile, isFolderPath, type LedgerRecord } from '../../ledger/records.ts';
import type { Task } from '../../ledger/task.ts';
import { hashLike } from '../local/content-hash.ts';
import { EXACT, type FileState, stateOf } from '../local/read-file.ts';
import { timesOf } from '../local/settle.ts';

/**
 * What became of a record from elsewhere:
 * - `taken`: the local file still is what was uploaded
 * - `recorded`: the ledger has a record of that path already, which is kept
 * - `changed`, `gone`, `unreadable`: the local file is another one, is not there, or cannot be read
 * - `elsewhere`: its object is in another bucket or under another cos_path
 * - `outside`, `invalid`: not below local_path; not a record
 */
export type Outcome = 'taken' | 'recorded' | 'changed' | 'gone' | 'unreadable' | 'elsewhere' | Refused;

export interface AdoptOptions {
  candidates: AsyncIterable<Candidate | Refused>;
  ledger: Ledger;
  task: Task;
  onOutcome(outcome: Outcome, path: string): void;
  signal: AbortSignal;
}

/** After this many candidates other work gets its turn. */
const TURN = 1_000;

/**
 * Takes those records into the ledger whose local file is as recorded. COS is not asked.
 * @throws the signal's reason when aborted; what the candidates' source throws
 */
export async function adoptRecords(options: AdoptOptions): Promise<void> {
  const { ledger, task, onOutcome, signal } = options;
  const recorded = lookupIn(ledger.records);
  const taken = new Set<string>();
  let seen = 0;
  for await (const candidate of options.candidates) {
    if (++seen % TURN === 0) await letOthersRun();
    signal.throwIfAborted();
    if (typeof candidate === 'string') {
      onOutcome(candidate, '');
      continue;
    }
    const { path } = candidate.record;
    const isKnown = taken.has(path) || recorded(path) !== undefined;
    const adopted = isKnown ? 'recorded' : await adopt(candidate, task, signal);
    if (typeof adopted !== 'string') {
      ledger.put(adopted);
      taken.add(path);
    }
    onOutcome(typeof adopted === 'string' ? adopted : 'taken', path);
  }
}

async function adopt(candidate: Candidate, task: Task, signal: AbortSignal): Promise<LedgerRecord | Outcome> {
  const { record, bucket, key, grain } = candidate;
  if (bucket !== undefined && bucket !== task.bucket) return 'elsewhere';
  if (key !== undefined && key !== task.prefix + record.path) return 'elsewhere';
  const file = join(task.localPath, record.path);
  try {
    const readAt = Date.now();
    const stats = statSync(file, { ...EXACT, throwIfNoEntry: false });
    if (!stats) return 'gone';
    if (!isFile(record)) return stats.isDirectory() && isFolderPath(record.path) ? record : 'gone';
    if (!stats.isFile()) return 'gone';
    const state = stateOf(stats);
    if (state.size !== record.size) return 'changed';
    const timesIn = (seen: FileState) => timesOf({ file, state: seen, readAt, seenAt: readAt }, true);
    if (isSameMtime(record, state, grain)) return { ...record, ...timesIn(state) };
    const { hash, state: read } = await hashLike(record.hash, file, signal);
    return hash === record.hash ? { ...record, ...timesIn(read) } : 'changed';
  } catch (error) {
    const failure = localFailure(error);
    if (failure.kind === 'defect' || failure.kind === 'stopped') throw failure;
    return failure.kind === 'changed' ? 'changed' : 'unreadable';
  }
}

/** The predecessors cut mtimes: Python's to seconds, Java's to ms, or to seconds by older versions of Java. */
function isSameMtime({ mtime }: FileRecord, state: FileState, grain: number): boolean {
  if (grain === 0) return mtime === state.mtime;
  const toSeconds = Math.floor(state.mtime / 1000) * 1000;
  if (mtime % 1000 === 0 && mtime === toSeconds) return true;
  return grain === 1 && mtime === Math.floor(state.mtime);
}
