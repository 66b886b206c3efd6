import { readFileSync, statSync } from 'node:fs';
import { ConfigError } from './faults.ts';

/** Reads a file that a user named. @throws ConfigError for a pipe or a device; the file system's error */
export function readPlainFile(file: string): Buffer {
  const stats = statSync(file);
  // Reading a pipe or a device might never end.
  if (!stats.isFile() && !stats.isDirectory()) {
    throw new ConfigError(file, [{ key: '', problem: 'noPlainFile', values: {} }]);
  }
  return readFileSync(file);
}
