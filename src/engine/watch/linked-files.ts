import { folderOf } from '../local/part.ts';

/** With more than these, what changes by another name is found by full scans. */
const MOST = 100_000;

/** A file as it was met by one of its names. */
export interface LinkedFile {
  path: string;
  inode: number;
  /** bytes */
  size: number;
  /** ms since 1970 */
  mtime: number;
}

/**
 * Files that have several names. A change by one of them is an event in that one's folder only.
 * @param onChange is called with the folder of each other name
 */
export function followLinkedFiles(onChange: (folder: string) => void): (file: LinkedFile) => void {
  const files = new Map<number, { size: number; mtime: number; folders: Set<string> }>();
  return ({ path, inode, size, mtime }) => {
    const folder = folderOf(path);
    const known = files.get(inode);
    if (!known) {
      if (files.size < MOST) files.set(inode, { size, mtime, folders: new Set([folder]) });
      return;
    }
    known.folders.add(folder);
    if (known.size === size && known.mtime === mtime) return;
    Object.assign(known, { size, mtime });
    for (const other of known.folders) if (other !== folder) onChange(other);
  };
}
