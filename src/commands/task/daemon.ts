import { statSync } from 'node:fs';
import { exitCodeOfError } from '../../cli/exit-codes.ts';
import type { Invocation } from '../../cli/invocation.ts';
import { keepCopy } from '../../config/kept-copy.ts';
import type { LoadedConfig } from '../../config/load.ts';
import type { Config } from '../../config/schema.ts';
import { errorLines } from '../../report/errors.ts';
import type { Log } from '../../report/log.ts';
import type { Course, CourseOptions } from './course.ts';
import { holdCredentials } from './credentials.ts';
import { atIntervals } from './intervals.ts';
import { readConfig } from './read-config.ts';
import type { RunOptions } from './run-once.ts';
import { onChanges } from './watch.ts';

/** Runs until a signal ends it, or a configuration without daemon_mode. A failed run is followed by the next. */
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
  let course = courseOf({ invocation, config, log });
  let exitCode = 0;
  while (!signal.aborted) {
    const run = await course.next(signal);
    if (signal.aborted) break;
    const modified = modifiedAt(home.configFile);
    const changed = modified === readAt ? undefined : reread(invocation, log);
    readAt = modified;
    if (changed && !changed.daemonMode) {
      course.close();
      terminal.err(`${words.run.daemonOff}\n`);
      return exitCode;
    }
    if (changed) {
      config = changed;
      credentials = holdCredentials(invocation, config);
      course.close();
      course = courseOf({ invocation, config, log });
    } else if (run) {
      exitCode = await runOnce(invocation, { config, ...command, log, said, credentials, ...run }).catch(
        failed,
      );
      course.ended();
    }
  }
  course.close();
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

function courseOf(options: CourseOptions): Course {
  return options.config.watch ? onChanges(options) : atIntervals(options);
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
