import { exitCodeOfError, exitCodeOfRestore } from '../../cli/exit-codes.ts';
import type { Invocation } from '../../cli/invocation.ts';
import { ConfigError, usageFault } from '../../config/faults.ts';
import { connectToRead } from '../../cos/connect.ts';
import type { ObjectStore } from '../../cos/store.ts';
import type { RunListener } from '../../engine/listener.ts';
import { createFilter } from '../../engine/local/filter.ts';
import { findOwn } from '../../engine/local/own-paths.ts';
import type { Requests } from '../../engine/requests/requests.ts';
import { type RestoreResult, restore } from '../../engine/restore/restore.ts';
import {
  countRestoreInto,
  emptyRestoreStatistics,
  type RestoreStatistics,
} from '../../engine/restore/statistics.ts';
import { Interrupted } from '../../interrupted.ts';
import { targetOf } from '../../ledger/task.ts';
import { operationLines, plannedJson, warnings } from '../../report/console.ts';
import { codeOfEnd, describe } from '../../report/describe.ts';
import { errorLines } from '../../report/errors.ts';
import { openLog, type RunLog } from '../../report/log.ts';
import { createProgress } from '../../report/progress/display.ts';
import {
  failuresInRestore,
  type Restoration,
  restorationJson,
  restorationText,
} from '../../report/restoration.ts';
import type { ReportedError } from '../../report/summary.ts';
import { VERSION } from '../../version.ts';
import { openSession, type Session, untilInterrupted } from '../task/session.ts';
import { type Ground, onGround } from './ground.ts';
import { type RestoreCommand, type Wanted, wantedOf } from './wanted.ts';

const MAX_ERRORS = 1_000;
/** ms that objects on their way have when a signal ends the restore */
const LAST_MOMENT = 2_000;

/**
 * `cos_sync restore [PATH…] --to DIR`: brings files back from COS.
 * @returns the exit code
 * @throws ConfigError, LedgerLocked before anything was done
 */
export function restoreCommand(invocation: Invocation, command: RestoreCommand): Promise<number> {
  return untilInterrupted(invocation, async () => {
    const session = await openSession(invocation, { ofShards: true });
    const { home, task } = session;
    const wanted = await wantedOf(command, home, task);
    const { terminal, words } = invocation;
    const log = openLog(home.logFile, code =>
      terminal.warn(`${words.warnings.logUnwritable(home.logFile, code)}\n`),
    );
    try {
      return await onGround(invocation, session, { ...command, folder: wanted.folder }, (ground, signal) => {
        const { dryRun } = command;
        const ofThis = log.ofRun(dryRun ? 'dry' : undefined);
        return run({ ...invocation, signal }, { session, wanted, ground, log: ofThis, dryRun });
      });
    } finally {
      await log.close();
    }
  });
}

interface Run {
  session: Session;
  wanted: Wanted;
  ground: Ground;
  log: RunLog;
  dryRun: boolean;
}

async function run(invocation: Invocation, { session, wanted, ground, log, dryRun }: Run): Promise<number> {
  const { terminal, style, words, signal } = invocation;
  const startTime = new Date();
  const errors: ReportedError[] = [];
  const [to, target, at] = [wanted.folder, targetOf(session.task), wanted.moment?.at];
  log.info('restore', { version: VERSION, to, target, at, dry_run: dryRun });
  const outcome = await attempt(invocation, { session, wanted, ground, log, dryRun }, errors);
  const reason = reasonLines(outcome, invocation, ground);
  for (const line of reason) terminal.err(`cos_sync: ${line}\n`);
  const ended = outcome.error ?? outcome.result?.stoppedBy;
  if (ended) {
    errors.push({ op: '', path: '', key: '', code: codeOfEnd(ended, words), message: reason.join('; ') });
  }
  const unrecorded = outcome.result?.unrecorded ?? 0;
  if (unrecorded > 0 && !dryRun) terminal.err(`${words.restore.unrecorded(unrecorded)}\n`);
  const interruptedBy = signal.reason instanceof Interrupted ? signal.reason.signalName : undefined;
  const isThrough = outcome.result && !outcome.result.stoppedBy && !signal.aborted;
  const isNothing = isThrough && failuresInRestore(outcome.statistics) === 0 && !wanted.selection.hasTaken();
  if (isNothing) terminal.warn(`${words.restore.nothing(target, at)}\n`);
  const { statistics, exitCode } = outcome;
  const restoration: Restoration = {
    ...{
      statistics,
      errors,
      startTime,
      endTime: new Date(),
      dryRun,
      exitCode,
      interruptedBy,
      to,
      target,
      at,
    },
  };
  const json = restorationJson(restoration);
  terminal.out(style.json ? `${JSON.stringify(json)}\n` : restorationText(restoration));
  log.info('end', { ...json, errors: undefined });
  return exitCode;
}

