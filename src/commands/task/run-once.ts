import { existsSync } from 'node:fs';
import { basename } from 'node:path';
import { exitCodeOfError, exitCodeOfResult } from '../../cli/exit-codes.ts';
import type { Invocation } from '../../cli/invocation.ts';
import { ownPathsOf } from '../../config/home.ts';
import type { Config } from '../../config/schema.ts';
import { connect } from '../../cos/connect.ts';
import type { CredentialsHolder } from '../../cos/credentials/credentials.ts';
import { type RunListener, tellAll } from '../../engine/listener.ts';
import { filterOf } from '../../engine/local/filter.ts';
import type { FolderFollower } from '../../engine/local/read-ahead.ts';
import { countInto, emptyStatistics, type Statistics } from '../../engine/statistics.ts';
import { type ChangedPart, type SyncResult, sync } from '../../engine/sync.ts';
import type { Leftover } from '../../engine/watch/unresolved.ts';
import { Interrupted } from '../../interrupted.ts';
import { checkDivision, otherLedgers } from '../../ledger/division.ts';
import { LedgerLocked } from '../../ledger/errors.ts';
import { ledgerStateOf } from '../../ledger/fingerprint.ts';
import { takeRunNumber } from '../../ledger/history.ts';
import { type LedgerOptions, openLedger } from '../../ledger/ledger.ts';
import type { OpenLedger } from '../../ledger/open-ledger.ts';
import { currentLedger, ledgersWithin, type Task, targetOf, taskOf } from '../../ledger/task.ts';
import { operationLines, plannedJson, warnings } from '../../report/console.ts';
import { codeOfEnd, describe } from '../../report/describe.ts';
import { errorLines, isUnexpected } from '../../report/errors.ts';
import { createFailedFile } from '../../report/failed-file.ts';
import type { Log, RunLog } from '../../report/log.ts';
import type { DaemonNumbers } from '../../report/metrics.ts';
import { unmatchedPatterns } from '../../report/patterns.ts';
import { createProgress } from '../../report/progress/display.ts';
import {
  isIdle,
  type ReportedError,
  type Summary,
  statisticsText,
  summaryJson,
} from '../../report/summary.ts';
import { VERSION } from '../../version.ts';
import { callHook, remember, writeMetrics } from './after-run.ts';
import { holdCredentials } from './credentials.ts';
import { holdingLock } from './session.ts';

const MAX_ERRORS = 1_000;

export interface RunOptions {
  config: Config;
  dryRun: boolean;
  allowEmpty: boolean;
  /** Is told of a run that found nothing to do, in the place of the statistics. */
  onIdle?: (summary: Summary) => void;
  otherDisk: boolean;
  log: Log;
  /** Those of earlier rounds of a daemon. */
  credentials?: CredentialsHolder;
  /** What earlier rounds of a daemon said of its patterns, and of other tasks. */
  said?: Set<string>;
  /** How the ledger is opened where it stays open from one run to the next. */
  openLedger?: OpenLedger;
  /** Only this part is looked at; a run of a part that found nothing to do is not told of. */
  part?: ChangedPart;
  /** What runs before one of a part left elsewhere: its report tells of that, too. */
  leftover?: Leftover;
  follower?: FolderFollower;
  /** What the daemon counts whose run it is. */
  daemon?: () => DaemonNumbers;
  listeners?: readonly RunListener[];
  /** Is told how the run ended, and what it found where it was not ended by an error. */
  onEnd?: (summary: Summary, result: SyncResult | undefined) => void;
}

/**
 * One run from lock to report: syncs, prints, logs, adds to the history, tells those who want to know.
 * @returns the exit code
 * @throws LedgerLocked before anything was done
 */
export async function runOnce(invocation: Invocation, options: RunOptions): Promise<number> {
  const { home } = invocation;
  const task = taskOf(options.config);
  await tellOfOthers(invocation, task);
  if (!options.part) await tellOfLedgersWithin(invocation, task, options);
  if (options.dryRun) {
    const ledger = { file: await currentLedger(home.dbFolder, task), task, readOnly: true };
    const { summary } = await runTask(invocation, { ...options, log: options.log.ofRun('dry') }, ledger);
    return summary.exitCode;
  }
  const { log, summary, isTold } = await holdingLock(invocation, task, async (ledger, signal) => {
    const number = await takeRunNumber(home.historyFile);
    const log = options.log.ofRun(number);
    return { log, ...(await runTask({ ...invocation, signal }, { ...options, number, log }, ledger)) };
  });
  if (!isTold) return summary.exitCode;
  // A hook may want the ledger itself.
  await callHook(invocation, options.config, log, summary);
  return summary.exitCode;
}

