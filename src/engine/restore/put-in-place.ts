import { linkSync, readdirSync, renameSync, unlinkSync } from 'node:fs';
import { Failure } from '../../failure.ts';
import { lookAt } from './open-folders.ts';
import type { Look, Obstacle } from './plan.ts';

/** Why somebody's change of a place leaves no place for the file. */
const IN_THE_WAY: Readonly<Record<Look['kind'], Obstacle>> = {
  nothing: 'FileExists',
  file: 'FileExists',
  folder: 'FolderInTheWay',
  link: 'SymlinkInTheWay',
  other: 'NotAFile',
};

/**
 * Gives an unfinished file its name, where what is there is still what was seen. Where nothing was, the system sees
 * to that itself: a rename would replace what somebody has put there since the look.
 * @throws Failure where it is not; the system's error
 */
export function putInPlace(unfinished: string, place: string, seen: Look): void {
  if (seen.kind === 'nothing' && linkUnlessThere(unfinished, place)) {
    unlinkSync(unfinished);
    return;
  }
  const look = lookAt(place);
  if (!isSameLook(look, seen)) throw inTheWay(look, seen);
  renameSync(unfinished, place);
}

/**
 * Sees that a file which is to be replaced is not there by another spelling: below a folder that tells case apart
 * there may be a disk, or a folder, that does not. What another object brought would be lost in it.
 * @param folder with a slash at its end
 * @throws Failure; the system's error
 */
export function requireOwnSpelling(folder: string, name: string): void {
  const upper = name.toUpperCase();
  const other = upper === name ? name.toLowerCase() : upper;
  if (other === name || lookAt(folder + other).kind === 'nothing') return;
  if (!readdirSync(folder).includes(name)) throw new Failure('thisFile', { code: 'CaseCollision' });
}

/** @returns false where the file system has no second names for a file @throws Failure where something is there */
function linkUnlessThere(file: string, place: string): boolean {
  try {
    linkSync(file, place);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') throw inTheWay(lookAt(place));
    return false;
  }
}

function isSameLook(a: Look, b: Look): boolean {
  if (a.kind !== 'file' || b.kind !== 'file') return a.kind === b.kind;
  return a.size === b.size && a.mtime === b.mtime;
}

function inTheWay({ kind }: Look, seen?: Look): Failure {
  const isChanged = kind === 'file' && seen?.kind === 'file';
  return new Failure('local', { code: isChanged ? 'ChangedMeanwhile' : IN_THE_WAY[kind] });
}
