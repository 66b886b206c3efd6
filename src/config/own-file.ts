import { realpathSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { ConfigError, type Fault, usageFault } from './faults.ts';
import { type Home, ownPathsOf } from './home.ts';
import { withSource } from './load.ts';
import type { Config } from './schema.ts';

/** Ledgers, histories, notes of restores, and what lies beside each of them. */
const OF_DB = /\.(?:db|state)(?:\.|$)/i;
const OF_LOG = /^cos_sync(?:\..*)?\.log(?:\.|$)/i;

/** @throws ConfigError where a file that an option has written is one that the program lives on */
export function refuseOwnFile(home: Home, option: string, file: string): void {
  if (isOwnFile(home, file)) throw usageFault(option, 'ownFile', { value: file });
}

/**
 * @param options values by config key, from the command line
 * @throws ConfigError where a configuration has the program write over what it lives on
 */
export function refuseOwnFiles(
  home: Home,
  { metricsFile, failedFile }: Config,
  options: Readonly<Record<string, unknown>>,
): void {
  const faults = Object.entries({ metrics_file: metricsFile, failed_file: failedFile }).flatMap(
    ([key, value = '']): Fault[] =>
      isOwnFile(home, value) ? [{ key, problem: 'ownFile', values: { value } }] : [],
  );
  if (faults.length === 0) return;
  throw new ConfigError(
    home.configFile,
    faults.map(fault => withSource(fault, options, process.env)),
  );
}

/** The configuration and what is kept of it, a ledger, the history or a log, by whatever links it is reached. */
function isOwnFile(home: Home, file: string): boolean {
  const place = placeOf(file);
  if (ownPathsOf(home).files.some(own => placeOf(own) === place)) return true;
  const isIn = (folder: string) => dirname(place) === placeOf(folder);
  const name = basename(place);
  return (isIn(home.dbFolder) && OF_DB.test(name)) || (isIn(dirname(home.logFile)) && OF_LOG.test(name));
}

/** Where links lead; a file that is not there yet counts as where it will be. */
function placeOf(file: string): string {
  try {
    return realpathSync.native(file);
  } catch {
    const folder = dirname(file);
    return folder === file ? file : join(placeOf(folder), basename(file));
  }
}
