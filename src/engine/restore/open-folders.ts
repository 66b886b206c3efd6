import { closeSync, constants, existsSync, lstatSync, mkdirSync, openSync, readlinkSync } from 'node:fs';
import { sep } from 'node:path';
import { Failure } from '../../failure.ts';
import type { Look } from './plan.ts';

/** Folders that are kept open: downloads of a few neighbouring ones end at a time. */
const MOST_OPEN = 8;
/** ms until it is asked again where a folder is: it costs as much as opening a file, and who moves it is no quicker */
const ASKED_AGAIN = 10;
/** Linux: to be walked through, not to be read. Node has no name for it. */
const O_PATH = 0o10000000;
const AS_FOLDER = O_PATH | (constants.O_DIRECTORY ?? 0) | (constants.O_NOFOLLOW ?? 0);

interface OpenFolder {
  /** What names it while it is open, with a slash at its end. */
  path: string;
  /** Where it is now; undefined where the system does not tell. */
  whereabouts(): string | undefined;
  close(): void;
}

interface KeptFolder extends OpenFolder {
  /** Where it was when it was opened. */
  place: string | undefined;
  /** When it was there last, in ms of performance.now(). */
  seenAt: number;
}

/** The folders below a root, each reached from the one above it and never through a link. */
export interface Folders {
  /**
   * @param path empty or ending with `/`
   * @returns what names it until the next call, with a slash at its end; undefined where it is not there
   * @throws Failure where something is in its way, or the root was moved; the system's error
   */
  open(path: string, isToBeMade: boolean): string | undefined;
  close(): void;
}

/**
 * Linux leads through an open folder by a name of its own: what somebody puts into its place meanwhile is passed by.
 * That name tells where the folder is now: one that somebody moved away is left, and what is in its place entered.
 */
export function createFolders(root: string): Folders {
  const hasDescriptors = process.platform === 'linux' && existsSync('/proc/self/fd');
  const open = new Map<string, KeptFolder>();
  const top = keptFrom(enter(root));
  /** A folder that was not there: what is in it need not be looked for. */
  let missing: string | undefined;

  /** @throws Failure where it is no folder; the system's error */
  function enter(place: string): OpenFolder {
    if (!hasDescriptors) {
      const look = lookAt(place);
      if (look.kind === 'nothing') throw Object.assign(new Error(place), { code: 'ENOENT' });
      if (look.kind !== 'folder') throw inTheWay(look);
      const path = place.endsWith(sep) ? place : place + sep;
      return { path, whereabouts: () => undefined, close() {} };
    }
    try {
      const descriptor = openSync(place, AS_FOLDER);
      const name = `/proc/self/fd/${descriptor}`;
      return { path: `${name}/`, whereabouts: () => linkedBy(name), close: () => closeSync(descriptor) };
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException;
      throw code === 'ENOTDIR' || code === 'ELOOP' ? inTheWay(lookAt(place)) : error;
    }
  }

  function keep(path: string, folder: OpenFolder): void {
    drop(path);
    open.set(path, keptFrom(folder));
    const [oldest] = open.keys();
    if (open.size > MOST_OPEN && oldest !== undefined) drop(oldest);
  }

  function drop(path: string): void {
    open.get(path)?.close();
    open.delete(path);
  }

  function walk(path: string, isToBeMade: boolean): string | undefined {
    if (!isInPlace(top)) throw new Failure('local', { code: 'FolderMoved' });
    let at = top.path;
    let above: { close(): void } | undefined;
    const names = path.split('/').slice(0, -1);
    for (const [index, name] of names.entries()) {
      const place = at + name;
      try {
        const folder = enterOrMake(place, isToBeMade);
        above?.close();
        above = undefined;
        if (!folder) {
          missing = `${names.slice(0, index + 1).join('/')}/`;
          return undefined;
        }
        at = folder.path;
        if (index === names.length - 1) keep(path, folder);
        else above = folder;
      } catch (error) {
        above?.close();
        throw error;
      }
    }
    return at;
  }

  function enterOrMake(place: string, isToBeMade: boolean) {
    try {
      return enter(place);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
      if (!isToBeMade) return undefined;
      makeUnlessThere(place);
      return enter(place);
    }
  }

  return {
    open(path, isToBeMade) {
      const known = open.get(path);
      // What is written must come into its place: where no folder is held open, another may lie there.
      if (known && (!isToBeMade || (hasDescriptors && isInPlace(known)))) return known.path;
      if (isToBeMade) missing = undefined;
      else if (missing !== undefined && path.startsWith(missing)) return undefined;
      return walk(path, isToBeMade);
    },
    close() {
      for (const { close } of [...open.values(), top]) close();
      open.clear();
    },
  };
}

function keptFrom(folder: OpenFolder): KeptFolder {
  return { ...folder, place: folder.whereabouts(), seenAt: performance.now() };
}

function isInPlace(folder: KeptFolder): boolean {
  const now = performance.now();
  if (now - folder.seenAt < ASKED_AGAIN) return true;
  if (folder.whereabouts() !== folder.place) return false;
  folder.seenAt = now;
  return true;
}

/** Somebody else may make it in the same moment; whether it is a folder shows when it is entered. */
function makeUnlessThere(place: string): void {
  try {
    mkdirSync(place);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
  }
}

/** undefined where the kernel does not tell: the path is too long for it. */
function linkedBy(name: string): string | undefined {
  try {
    return readlinkSync(name);
  } catch {
    return undefined;
  }
}

function inTheWay(look: Look): Failure {
  return new Failure('local', { code: look.kind === 'link' ? 'SymlinkInTheWay' : 'FileInTheWay' });
}

export function lookAt(place: string): Look {
  const stats = lstatSync(place, { throwIfNoEntry: false });
  if (!stats) return { kind: 'nothing' };
  if (stats.isSymbolicLink()) return { kind: 'link' };
  if (stats.isDirectory()) return { kind: 'folder' };
  return stats.isFile()
    ? { kind: 'file', size: stats.size, mtime: stats.mtimeMs, ctime: stats.ctimeMs }
    : { kind: 'other' };
}
