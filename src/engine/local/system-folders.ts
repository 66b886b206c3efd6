import { realpathSync } from 'node:fs';
import { isDriveRoot, placesBelow, readMounts } from './mounts.ts';

/** Folders that systems keep for themselves at the root of a drive. */
const SYSTEM_FOLDERS = ['lost+found', 'System Volume Information', '$RECYCLE.BIN', 'RECYCLER'];

/** The systems' own folders in local_path, there or not, with `/` at their ends; none that `include` names. */
export function systemFoldersIn(localPath: string, include: readonly string[]): string[] {
  const mounts = readMounts();
  const real = realPathOf(localPath);
  const roots = [...(isDriveRoot(mounts, real) ? [''] : []), ...placesBelow(mounts, real)];
  const named = new Set(include.flatMap(pattern => pattern.split('/')));
  const names = SYSTEM_FOLDERS.filter(name => !named.has(name));
  return roots.flatMap(root => names.map(name => `${root}${name}/`));
}

function realPathOf(path: string): string {
  try {
    return realpathSync.native(path);
  } catch {
    return path;
  }
}
