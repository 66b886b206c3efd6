import { closeSync, constants, existsSync, lstatSync, mkdirSync, openSync, readlinkSync } from 'node:fs';
import { sep } from 'node:path';
import { Failure } from '../../failure.ts';
import type { Look } from './plan.ts';

/** Folders that are kept open: downloads of a few neighbouring ones end at a time. */
const MOST_OPEN = 8;
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
  /** Folders, and where they were when they were opened. */
  const open = new Map<string, OpenFolder & { place: string | undefined }>();
  const top = enter(root);
  const rootPlace = top.whereabouts();
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
    open.set(path, { ...folder, place: folder.whereabouts() });
    const [oldest] = open.keys();
    if (open.size > MOST_OPEN && oldest !== undefined) drop(oldest);
  }

  function drop(path: string): void {
    open.get(path)?.close();
    open.delete(path);
  }

  function walk(path: string, isToBeMade: boolean): string | undefined {
    if (top.whereabouts() !== rootPlace) throw new Failure('local', { code: 'FolderMoved' });
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
      const isStill = known && (!isToBeMade || (hasDescriptors && known.whereabouts() === known.place));
      if (isStill) return known.path;
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
