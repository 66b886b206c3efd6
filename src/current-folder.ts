import { realpathSync } from 'node:fs';
import { parse } from 'node:path';

/** Whether the current folder is there still. Where it was removed Node resolves no path and starts no thread. */
export function hasCurrentFolder(): boolean {
  try {
    realpathSync.native('.');
    return true;
  } catch {
    return false;
  }
}

/** Goes on at the root where the current folder was removed meanwhile; paths that were given are resolved by then. */
export function leaveRemovedFolder(): void {
  if (!hasCurrentFolder()) process.chdir(parse(process.execPath).root);
}
