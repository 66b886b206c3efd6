import { exitCodeOfError } from '../../cli/exit-codes.ts';
import type { Invocation } from '../../cli/invocation.ts';
import { usageFault } from '../../config/faults.ts';
import { type Home, type OwnPaths, ownPathsOf } from '../../config/home.ts';
import type { Config } from '../../config/schema.ts';
import { connectToRead } from '../../cos/connect.ts';
import type { CredentialsHolder } from '../../cos/credentials/credentials.ts';
import type { ObjectStore } from '../../cos/store.ts';
import { createRequests, type Requests } from '../../engine/requests/requests.ts';
import { checkDivision } from '../../ledger/division.ts';
import type { LedgerOptions } from '../../ledger/ledger.ts';
import { lockLedger } from '../../ledger/lock.ts';
import type { Task } from '../../ledger/task.ts';
import { currentLedger, taskOf } from '../../ledger/task.ts';
import { errorLines } from '../../report/errors.ts';
import { holdCredentials } from './credentials.ts';
import { readConfig } from './read-config.ts';
import { configOfShard, homeOfShard } from './shard-files.ts';

/** What the commands work with that look after a task's ledger. */
export interface Session {
  config: Config;
  /** As the configured shard sees it. */
  home: Home;
  task: Task;
  /** The task's ledger. */
  file: string;
  own: OwnPaths;
  /** What requests are signed with. */
  credentials: CredentialsHolder;
}

/**
 * @param options.ofShards whether the command is one that may be about a shard
 * @throws ConfigError
 */
export async function openSession(invocation: Invocation, { ofShards = false } = {}): Promise<Session> {
  const { config: whole } = readConfig(invocation);
  if (whole.shard && !ofShards) throw usageFault('shard', 'shardOnlyInSync');
  const config = configOfShard(whole);
  const home = homeOfShard(invocation.home, config);
  const task = taskOf(config);
  return {
    config,
    home,
    task,
    file: await currentLedger(home.dbFolder, task),
    own: ownPathsOf(home),
    credentials: holdCredentials(invocation, config),
  };
}

/**
 * Works while no run can use the ledger.
 * @param work is given how to open the ledger, and a signal that is aborted when the lock is lost, too
 * @throws LedgerLocked, also where the lock was lost in the meantime; LedgerDividedOtherwise
 */
export async function withLock<T>(
  invocation: Invocation,
  { task }: Session,
  work: (ledger: LedgerOptions, signal: AbortSignal) => Promise<T>,
): Promise<T> {
  return holdingLock(invocation, task, async (ledger, signal) => {
    const generation = await checkDivision(invocation.home.dbFolder, task);
    const result = await work({ ...ledger, generation }, signal);
    ledger.lost?.throwIfAborted();
    return result;
  });
}

/** As withLock, for work that tells itself of a lock that was lost. @throws LedgerLocked */
export async function holdingLock<T>(
  { home, signal }: Invocation,
  task: Task,
  work: (ledger: LedgerOptions, signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const file = await currentLedger(home.dbFolder, task);
  const lost = new AbortController();
  const lock = await lockLedger(file, error => lost.abort(error));
  try {
    const ledger = { file, task, lost: lost.signal };
    return await work(ledger, AbortSignal.any([signal, lost.signal]));
  } finally {
    await lock.release();
  }
}

/** Reads from COS, and ends its connections. @throws Failure; the signal's reason */
export async function withStore<T>(
  { config, credentials }: Session,
  signal: AbortSignal,
  work: (store: ObjectStore, requests: Requests) => Promise<T>,
): Promise<T> {
  const requests = createRequests({ threads: config.threadNum, retries: config.retryNum, signal });
  const store = await connectToRead(config, signal, requests.send, credentials);
  try {
    return await work(store, requests);
  } finally {
    await store.close();
  }
}

/** Ends a command that a signal interrupted with the signal's exit code. */
export async function untilInterrupted(
  { terminal, words, signal }: Invocation,
  work: () => Promise<number>,
): Promise<number> {
  try {
    return await work();
  } catch (error) {
    if (!signal.aborted) throw error;
    for (const line of errorLines(signal.reason, words)) terminal.err(`cos_sync: ${line}\n`);
    return exitCodeOfError(signal.reason);
  }
}
