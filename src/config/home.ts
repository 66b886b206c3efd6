import { existsSync, readdirSync } from 'node:fs';
import { basename, dirname, join, resolve } from 'node:path';
import { isSea } from 'node:sea';

/** Where the program's files are. */
export interface Home {
  root: string;
  configFile: string;
  /** It was named by `--config`: where it is missing, that is a slip. */
  isConfigNamed: boolean;
  dbFolder: string;
  logFile: string;
  historyFile: string;
}

/** What of the program's own never takes part in a sync (absolute paths). */
export interface OwnPaths {
  folders: readonly string[];
  files: readonly string[];
}

/**
 * conf/, db/ and log/, and the configuration file wherever it lies, with what the program keeps of it there: they
 * hold a secret. Those beside the executable are its own even where another home is used.
 */
export function ownPathsOf({ root, configFile }: Home): OwnPaths {
  const roots = isSea() ? [root, defaultHome()] : [root];
  const folders = roots.flatMap(home => ['conf', 'db', 'log'].map(name => join(home, name)));
  const kept = keptCopyOf(configFile);
  return { folders, files: [configFile, ...(kept === undefined ? [] : [kept]), ...oldConfigsOf(configFile)] };
}

/**
 * Where the last good configuration is kept: beside a home's conf/config.json, in whose place a newer zip puts
 * the template. undefined for a file of any other name: no zip overwrites it, and it may lie in a folder that
 * others read.
 */
export function keptCopyOf(configFile: string): string | undefined {
  const folder = dirname(configFile);
  const isHomes = basename(configFile) === 'config.json' && basename(folder) === 'conf';
  return isHomes ? join(folder, 'config.last-good.json') : undefined;
}

/** How the name ends that a configuration gets whose place another one takes; a number may follow. */
export const OLD_CONFIG = '.old';

function oldConfigsOf(configFile: string): string[] {
  const folder = dirname(configFile);
  try {
    const names = readdirSync(folder).filter(name => name.startsWith(basename(configFile) + OLD_CONFIG));
    return names.map(name => join(folder, name));
  } catch {
    return [];
  }
}

/**
 * The executable's own folder; run from source, the project's root. `--home` or COS_SYNC_HOME overrides; an
 * empty one is none.
 */
export function homeAt(
  option: string | undefined,
  environment: NodeJS.ProcessEnv,
  configFile?: string,
): Home {
  const root = resolve(option || environment.COS_SYNC_HOME || defaultHome());
  return {
    root,
    configFile: configFile === undefined ? join(root, 'conf', 'config.json') : resolve(configFile),
    isConfigNamed: configFile !== undefined,
    dbFolder: join(root, 'db'),
    logFile: join(root, 'log', 'cos_sync.log'),
    historyFile: join(root, 'db', 'history.db'),
  };
}

/** Whether options and environment may be all there is: not where a file or a folder was named that is not there. */
export function mayLackConfig({ root, isConfigNamed }: Home): boolean {
  return !isConfigNamed && existsSync(root);
}

function defaultHome(): string {
  // process.execPath has symbolic links resolved.
  return isSea() ? dirname(process.execPath) : resolve(import.meta.dirname, '..', '..');
}
