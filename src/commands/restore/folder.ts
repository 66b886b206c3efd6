import { createHash } from 'node:crypto';
import { existsSync, realpathSync } from 'node:fs';
import { dirname, join, relative, sep } from 'node:path';
import { IGNORES_CASE } from '../../engine/local/read-file.ts';

/** How the folder to restore to lies to local_path. */
export type Overlap = 'same' | 'overlapping' | 'apart';

/** Links are resolved; folders that are not there yet count as where they will be. */
export function overlapOf(folder: string, localPath: string): Overlap {
  const [a, b] = [resolved(folder), resolved(localPath)];
  if (a === b) return 'same';
  return isIn(a, b) || isIn(b, a) ? 'overlapping' : 'apart';
}

/** Whether a folder is another one or lies in it; links are resolved. */
export function isWithin(folder: string, outer: string): boolean {
  return isIn(resolved(folder), resolved(outer));
}

function isIn(inner: string, outer: string): boolean {
  const path = relative(outer, inner);
  return path !== '..' && !path.startsWith(`..${sep}`) && !/^([a-z]:|[\\/])/i.test(path);
}

function resolved(path: string): string {
  let there = path;
  while (!existsSync(there) && dirname(there) !== there) there = dirname(there);
  const real = join(realpathSync.native(there), relative(there, path));
  return IGNORES_CASE ? real.toLowerCase() : real;
}

/** Where a restore notes how far it is: one file for each folder, or shard of it, that is restored to. */
export function stateFile(dbFolder: string, folder: string, shard: string | undefined): string {
  const hash = createHash('sha256')
    .update([resolved(folder), ...(shard ? [shard] : [])].join('\0'))
    .digest('hex');
  return join(dbFolder, `restore-${hash.slice(0, 12)}.state`);
}