/** A folder that moved, or an endpoint that was changed, is another task: its first run would send all anew. */
async function tellOfOthers({ home, terminal, words }: Invocation, task: Task): Promise<void> {
  if (existsSync(await currentLedger(home.dbFolder, task))) return;
  for (const { file, task: other } of await otherLedgers(home.dbFolder, task)) {
    terminal.warn(`${words.warnings.otherLedger(file, other)}\n`);
  }
}

/** Where the folder is large, its own objects and another task's are easily thought to be apart. */
async function tellOfLedgersWithin(
  { home, terminal, words }: Invocation,
  task: Task,
  { config, said = new Set() }: RunOptions,
): Promise<void> {
  const ledgers = await ledgersWithin(home.dbFolder, task);
  if (ledgers.length === 0) return;
  const filter = filterOf(config, ownPathsOf(home));
  for (const { file, folder, task: other } of ledgers) {
    if (filter.excludesFolder(folder)) continue;
    const text = words.warnings.ledgerWithin(folder, file, other);
    if (!said.has(text)) terminal.warn(`${text}\n`);
    said.add(text);
  }
}

/** A run that has begun, with the number that history and log know it by. */
interface BegunRun extends Omit<RunOptions, 'log'> {
  number?: number | undefined;
  log: RunLog;
}

/** A run of a part that found nothing to do is not told of. */
async function runTask(
  invocation: Invocation,
  options: BegunRun,
  ledger: LedgerOptions,
): Promise<{ summary: Summary; isTold: boolean }> {
  const { terminal, style, words, home } = invocation;
  const { config, dryRun, log, number } = options;
  const { file, task } = ledger;
  const startTime = new Date();
  const errors: ReportedError[] = [];
  log.info('start', {
    version: VERSION,
    config: home.configFile,
    ledger: basename(file),
    local_path: config.localPath,
    target: targetOf(task),
    shard: task.shard,
    dry_run: dryRun,
  });
  const failedFile =
    config.failedFile === undefined || dryRun
      ? undefined
      : createFailedFile(config.failedFile, words, code =>
          terminal.warn(`${words.warnings.fileUnwritable(config.failedFile ?? '', code)}\n`),
        );
  const found = ledgerStateOf(file);
  const outcome = await attemptSync(invocation, options, ledger, errors, failedFile ?? {});
  const { result, exitCode, error } = outcome;
  const reason = reasonLines(outcome, invocation);
  for (const line of reason) terminal.err(`cos_sync: ${line}\n`);
  if (options.leftover && result && !outcome.isNothing) tellOfLeftover(invocation, options.leftover);
  if (error) {
    const stopped = { op: '', path: '', key: '', code: codeOfEnd(error, words), message: reason.join('; ') };
    errors.push(stopped);
    failedFile?.add(stopped);
  }
  failedFile?.finish();
  const summary: Summary = {
    number,
    statistics: outcome.statistics,
    deletesHeld: result?.deletesHeld ?? 0,
    heldReasons: result?.heldReasons ?? [],
    errors,
    startTime,
    endTime: new Date(),
    dryRun,
    exitCode,
    interruptedBy: error ? undefined : interruptionOf(invocation.signal),
    localPath: config.localPath,
    target: targetOf(task),
    shard: task.shard,
  };
  const isTold = options.part === undefined || !outcome.isNothing;
  if (!isTold) options.onIdle?.(summary);
  else if (style.json) terminal.out(`${JSON.stringify(summaryJson(summary))}\n`);
  else if (options.onIdle && isIdle(summary)) options.onIdle(summary);
  else terminal.out(statisticsText(summary));
  logEnd(log, summary, outcome);
  options.onEnd?.(summary, result);
  if (dryRun || !isTold) return { summary, isTold };
  await remember(invocation, log, file, found, summary);
  await writeMetrics(invocation, config, file, summary, options.daemon?.());
  return { summary, isTold };
}

/** Why the run did not come to its end, if it did not. */
function reasonLines({ error, result }: Outcome, { words, signal }: Invocation): string[] {
  if (error) return errorLines(error, words);
  const { reason } = signal;
  if (reason instanceof Interrupted || reason instanceof LedgerLocked) return errorLines(reason, words);
  if (!result?.stoppedBy) return [];
  const { code, message } = describe(result.stoppedBy, words);
  const say = result.stoppedBy.kind === 'unreachable' ? words.stops.connectionLost : words.stops.cosRefused;
  return [say(code, message)];
}