interface Outcome {
  statistics: RestoreStatistics;
  exitCode: number;
  result?: RestoreResult;
  error?: Error;
}

async function attempt(
  invocation: Invocation,
  { session, wanted, ground, log, dryRun }: Run,
  errors: ReportedError[],
): Promise<Outcome> {
  const { signal, overrides } = invocation;
  const { config, task, own } = session;
  const statistics = emptyRestoreStatistics();
  const { listeners, stop } = listenersOf(invocation, { ground, log, dryRun }, errors);
  // The configuration's patterns are about what is sent; what was sent before is brought back all the same.
  const filter = createFilter({
    include: overrides.include === undefined ? [] : config.include,
    exclude: overrides.exclude === undefined ? [] : config.exclude,
    own: { reserved: [], inos: new Set(), identities: new Set() },
    systemFolders: [],
  });
  try {
    const result = await restore({
      config,
      prefix: task.prefix,
      rules: {
        overwrite: wanted.overwrite,
        checksum: config.checksum,
        compareCtime: ground.record !== undefined && config.compareCtime,
      },
      selection: wanted.selection,
      isExcluded: path => (path.endsWith('/') ? filter.excludesFolderObject(path) : filter.excludes(path)),
      reserved: findOwn(ground.place.root, own).reserved,
      at: wanted.moment?.at,
      thawDays: wanted.thawDays,
      dryRun,
      place: ground.place,
      journal: ground.journal,
      recordOf: ground.recordOf,
      record: wanted.moment ? undefined : ground.record,
      openStore: send => openStore(session, wanted, signal, send),
      listeners: [countRestoreInto(statistics), ...listeners],
      signal,
    });
    const failures = failuresInRestore(statistics);
    return { statistics, result, exitCode: exitCodeOfRestore(result, failures, signal) };
  } catch (error) {
    // Nothing was begun that could have statistics.
    if (error instanceof ConfigError) throw error;
    const cause = signal.aborted ? signal.reason : error;
    return { statistics, exitCode: exitCodeOfError(cause), error: cause as Error };
  } finally {
    stop();
  }
}

/** @throws ConfigError where a moment is wanted of a bucket that keeps no versions; Failure */
async function openStore(
  { config, credentials }: Session,
  { moment }: Wanted,
  signal: AbortSignal,
  send: Requests['send'],
): Promise<ObjectStore> {
  const store = await connectToRead(config, signal, send, credentials, LAST_MOMENT);
  try {
    if (moment && (await send(() => store.versioning())) === 'off') {
      throw usageFault(moment.option, 'noVersions', { bucket: config.bucket });
    }
    return store;
  } catch (error) {
    await store.close();
    throw error;
  }
}

function listenersOf(
  invocation: Invocation,
  { ground, log, dryRun }: Pick<Run, 'ground' | 'log' | 'dryRun'>,
  errors: ReportedError[],
): { listeners: RunListener[]; stop(): void } {
  const { words, style } = invocation;
  const verbose = style.verbose || dryRun;
  const progress = createProgress(invocation.terminal, words.progress, { ...style, verbose });
  const { terminal } = progress;
  const failuresOnly = style.quiet || progress.isLive;
  const printed = style.json
    ? dryRun && plannedJson(terminal)
    : operationLines(terminal, words, ground.place.root, { dryRun, failuresOnly });
  const collect: RunListener = {
    failed({ operation, path, key, failure }) {
      if (errors.length < MAX_ERRORS) errors.push({ op: operation, path, key, ...describe(failure, words) });
    },
  };
  if (dryRun && !style.json) terminal.out(`${words.run.dryRun}\n`);
  const listeners = [
    log,
    warnings(terminal, words, ground.place.root, style),
    collect,
    progress.listener,
    ...(printed ? [printed] : []),
  ];
  return { listeners, stop: progress.stop };
}

/** Why it did not come to its end, if it did not. */
function reasonLines({ error, result }: Outcome, { words, signal }: Invocation, ground: Ground): string[] {
  if (error) return errorLines(error, words);
  if (signal.aborted) return errorLines(signal.reason, words);
  if (!result?.stoppedBy) return [];
  const { stops } = words;
  const { kind } = result.stoppedBy;
  const { code, message } = describe(result.stoppedBy, words);
  if (code === 'FolderMoved') return [`${ground.place.root}: ${message}`];
  if (kind === 'local') return [stops.diskFull(ground.place.root, code)];
  if (result.isListingCut) return [stops.listingCut(code, message)];
  return [(kind === 'unreachable' ? stops.connectionLost : stops.cosRefused)(code, message)];
}
