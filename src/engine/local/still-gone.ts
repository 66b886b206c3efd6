import { lstatSync, readdirSync, type Stats, statSync } from 'node:fs';
import { join } from 'node:path';
import type { Config } from '../../config/schema.ts';
import { isFolderPath } from '../../ledger/records.ts';
import { IGNORES_CASE } from './read-file.ts';

/**
 * Whether a file or folder that the scan did not find is not there now either. The scan may be long ago,
 * and a file that is being replaced is away for a moment. Doubt is no.
 */
export function isStillGone({ localPath, symlinks }: Config, path: string): boolean {
  try {
    const full = join(localPath, path);
    const stats = symlinks === 'follow' ? statSync(full) : lstatSync(full);
    return !isOfKind(path, stats) || (IGNORES_CASE && !isSpelledSo(localPath, path));
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    return code === 'ENOENT' || code === 'ENOTDIR';
  }
}

function isOfKind(path: string, stats: Stats): boolean {
  return isFolderPath(path) ? stats.isDirectory() : stats.isFile();
}

function isSpelledSo(root: string, path: string): boolean {
  let folder = root;
  return path
    .split('/')
    .filter(name => name !== '')
    .every(name => {
      const isThere = readdirSync(folder).includes(name);
      folder = join(folder, name);
      return isThere;
    });
}
