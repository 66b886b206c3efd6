import { readlinkSync, realpathSync } from 'node:fs';
import type { Config } from '../../config/schema.ts';
import { Failure } from '../../failure.ts';

/** The folder that a file must be in when it is open; undefined where links are followed, or it cannot be told. */
export function boundOf({ symlinks, localPath }: Pick<Config, 'symlinks' | 'localPath'>): string | undefined {
  return symlinks === 'skip' && process.platform === 'linux' ? localPath : undefined;
}

/**
 * Refuses an open file that is not in a folder: since the scan saw it, a link may have taken its place, or that of
 * a folder above it. The system tells where a descriptor leads; what a path leads to may change again meanwhile.
 * @throws Failure (SymlinkSkipped); the system's error
 */
export function refuseOutside(fd: number, bound: string | undefined): void {
  if (bound === undefined) return;
  const real = realpathSync.native(bound);
  const isInside = readlinkSync(`/proc/self/fd/${fd}`).startsWith(real === '/' ? real : `${real}/`);
  if (!isInside) throw new Failure('local', { code: 'SymlinkSkipped' });
}