function interruptionOf({ reason }: AbortSignal): string | undefined {
  return reason instanceof Interrupted ? reason.signalName : undefined;
}

interface Outcome {
  /** What was done, also where an error ended the run. */
  statistics: Statistics;
  result?: SyncResult;
  exitCode: number;
  error?: Error;
  /** Whether it found nothing to do, and nothing to say of that. */
  isNothing: boolean;
}

async function attemptSync(
  invocation: Invocation,
  options: BegunRun,
  ledger: LedgerOptions,
  errors: ReportedError[],
  failedFile: RunListener,
): Promise<Outcome> {
  const { home, words, style, signal } = invocation;
  const { config, dryRun, allowEmpty, otherDisk, log, said = new Set<string>() } = options;
  const { credentials = holdCredentials(invocation, config) } = options;
  const open = options.openLedger ?? openLedger;
  // The plan is what a dry run is for: no display takes its place.
  const progress = createProgress(invocation.terminal, words.progress, {
    ...style,
    verbose: style.verbose || dryRun,
  });
  const { terminal } = progress;
  const failuresOnly = style.quiet || progress.isLive;
  const statistics = emptyStatistics();
  const printed = style.json
    ? dryRun && plannedJson(terminal)
    : operationLines(terminal, words, config.localPath, { dryRun, failuresOnly });
  const counting = [countInto(statistics), collectErrors(errors, invocation), failedFile];
  const listeners: RunListener[] = [
    ...counting,
    log,
    warnings(terminal, words, config.localPath, style),
    unmatchedPatterns(terminal, words, style, invocation.overrides, said),
    ...(printed ? [printed] : []),
    progress.listener,
    ...(options.listeners ?? []),
  ];
  if (dryRun && !style.json) terminal.out(`${words.run.dryRun}\n`);
  try {
    const result = await sync({
      config,
      configFile: home.configFile,
      own: ownPathsOf(home),
      dryRun,
      allowEmpty,
      otherDisk,
      async openLedger(onBroken) {
        // Between two rounds of a daemon the folder may have been divided.
        const generation = await checkDivision(home.dbFolder, ledger.task);
        return open({ ...ledger, generation, ...(onBroken ? { onBroken } : {}) });
      },
      openStore: send => connect(config, send, credentials),
      listeners,
      signal,
      part: options.part,
      follower: options.follower,
    });
    const { deletesHeld } = result;
    const exitCode = exitCodeOfResult(result, statistics, signal);
    const isNothing = isIdle({ statistics, exitCode, deletesHeld });
    if (!options.leftover) return { statistics, result, exitCode, isNothing };
    const whole = withLeftover(result, options.leftover, tellAll(counting));
    return {
      statistics,
      result: whole,
      exitCode: exitCodeOfResult(whole, statistics, signal),
      isNothing,
    };
  } catch (error) {
    return { statistics, exitCode: exitCodeOfError(error), error: error as Error, isNothing: false };
  } finally {
    progress.stop();
  }
}

/** A run that looked elsewhere does not make good what others left. */
function withLeftover(
  result: SyncResult,
  { failures, held }: Leftover,
  counting: Required<RunListener>,
): SyncResult {
  for (const one of failures) counting.failed(one);
  const before = held.filter(({ reason }) => !result.heldReasons.includes(reason));
  return {
    ...result,
    deletesHeld: before.reduce((sum, { count }) => sum + count, result.deletesHeld),
    heldReasons: [...new Set([...result.heldReasons, ...before.map(({ reason }) => reason)])],
  };
}

function tellOfLeftover({ terminal, words }: Invocation, { failures, held }: Leftover): void {
  if (failures.length + held.length === 0) return;
  const deletions = held.reduce((sum, { count }) => sum + count, 0);
  terminal.warn(`${words.watch.leftover(failures.length, deletions)}\n`);
}

function collectErrors(errors: ReportedError[], { words }: Invocation): RunListener {
  return {
    failed({ operation, path, key, failure }) {
      if (errors.length < MAX_ERRORS) errors.push({ op: operation, path, key, ...describe(failure, words) });
    },
  };
}

function logEnd(log: RunLog, summary: Summary, { error }: Outcome): void {
  const { errors: _, ...values } = summaryJson(summary);
  log.info('end', { ...values, interrupted_by: summary.interruptedBy });
  if (!error) return;
  const stack = isUnexpected(error) ? error.stack : undefined;
  log.error('stopped', { name: error.name, message: error.message, stack });
}
