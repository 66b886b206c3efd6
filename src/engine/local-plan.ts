import { statSync } from 'node:fs';
import { ConfigError } from '../config/faults.ts';
import type { OwnPaths } from '../config/home.ts';
import type { Config } from '../config/schema.ts';
import { type BegunRecord, isFolderPath, type LedgerRecord } from '../ledger/codec.ts';
import { LocalPathUnusable } from './errors.ts';
import { createFilter, type Filter } from './filter.ts';
import { findOwn } from './own-paths.ts';
import { type Plan, startPlan } from './plan.ts';
import { scan } from './scan.ts';

export interface LocalPlanOptions {
  config: Config;
  own: OwnPaths;
  records: Iterable<LedgerRecord>;
  /** New objects that an earlier run began to send, by path. */
  begun?: ReadonlyMap<string, BegunRecord>;
  onScanned(entries: number): void;
  signal: AbortSignal;
}

/**
 * Scans local_path and meets what is there with the records.
 * @throws LocalPathUnusable where the folder cannot be read
 */
export async function planOf(options: LocalPlanOptions): Promise<Plan> {
  const { config, signal } = options;
  const filter = filterOf(config, options.own);
  const planner = startPlan(options.records, {
    isExcluded: path => (isFolderPath(path) ? filter.excludesFolderObject(path) : filter.excludes(path)),
    createFolders: config.createFolders,
    checksum: config.checksum,
    ...(options.begun && { begun: options.begun }),
  });
  let entries = 0;
  try {
    const before = identityOf(config.localPath);
    for await (const batch of scan({ root: config.localPath, filter, symlinks: config.symlinks, signal })) {
      for (const entry of batch) planner.meet(entry);
      entries += batch.length;
      options.onScanned(entries);
    }
    // A disk that went away during the scan makes what was not yet looked at seem gone.
    if (identityOf(config.localPath) !== before) throw new LocalPathUnusable(config.localPath, 'ENODEV');
  } catch (error) {
    if (signal.aborted) return emptyPlanOf(config);
    if (error instanceof LocalPathUnusable) throw error;
    throw new LocalPathUnusable(config.localPath, (error as NodeJS.ErrnoException).code ?? '', error);
  }
  return planner.finish();
}

/** Tells a folder, and the disk it is on, from another in its place. */
function identityOf(folder: string): string {
  const { dev, ino } = statSync(folder);
  return `${dev}:${ino}`;
}

/** An aborted scan is no evidence of anything. */
function emptyPlanOf({ checksum }: Config): Plan {
  return startPlan([], { isExcluded: () => true, createFolders: false, checksum }).finish();
}

/** Which paths take part: by the configured patterns, and never what is the program's own. */
export function filterOf(config: Config, own: OwnPaths): Filter {
  return createFilter(config.include, config.exclude, findOwn(config.localPath, own));
}

/** @throws LocalPathUnusable; ConfigError where it is a file */
export function checkLocalPath(localPath: string, configFile: string): void {
  let isDirectory: boolean;
  try {
    isDirectory = statSync(localPath).isDirectory();
  } catch (error) {
    throw new LocalPathUnusable(localPath, (error as NodeJS.ErrnoException).code ?? '', error);
  }
  if (isDirectory) return;
  throw new ConfigError(configFile, [{ key: 'local_path', problem: 'isFile', values: { value: localPath } }]);
}
