import { statSync } from 'node:fs';
import { exitCodeOfError } from '../../cli/exit-codes.ts';
import type { Invocation } from '../../cli/invocation.ts';
import { keepCopy } from '../../config/kept-copy.ts';
import type { LoadedConfig } from '../../config/load.ts';
import type { Config } from '../../config/schema.ts';
import { ledgerFile, taskOf } from '../../ledger/task.ts';
import { errorLines } from '../../report/errors.ts';
import type { Log } from '../../report/log.ts';
import { isIdle, summaryJson } from '../../report/summary.ts';
import type { Course, CourseOptions } from './course.ts';
import { holdCredentials } from './credentials.ts';
import {
  type DaemonState,
  type DaemonTeller,
  readDaemon,
  refuseBesideDaemon,
  tellOfDaemon,
} from './daemon-state.ts';
import { atIntervals } from './intervals.ts';
import { readConfig } from './read-config.ts';
import type { RunOptions } from './run-once.ts';
import { onChanges } from './watch.ts';

/**
 * Runs until a signal ends it, or a configuration without daemon_mode. A failed run is followed by the next.
 * @throws DaemonRunning
 */
export async function daemon(
  invocation: Invocation,
  command: Pick<RunOptions, 'dryRun' | 'allowEmpty' | 'otherDisk'>,
  first: LoadedConfig,
  log: Log,
): Promise<number> {
  const { home, terminal, words, signal } = invocation;
  const { runOnce } = await import('./run-once.ts');
  let { config } = first;
  let credentials = holdCredentials(invocation, config);
  const said = new Set<string>();
  let readAt = modifiedAt(home.configFile);
  // Two would take each other's runs for changes of the ledger by somebody else.
  await refuseBesideDaemon(ledgerFile(home.dbFolder, taskOf(config)));
  let service = await serve({ invocation, config, log });
  let exitCode = 0;
  while (!signal.aborted) {
    const run = await service.course.next(signal);
    if (signal.aborted) break;
    const modified = modifiedAt(home.configFile);
    const changed = modified === readAt ? undefined : reread(invocation, log);
    readAt = modified;
    if (changed && !changed.daemonMode) {
      await service.close();
      terminal.err(`${words.run.daemonOff}\n`);
      return exitCode;
    }
    if (changed) {
      config = changed;
      credentials = holdCredentials(invocation, config);
      await service.close();
      service = await serve({ invocation, config, log });
    } else if (run) {
      const options = { config, ...command, log, said, credentials, ...service.told(run) };
      exitCode = await runOnce(invocation, options).catch(failed);
      service.ended();
    }
  }
  await service.close();
  exitCode = exitCodeOfError(signal.reason);
  log.info('daemon_end', {
    config: home.configFile,
    reason: (signal.reason as Error).message,
    exit_code: exitCode,
  });
  return exitCode;

  function failed(error: unknown): number {
    const reason = errorLines(error, words).join('; ');
    terminal.warn(`cos_sync: ${words.warnings.daemonRunFailed(reason)}\n`);
    log.error('run', { config: home.configFile, message: reason });
    return exitCodeOfError(error);
  }
}

/** A course, of which others are told. */
interface Service {
  course: Course;
  /** A run of it that tells how far it is. */
  told(run: Partial<RunOptions>): Partial<RunOptions>;
  ended(): void;
  close(): Promise<void>;
}

async function serve(options: Omit<CourseOptions, 'onState'>): Promise<Service> {
  const { config, invocation } = options;
  let teller: DaemonTeller | undefined;
  const tell = (changes: Partial<DaemonState> = {}) => teller?.tell({ ...course.state(), ...changes });
  const follow = { ...options, onState: () => tell() };
  const course: Course = config.watch ? onChanges(follow) : atIntervals(follow);
  const ledger = ledgerFile(invocation.home.dbFolder, taskOf(config));
  const last_run = (await readDaemon(ledger)).state?.last_run ?? null;
  const since = new Date().toISOString();
  teller = await tellOfDaemon(ledger, {
    pid: process.pid,
    since,
    state: 'idle',
    last_run,
    ...course.state(),
  });
  return {
    course,
    told(run) {
      tell({ state: 'scanning' });
      return {
        ...run,
        daemon: course.state,
        listeners: [...(run.listeners ?? []), { planned: () => tell({ state: 'syncing' }) }],
        onEnd(summary, result) {
          run.onEnd?.(summary, result);
          if (!run.part || !isIdle(summary)) tell({ last_run: summaryJson(summary) });
        },
      };
    },
    ended() {
      course.ended();
      tell({ state: 'idle' });
    },
    async close() {
      course.close();
      await teller?.close();
    },
  };
}

/** The changed configuration; undefined where it is refused, so that the old one stays in force. */
function reread(invocation: Invocation, log: Log): Config | undefined {
  const { home, terminal, words } = invocation;
  try {
    // A file that went away under a daemon would take its excludes with it.
    const loaded = readConfig(invocation, false);
    keepCopy(home.configFile, loaded);
    terminal.err(`${words.warnings.configReread(home.configFile)}\n`);
    log.info('config', { config: home.configFile });
    return loaded.config;
  } catch (error) {
    const reason = errorLines(error, words).join('; ');
    terminal.warn(`cos_sync: ${words.warnings.configRefused(reason)}\n`);
    log.error('config', { config: home.configFile, message: reason });
    return undefined;
  }
}

/** ms since 1970; 0 where the file cannot be looked at, so that reading it says why. */
function modifiedAt(file: string): number {
  try {
    return statSync(file).mtimeMs;
  } catch {
    return 0;
  }
}
