import type { Invocation } from '../cli/invocation.ts';
import { keepCopy } from '../config/kept-copy.ts';
import { readConfig } from './task/read-config.ts';
import { configOfShard, homeOfShard } from './task/shard-files.ts';

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
export async function syncCommand(given: Invocation, command: SyncCommand): Promise<number> {
  const loaded = readConfig(given);
  const invocation = { ...given, home: homeOfShard(given.home, loaded.config) };
  const { home, terminal, words } = invocation;
  if (!command.dryRun) keepCopy(home.configFile, loaded);
  // Loaded only now, so that a refused configuration is told at once.
  const { openLog } = await import('../report/log.ts');
  const { runOnce } = await import('./task/run-once.ts');
  const log = openLog(home.logFile, code =>
    terminal.warn(`${words.warnings.logUnwritable(home.logFile, code)}\n`),
  );
  try {
    const config = configOfShard(loaded.config);
    if (config.daemonMode && !command.dryRun) {
      const { daemon } = await import('./task/daemon.ts');
      return await daemon(invocation, command, loaded, log);
    }
    if (config.watch && !('daemon_mode' in given.overrides)) {
      terminal.warn(`${words.warnings.watchWithoutDaemon}\n`);
    }
    return await runOnce(invocation, { config, ...command, log });
  } finally {
    await log.close();
  }
}
