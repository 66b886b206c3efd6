import { lstatSync, readdirSync, type Stats, statSync } from 'node:fs';
import { join } from 'node:path';
import type { Config } from '../../config/schema.ts';
import { isFolderPath } from '../../ledger/records.ts';

/**
 * Those files and folders that the scan did not find and that are not there now either. The scan may be long ago,
 * and a file that is being replaced is away for a moment. Doubt is no.
 */
export function stillGone({ localPath, symlinks }: Config, paths: readonly string[]): string[] {
  const isSpelledOtherwise = spellingsIn(localPath);
  return paths.filter(path => {
    try {
      const full = join(localPath, path);
      const stats = symlinks === 'follow' ? statSync(full) : lstatSync(full);
      return !isOfKind(path, stats) || isSpelledOtherwise(path);
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException;
      return code === 'ENOENT' || code === 'ENOTDIR';
    }
  });
}

function isOfKind(path: string, stats: Stats): boolean {
  return isFolderPath(path) ? stats.isDirectory() : stats.isFile();
}

/**
 * Answers whether a path that leads somewhere does so by another spelling only: `A.txt` where there is `a.txt`.
 * Which file systems take the two for one name, no system says; what a listing has, holds for all.
 */
function spellingsIn(root: string): (path: string) => boolean {
  const known = new Map<string, { names: Set<string>; folded: Set<string> }>();

  function namesIn(folder: string) {
    const answered = known.get(folder);
    if (answered) return answered;
    const names = new Set(readdirSync(folder));
    const found = { names, folded: new Set([...names].map(fold)) };
    known.set(folder, found);
    return found;
  }

  return path => {
    let folder = root;
    for (const name of path.split('/').filter(part => part !== '')) {
      const { names, folded } = namesIn(folder);
      // A name that is not listed in any spelling is being replaced.
      if (!names.has(name)) return folded.has(fold(name));
      folder = join(folder, name);
    }
    return false;
  };
}

function fold(name: string): string {
  return name.normalize('NFC').toUpperCase().toLowerCase();
}
