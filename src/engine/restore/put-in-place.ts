import { linkSync, renameSync, unlinkSync } from 'node:fs';
import { Failure } from '../../failure.ts';
import { lookAt } from './open-folders.ts';
import type { Look } from './plan.ts';

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
  if (!isSameLook(lookAt(place), seen)) throw new Failure('local', { code: 'FileExists' });
  renameSync(unfinished, place);
}

/** @returns false where the file system has no second names for a file @throws Failure where something is there */
function linkUnlessThere(file: string, place: string): boolean {
  try {
    linkSync(file, place);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST')
      throw new Failure('local', { code: 'FileExists' });
    return false;
  }
}

function isSameLook(a: Look, b: Look): boolean {
  if (a.kind !== 'file' || b.kind !== 'file') return a.kind === b.kind;
  return a.size === b.size && a.mtime === b.mtime;
}
