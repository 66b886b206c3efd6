import { randomBytes } from 'node:crypto';
import {
  copyFileSync,
  existsSync,
  linkSync,
  mkdirSync,
  renameSync,
  rmdirSync,
  rmSync,
  statSync,
  unlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import type { StagedBody } from './body.ts';
import { CosError, systemCode } from './errors.ts';
import { foldedPath, hashedPath, plainPath } from './key-path.ts';

/** Below the bucket's folder (`plain`) or the hidden one (`hashed`); an empty folder object has no file. */
export type Place = { kind: 'plain' | 'hashed'; path: string } | { kind: 'folder' };

const CASE_BLIND = process.platform === 'win32' || process.platform === 'darwin';
/** A full or failing disk must not look like a name that does not fit. */
const NOT_THE_NAME = new Set(['ENOSPC', 'EIO', 'EROFS', 'EDQUOT', 'EMFILE', 'ENFILE']);
type Staged = Pick<StagedBody, 'path' | 'size'>;
const MOST_KNOWN_FOLDERS = 10_000;

/**
 * Where a bucket's objects lie as files: under their own name where the file system can have it, else under a
 * hash in the hidden folder.
 */
export class ObjectFiles {
  readonly #folder: string;
  readonly #hashed: string;
  readonly #knownFolders = new Set<string>();
  /** On systems blind to case: which key owns a folded path. */
  readonly #owners = new Map<string, string>();

  constructor(folder: string, hashed: string) {
    this.#folder = folder;
    this.#hashed = hashed;
  }

  pathOf(place: Exclude<Place, { kind: 'folder' }>): string {
    return join(place.kind === 'plain' ? this.#folder : this.#hashed, place.path);
  }

  /** Whether an object's file is (still) there. */
  has(place: Place): boolean {
    return place.kind === 'folder' || isFile(this.pathOf(place));
  }

  /** Takes note of a key's place, so that no key that the file system cannot tell from it gets the same. */
  claim(key: string, place: Place): void {
    if (CASE_BLIND && place.kind === 'plain') this.#owners.set(foldedPath(place.path), key);
  }

  release(place: Place): void {
    if (CASE_BLIND && place.kind === 'plain') this.#owners.delete(foldedPath(place.path));
  }

  /** Moves a staged body to where the key's bytes belong, replacing what is there in one rename. */
  settle(key: string, staged: Staged, before: Place | undefined): Place {
    try {
      return this.#settle(key, staged, before);
    } catch (error) {
      rmSync(staged.path, { force: true });
      throw error;
    }
  }

  /** Gives an object's bytes a place beside, so that a newer version can take the one they have. */
  keep(key: string, place: Place): Place {
    if (place.kind === 'folder') return place;
    const kept = { kind: 'hashed', path: besidePath(key) } as const;
    const path = this.pathOf(kept);
    mkdirSync(dirname(path), { recursive: true });
    duplicate(this.pathOf(place), path);
    return kept;
  }

  /** Makes a temporary file of an object's bytes, to be settled again. */
  restage(place: Place, temporary: string): void {
    if (place.kind === 'folder') writeFileSync(temporary, '');
    else duplicate(this.pathOf(place), temporary);
  }

  /** Removes an object's file unless its successor lies in the same place. */
  drop(place: Place, successor?: Place): void {
    if (place.kind === 'folder') return;
    const path = this.pathOf(place);
    if (successor && successor.kind !== 'folder' && this.pathOf(successor) === path) return;
    try {
      unlinkSync(path);
    } catch {
      // Gone already, or held open elsewhere; the object does not exist either way.
    }
  }

  /** Removes the folders that a removed object leaves empty, up to the next one that `isKept` (key of its folder object). */
  prune(key: string, isKept: (folderKey: string) => boolean): void {
    let path = plainPath(key.replace(/\/$/, ''));
    if (path !== undefined && !key.endsWith('/')) path = parentOf(path);
    while (path && !isKept(`${path}/`)) {
      const folder = join(this.#folder, path);
      try {
        rmdirSync(folder);
      } catch {
        return;
      }
      this.#knownFolders.delete(folder);
      path = parentOf(path);
    }
  }

  #settle(key: string, staged: Staged, before: Place | undefined): Place {
    if (key.endsWith('/') && staged.size === 0 && this.#makeFolderOf(key)) {
      unlinkSync(staged.path);
      return { kind: 'folder' };
    }
    const path = plainPath(key);
    if (path !== undefined && this.#isFree(path, key)) {
      const place = { kind: 'plain', path } as const;
      if (this.#move(staged.path, this.pathOf(place), before?.kind === 'plain')) return place;
    }
    const place = { kind: 'hashed', path: hashedPath(key) } as const;
    if (this.#move(staged.path, this.pathOf(place), before?.kind === 'hashed')) return place;
    // The file is held open by somebody (Windows refuses to replace it then): store beside it.
    const beside = { kind: 'hashed', path: besidePath(key) } as const;
    if (this.#move(staged.path, this.pathOf(beside), false)) return beside;
    throw new CosError('InternalError');
  }

  #makeFolderOf(key: string): boolean {
    const path = plainPath(key.slice(0, -1));
    return path !== undefined && this.#makeFolder(join(this.#folder, path));
  }

  #isFree(path: string, key: string): boolean {
    if (!CASE_BLIND) return true;
    const owner = this.#owners.get(foldedPath(path));
    return owner === undefined || owner === key;
  }

  /** Renames into place, making folders as needed; false when something else is in the way. */
  #move(from: string, to: string, folderIsThere: boolean): boolean {
    let makeFolder = !folderIsThere;
    for (let attempt = 0; attempt < 3; attempt++) {
      if (makeFolder && !this.#makeFolder(dirname(to))) return false;
      try {
        renameSync(from, to);
        return true;
      } catch (error) {
        // ENOENT: the folder is gone, removed by hand or because its last object went; make it again.
        if (systemCode(error) !== 'ENOENT' || !existsSync(from)) return isInTheWay(error);
        this.#knownFolders.clear();
        makeFolder = true;
      }
    }
    return false;
  }

  #makeFolder(folder: string): boolean {
    if (this.#knownFolders.has(folder)) return true;
    try {
      mkdirSync(folder, { recursive: true });
    } catch (error) {
      return isInTheWay(error);
    }
    if (this.#knownFolders.size >= MOST_KNOWN_FOLDERS) this.#knownFolders.clear();
    this.#knownFolders.add(folder);
    return true;
  }
}

/** A path that no other object of this key has. */
function besidePath(key: string): string {
  return `${hashedPath(key)}-${randomBytes(8).toString('hex')}`;
}

/** A second name for a file's bytes, or a copy where the file system gives none. */
function duplicate(from: string, to: string): void {
  try {
    linkSync(from, to);
  } catch {
    copyFileSync(from, to);
    const { atime, mtime } = statSync(from);
    utimesSync(to, atime, mtime);
  }
}

/** Tells a caller that the name cannot be had; errors that are not about the name are thrown on. */
function isInTheWay(error: unknown): false {
  if (NOT_THE_NAME.has(systemCode(error) ?? '')) throw error;
  return false;
}

function isFile(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isFile() ?? false;
}

function parentOf(path: string): string {
  return path.slice(0, Math.max(0, path.lastIndexOf('/')));
}
