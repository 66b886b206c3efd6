import { statSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import { exitCodeOfError } from '../cli/exit-codes.ts';
import type { Invocation } from '../cli/invocation.ts';
import { keepCopy } from '../config/kept-copy.ts';
import type { LoadedConfig } from '../config/load.ts';
import { errorLines } from '../report/errors.ts';
import type { Log } from '../report/log.ts';
import type { Summary } from '../report/summary.ts';
import { asLocalTime, grouped } from '../report/units.ts';
import { readConfig } from './task/read-config.ts';

export interface SyncCommand {
  dryRun: boolean;
  allowEmpty: boolean;
  otherDisk: boolean;
}

/**
 * `cos_sync sync`: one run, or with daemon_mode one after the other.
 * @returns the exit code
 * @throws ConfigError, LedgerLocked
 */
export async function syncCommand(invocation: Invocation, command: SyncCommand): Promise<number> {
  const { home, terminal, words } = invocation;
  const loaded = readConfig(invocation);
  if (!command.dryRun) keepCopy(home.configFile, loaded);
  // Loaded only now, so that a refused configuration is told at once.
  const { openLog } = await import('../report/log.ts');
  const { runOnce } = await import('./task/run-once.ts');
  const log = openLog(home.logFile, code =>
    terminal.warn(`${words.warnings.logUnwritable(home.logFile, code)}\n`),
  );
  try {
    const { config } = loaded;
    if (config.daemonMode && !command.dryRun) return await daemon(invocation, command, loaded, log);
    return await runOnce(invocation, { config, ...command, log });
  } finally {
    await log.close();
  }
}

/** Runs until a signal ends it, or a configuration without daemon_mode. A failed run is followed by the next. */
async function daemon(
  invocation: Invocation,
  command: SyncCommand,
  first: LoadedConfig,
  log: Log,
): Promise<number> {
  const { home, terminal, words, signal, style } = invocation;
  const { runOnce } = await import('./task/run-once.ts');
  let { config } = first;
  const said = new Set<string>();
  let readAt = modifiedAt(home.configFile);
  while (!signal.aborted) {
    let exitCode: number;
    let wasIdle = false;
    const sayIdle = ({ statistics, endTime }: Summary) => {
      wasIdle = true;
      const unchanged = grouped(statistics.upload_file_skip);
      terminal.out(`${words.run.idle(asLocalTime(endTime), unchanged, config.daemonInterval)}\n`);
    };
    try {
      const onIdle = style.verbose ? {} : { onIdle: sayIdle };
      exitCode = await runOnce(invocation, { config, ...command, log, said, ...onIdle });
    } catch (error) {
      exitCode = exitCodeOfError(error);
      const reason = errorLines(error, words).join('; ');
      terminal.warn(`cos_sync: ${words.warnings.daemonRunFailed(reason)}\n`);
      log.error('run', { config: home.configFile, message: reason });
    }
    if (!style.json && !style.quiet && !wasIdle && !signal.aborted) {
      terminal.err(`${words.run.nextRunIn(config.daemonInterval)}\n`);
    }
    await sleep(config.daemonInterval, signal);
    const modified = modifiedAt(home.configFile);
    if (modified === readAt || signal.aborted) continue;
    readAt = modified;
    config = reread(invocation, log) ?? config;
    if (config.daemonMode) continue;
    terminal.err(`${words.run.daemonOff}\n`);
    return exitCode;
  }
  const exitCode = exitCodeOfError(signal.reason);
  log.info('daemon_end', {
    config: home.configFile,
    reason: (signal.reason as Error).message,
    exit_code: exitCode,
  });
  return exitCode;
}

/** Longest wait of one timer, in ms; a longer one would fire at once. */
const LONGEST_TIMER = 2 ** 31 - 1;

/** Waits that many seconds, or until the signal. */
async function sleep(seconds: number, signal: AbortSignal): Promise<void> {
  for (let left = seconds * 1000; left > 0 && !signal.aborted; left -= LONGEST_TIMER) {
    await delay(Math.min(left, LONGEST_TIMER), undefined, { signal }).catch(() => {});
  }
}

/** The changed configuration; undefined where it is refused, so that the old one stays in force. */
function reread(invocation: Invocation, log: Log): LoadedConfig['config'] | undefined {
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
