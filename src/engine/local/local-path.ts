import { statSync } from 'node:fs';
import { ConfigError } from '../../config/faults.ts';
import { Failure, isSystemError } from '../../failure.ts';

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

/** @throws LocalPathUnusable; ConfigError where it is a file */
export function checkLocalPath(localPath: string, configFile: string): void {
  let isDirectory: boolean;
  try {
    isDirectory = statSync(localPath).isDirectory();
  } catch (error) {
    throw localPathError(localPath, error);
  }
  if (isDirectory) return;
  throw new ConfigError(configFile, [{ key: 'local_path', problem: 'isFile', values: { value: localPath } }]);
}

/** Whether a path leads to a folder. */
export function isFolder(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isDirectory() === true;
}
