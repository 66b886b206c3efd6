import { type Stats, statSync } from 'node:fs';
import { ConfigError } from '../../config/faults.ts';
import type { Config } from '../../config/schema.ts';
import { Failure, isSystemError } from '../../failure.ts';
import { inTime } from '../../in-time.ts';
import { pooledLooks } from './looks.ts';

/** local_path is missing or cannot be read: nothing is known about any file. Exit code 4. */
export class LocalPathUnusable extends Error {
  readonly path: string;
  /** The system's error code. */
  readonly code: string;

  constructor(path: string, code: string, cause?: unknown) {
    super(`local_path ${path}: ${code}`, { cause });
    this.name = 'LocalPathUnusable';
    this.path = path;
    this.code = code;
  }
}

/** What a walk through local_path ended with: an error of the system says that it cannot be read. */
export function localPathError(localPath: string, error: unknown): unknown {
  if (error instanceof Failure && error.kind === 'local') {
    return new LocalPathUnusable(localPath, error.code, error);
  }
  return isSystemError(error) ? new LocalPathUnusable(localPath, error.code ?? '', error) : error;
}

type LocalPath = Pick<Config, 'localPath' | 'timeout'>;

/** @throws LocalPathUnusable; ConfigError where it is a file; the signal's reason when aborted */
export async function checkLocalPath(
  config: LocalPath,
  configFile: string,
  signal: AbortSignal,
): Promise<void> {
  const { localPath } = config;
  if ((await lookAtLocalPath(config, signal)).isDirectory()) return;
  throw new ConfigError(configFile, [{ key: 'local_path', problem: 'isFile', values: { value: localPath } }]);
}

/**
 * Looks at local_path itself: where it does not answer, nothing in it would, and what asks it in the main thread
 * would hold the program.
 * @throws LocalPathUnusable; the signal's reason when aborted
 */
export async function lookAtLocalPath(
  { localPath, timeout }: LocalPath,
  signal: AbortSignal,
): Promise<Stats> {
  try {
    return await inTime(Promise.resolve(pooledLooks.stat(localPath)), timeout, signal);
  } catch (error) {
    if (signal.aborted) throw error;
    throw localPathError(localPath, error);
  }
}

/** Whether a path leads to a folder. */
export function isFolder(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isDirectory() === true;
}
