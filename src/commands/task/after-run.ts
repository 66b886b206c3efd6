import { basename } from 'node:path';
import type { Invocation } from '../../cli/invocation.ts';
import type { Config } from '../../config/schema.ts';
import { type LedgerState, ledgerStateOf } from '../../ledger/fingerprint.ts';
import { type NewRun, type PastRun, readHistory, recordRun } from '../../ledger/history.ts';
import type { RunLog } from '../../report/log.ts';
import { type DaemonNumbers, metricsText } from '../../report/metrics.ts';
import { opStatus, type Summary, summaryJson } from '../../report/summary.ts';
import { writeWhole } from '../../report/write-file.ts';
import { type HookEnd, runHook } from './hook.ts';

const MAX_ERRORS_IN_HISTORY = 100;
/** seconds */
const HOOK_TIME_LIMIT = 60;

/**
 * Adds the run to the history, and warns where the ledger was an older one, or a part of one. The history is a
 * convenience: a failure is a warning.
 * @param found the ledger as the run found it
 */
export async function remember(
  { home, terminal, words }: Invocation,
  log: RunLog,
  ledger: string,
  found: LedgerState | undefined,
  summary: Summary,
): Promise<void> {
  const { historyFile } = home;
  const left = ledgerStateOf(ledger);
  const { startTime, endTime, statistics, deletesHeld, errors, exitCode, localPath, target, interruptedBy } =
    summary;
  const run: NewRun = {
    ...(summary.number === undefined ? {} : { _id: summary.number }),
    ledger: basename(ledger),
    ...(left && {
      ledger_fingerprint: left.fingerprint,
      ledger_origin: left.origin,
      ledger_bytes: left.size,
    }),
    local_path: localPath,
    target,
    exit_code: exitCode,
    ...(interruptedBy === undefined ? {} : { interrupted_by: interruptedBy }),
    op_status: opStatus(summary),
    ...statistics,
    deletes_held: deletesHeld,
    start_time: startTime.toISOString(),
    end_time: endTime.toISOString(),
    used_time: (endTime.getTime() - startTime.getTime()) / 1000,
    errors: errors.slice(0, MAX_ERRORS_IN_HISTORY),
  };
  try {
    const older = await recordRun(historyFile, run, found);
    if (!older) return;
    const { leftBy, last } = older;
    log.info('olderLedger', { ledger: basename(ledger), left_by: leftBy?._id, last_run: last._id });
    const { olderLedger, cutLedger } = words.warnings;
    terminal.warn(`${leftBy ? olderLedger(ledger, leftBy._id, last._id) : cutLedger(ledger, last._id)}\n`);
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    terminal.warn(`${words.warnings.fileUnwritable(historyFile, code ?? message)}\n`);
  }
}

/** Writes the numbers for Prometheus, where the configuration names a file. A failure is a warning. */
export async function writeMetrics(
  { home, terminal, words }: Invocation,
  { metricsFile }: Config,
  ledger: string,
  summary: Summary,
  daemon: DaemonNumbers | undefined,
): Promise<void> {
  if (metricsFile === undefined) return;
  const lastSuccess =
    summary.exitCode === 0 ? summary.endTime : await lastSuccessOf(home.historyFile, basename(ledger));
  await writeWhole(metricsFile, metricsText(summary, lastSuccess, daemon)).catch(
    ({ code, message }: NodeJS.ErrnoException) =>
      terminal.warn(`${words.warnings.fileUnwritable(metricsFile, code ?? message)}\n`),
  );
}

async function lastSuccessOf(historyFile: string, ledger: string): Promise<Date | undefined> {
  const isSuccess = (run: PastRun) => run.ledger === ledger && run.exit_code === 0;
  const run = (await readHistory(historyFile)).findLast(isSuccess);
  return run && new Date(run.end_time);
}

/**
 * Runs the configuration's on_success or on_failure, with the summary on its standard input.
 * Its failure is a warning: whether the data is safe does not depend on it. A run that
 * somebody interrupted calls neither.
 */
export async function callHook(
  { home, terminal, words, signal }: Invocation,
  { onSuccess, onFailure }: Config,
  log: RunLog,
  summary: Summary,
): Promise<void> {
  const key = summary.exitCode === 0 ? 'on_success' : 'on_failure';
  const command = summary.exitCode === 0 ? onSuccess : onFailure;
  if (command === undefined || signal.aborted) return;
  const start = Date.now();
  const { end, output } = await runHook({
    command,
    input: `${JSON.stringify(summaryJson(summary))}\n`,
    cwd: home.root,
    timeLimit: HOOK_TIME_LIMIT * 1000,
    signal,
  });
  const isFine = end.kind === 'exited' && end.code === 0;
  const values = { hook: key, program: command[0], ...end, ms: Date.now() - start, output };
  if (isFine) return log.info('hook', values);
  log.error('hook', values);
  const [firstLine = ''] = output.split('\n');
  terminal.warn(`${words.warnings.hookFailed(key, reasonOf(end), firstLine)}\n`);

  function reasonOf(end: HookEnd): string {
    const { hook } = words;
    if (end.kind === 'exited') return hook.exited(end.code);
    if (end.kind === 'timedOut') return hook.timedOut(HOOK_TIME_LIMIT);
    return end.kind === 'killed' ? hook.killed(end.signal) : hook.notStarted(command?.[0] ?? '', end.code);
  }
}
