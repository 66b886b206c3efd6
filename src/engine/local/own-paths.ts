import { realpathSync, statSync } from 'node:fs';
import { isAbsolute, relative, sep } from 'node:path';
import type { OwnPaths } from '../../config/home.ts';
import { IGNORES_CASE } from './read-file.ts';

/** What the name of a file begins with that a restore has not finished. */
export const UNFINISHED = '.cos_sync-restore-';
const UNFINISHED_NAME = /(^|\/)\.cos_sync-restore-[0-9a-f]{16}-[0-9a-f]{16}$/;

/** Whether a path is of a file that a restore has not finished. */
export function isUnfinished(path: string): boolean {
  return path.includes(UNFINISHED) && UNFINISHED_NAME.test(path);
}

/** What of a folder is the program's own. */
export interface OwnPlaces {
  /** Relative to the folder, with `/`, in every spelling that is known; a folder's ends with `/`. */
  reserved: readonly string[];
  /** Numbers that a file system gives to files, and with its device what tells one from all others. */
  inos: ReadonlySet<number>;
  identities: ReadonlySet<string>;
}

/**
 * Whether something that was met is one of the program's own, by whatever name it was met.
 * @throws the file system's error where it is gone
 */
export function isOwn({ inos, identities }: OwnPlaces, absolute: string, number: number): boolean {
  if (!inos.has(number)) return false;
  // A number may stand for several: file IDs on Windows have more digits than it can hold.
  const { dev, ino } = statSync(absolute, { bigint: true });
  return identities.has(`${dev}:${ino}`);
}

/** Finds the program's own folders and files in a folder that is to be walked. */
export function findOwn(localPath: string, { folders, files }: OwnPaths): OwnPlaces {
  const places = (paths: readonly string[], end: string) =>
    paths.flatMap(path => spellings(localPath, path)).map(path => path + end);
  const inos = new Set<number>();
  const identities = new Set<string>();
  for (const path of [...folders, ...files]) {
    const found = fileIdOf(path);
    if (!found) continue;
    inos.add(Number(found.ino));
    identities.add(`${found.dev}:${found.ino}`);
  }
  return {
    reserved: [...new Set([...places(folders, '/'), ...places(files, '')])],
    inos,
    identities,
  };
}

/** undefined where it is not there or cannot be looked at: then nothing in the folder leads to it either. */
function fileIdOf(path: string): { dev: bigint; ino: bigint } | undefined {
  try {
    const { dev, ino } = statSync(path, { bigint: true });
    return ino === 0n ? undefined : { dev, ino };
  } catch {
    return undefined;
  }
}

/** The ways in which a path can be spelled below a folder; none where it lies elsewhere. */
function spellings(folder: string, path: string): string[] {
  return [folder, realPathOf(folder)]
    .flatMap(from => [path, realPathOf(path)].map(to => relative(from, to)))
    .filter(inner => inner !== '' && inner !== '..' && !inner.startsWith(`..${sep}`) && !isAbsolute(inner))
    .map(inner => inner.split(sep).join('/'));
}

function realPathOf(path: string): string {
  try {
    return realpathSync.native(path);
  } catch {
    return path;
  }
}

/** The reserved folder that a path lies in or is, or the reserved file that it is. */
export function ownPlaceOf(
  reserved: readonly string[],
  path: string,
  ignoresCase = IGNORES_CASE,
): string | undefined {
  if (reserved.length === 0) return undefined;
  const folded = (text: string) => (ignoresCase ? text.toLowerCase() : text);
  const name = folded(path);
  return reserved.find(own => (own.endsWith('/') ? name.startsWith(folded(own)) : name === folded(own)));
}
