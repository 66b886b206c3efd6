import {
  closeSync,
  constants,
  existsSync,
  fstatSync,
  ftruncateSync,
  futimesSync,
  lstatSync,
  mkdirSync,
  openSync,
  readdirSync,
  realpathSync,
  renameSync,
  rmSync,
  statfsSync,
  unlinkSync,
  writeSync,
} from 'node:fs';
import { sep } from 'node:path';
import { Failure, localFailure } from '../../failure.ts';
import { md5Of } from '../local/content-hash.ts';
import { UNFINISHED } from '../local/own-paths.ts';
import { EXACT, type FileState, IGNORES_CASE, stateOf } from '../local/read-file.ts';
import type { Look } from './plan.ts';

/** Folders that are kept open: downloads of a few neighbouring ones end at a time. */
const MOST_OPEN = 8;
const NEW_FILE = 0o666;
const NO_FOLLOW = constants.O_NOFOLLOW ?? 0;
/** Linux: to be walked through, not to be read. Node has no name for it. */
const O_PATH = 0o10000000;
const AS_FOLDER = O_PATH | (constants.O_DIRECTORY ?? 0) | NO_FOLLOW;

/** An unfinished file, open for reading and writing. */
export interface Unfinished {
  descriptor: number;
  /** Whether it is what an earlier run began. */
  isResumed: boolean;
  /** Sets its mtime (ms since 1970) and gives it its name, where that still is as it was seen. */
  finish(mtime: number, seen: Look): FileState;
  /** Closes it; removed or kept for a later run to go on with. */
  abandon(isKept: boolean): void;
}

/**
 * A folder that nothing is ever written outside of: not by a path, which the rules on names see to, and not
 * through a link that lies in it. Every step from the folder down is taken from what the step before led to.
 * Calls are synchronous, so that what a step led to cannot be closed under the next; paths are relative with `/`.
 */
export interface Place {
  /** Resolved. */
  root: string;
  ignoresCase: boolean;
  /** bytes; undefined where the file system does not tell */
  freeSpace(): number | undefined;
  /** @throws Failure where something above it is no folder, or cannot be looked at */
  look(path: string): Look;
  /** @throws Failure */
  makeFolder(path: string): void;
  /** Writes a file at once. @throws Failure */
  writeWhole(path: string, bytes: Uint8Array, mtime: number, seen: Look): FileState;
  /** @param size bytes that it will have @throws Failure */
  openUnfinished(path: string, size: number): Unfinished;
  /** Removes unfinished files of this token from a folder, but for those of the paths that are to be kept. */
  sweep(folder: string, isKept: (name: string) => boolean): void;
  /** The name that a path's unfinished file has. */
  unfinishedName(path: string): string;
  close(): void;
}

/**
 * @param folder is there
 * @param token tells this restore's unfinished files from everybody else's; undefined where nothing is written
 * @throws the system's error where the folder cannot be used
 */
export function openPlace(folder: string, token: string | undefined): Place {
  const root = realpathSync(folder);
  const folders = createFolders(root);

  const folderOf = (path: string) => path.slice(0, path.lastIndexOf('/') + 1);
  const nameOf = (path: string) => path.slice(path.lastIndexOf('/') + 1);
  const unfinishedName = (path: string) =>
    `${UNFINISHED}${token}-${md5Of(Buffer.from(nameOf(path))).slice(0, 16)}`;

  /** Makes what a place is named by: a folder that holds it, with a slash at its end. */
  function holder(path: string): string {
    return folders.open(folderOf(path), true) ?? root;
  }

  function rename(path: string, unfinished: string, seen: Look): FileState {
    const folderPath = holder(path);
    const place = folderPath + nameOf(path);
    if (!isSameLook(lookAt(place), seen)) throw new Failure('local', { code: 'FileExists' });
    renameSync(folderPath + unfinished, place);
    return stateOf(lstatSync(place, EXACT));
  }

  return {
    root,
    ignoresCase: token === undefined ? IGNORES_CASE : ignoresCase(root, token),
    freeSpace: () => freeSpaceOf(root),
    look: path =>
      guarded(() => {
        const bare = path.replace(/\/$/, '');
        const folderPath = folders.open(folderOf(bare), false);
        return folderPath === undefined ? { kind: 'nothing' } : lookAt(folderPath + nameOf(bare));
      }),
    makeFolder: path => void guarded(() => folders.open(path, true)),
    writeWhole: (path, bytes, mtime, seen) =>
      guarded(() => {
        const name = unfinishedName(path);
        const file = holder(path) + name;
        const descriptor = createNew(file);
        try {
          try {
            for (let done = 0; done < bytes.length; ) done += writeSync(descriptor, bytes, done);
            setTime(descriptor, mtime);
          } finally {
            closeSync(descriptor);
          }
          return rename(path, name, seen);
        } catch (error) {
          remove(holder(path) + name);
          throw error;
        }
      }),
    openUnfinished: (path, size) =>
      guarded(() => {
        const name = unfinishedName(path);
        const { descriptor, isResumed } = reopenOrCreate(holder(path) + name, size);
        let isOpen = true;
        const close = () => {
          if (isOpen) closeSync(descriptor);
          isOpen = false;
        };
        return {
          descriptor,
          isResumed,
          finish: (mtime, seen) =>
            guarded(() => {
              setTime(descriptor, mtime);
              close();
              return rename(path, name, seen);
            }),
          abandon(isKept) {
            close();
            if (!isKept) remove(holder(path) + name);
          },
        };
      }),
    sweep(folder, isKept) {
      const folderPath = folders.open(folder, false);
      if (folderPath === undefined) return;
      for (const name of readdirSync(folderPath)) {
        if (name.startsWith(`${UNFINISHED}${token}-`) && !isKept(name)) remove(folderPath + name);
      }
    },
    unfinishedName,
    close: folders.close,
  };
}

interface OpenFolder {
  /** What names it while it is open, with a slash at its end. */
  path: string;
  close(): void;
}

interface Folders {
  /**
   * @param path empty or ending with `/`
   * @returns what names it until the next call, with a slash at its end; undefined where it is not there
   */
  open(path: string, isToBeMade: boolean): string | undefined;
  close(): void;
}

/** Linux leads through an open folder by a name of its own: what somebody puts into its place meanwhile is passed by. */
function createFolders(root: string): Folders {
  const hasDescriptors = process.platform === 'linux' && existsSync('/proc/self/fd');
  const open = new Map<string, OpenFolder>();
  const top = enter(root);
  /** A folder that was not there: what is in it need not be looked for. */
  let missing: string | undefined;

  /** @throws Failure where it is no folder; the system's error */
  function enter(place: string): OpenFolder {
    if (!hasDescriptors) {
      const look = lookAt(place);
      if (look.kind === 'nothing') throw Object.assign(new Error(place), { code: 'ENOENT' });
      if (look.kind !== 'folder') throw inTheWay(look);
      return { path: place.endsWith(sep) ? place : place + sep, close() {} };
    }
    try {
      const descriptor = openSync(place, AS_FOLDER);
      return { path: `/proc/self/fd/${descriptor}/`, close: () => closeSync(descriptor) };
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException;
      throw code === 'ENOTDIR' || code === 'ELOOP' ? inTheWay(lookAt(place)) : error;
    }
  }

  function keep(path: string, folder: OpenFolder): void {
    open.set(path, folder);
    const [oldest] = open.keys();
    if (open.size <= MOST_OPEN || oldest === undefined) return;
    open.get(oldest)?.close();
    open.delete(oldest);
  }

  function walk(path: string, isToBeMade: boolean): string | undefined {
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
      mkdirSync(place);
      return enter(place);
    }
  }

  return {
    open(path, isToBeMade) {
      const known = open.get(path);
      if (known) return known.path;
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

function inTheWay(look: Look): Failure {
  return new Failure('local', { code: look.kind === 'link' ? 'SymlinkInTheWay' : 'FileInTheWay' });
}

function lookAt(place: string): Look {
  const stats = lstatSync(place, { throwIfNoEntry: false });
  if (!stats) return { kind: 'nothing' };
  if (stats.isSymbolicLink()) return { kind: 'link' };
  if (stats.isDirectory()) return { kind: 'folder' };
  return stats.isFile()
    ? { kind: 'file', size: stats.size, mtime: stats.mtimeMs, ctime: stats.ctimeMs }
    : { kind: 'other' };
}

function isSameLook(a: Look, b: Look): boolean {
  if (a.kind !== 'file' || b.kind !== 'file') return a.kind === b.kind;
  return a.size === b.size && a.mtime === b.mtime;
}

const CREATE = constants.O_RDWR | constants.O_CREAT | constants.O_EXCL | NO_FOLLOW;

/** Makes a file that was not there; permissions are the umask's. */
function createNew(file: string): number {
  try {
    return openSync(file, CREATE, NEW_FILE);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    // What a killed run left: nobody else knows the token.
    unlinkSync(file);
    return openSync(file, CREATE, NEW_FILE);
  }
}

/** What an earlier run began may have been of a longer object. */
function reopenOrCreate(file: string, size: number): { descriptor: number; isResumed: boolean } {
  try {
    const descriptor = openSync(file, constants.O_RDWR | NO_FOLLOW);
    const stats = fstatSync(descriptor);
    if (stats.isFile()) {
      if (stats.size > size) ftruncateSync(descriptor, size);
      return { descriptor, isResumed: true };
    }
    closeSync(descriptor);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT')
      return { descriptor: createNew(file), isResumed: false };
  }
  return { descriptor: createNew(file), isResumed: false };
}

function setTime(descriptor: number, mtime: number): void {
  futimesSync(descriptor, Date.now() / 1000, mtime / 1000);
}

function remove(file: string): void {
  rmSync(file, { force: true });
}

function guarded<T>(work: () => T): T {
  try {
    return work();
  } catch (error) {
    if (error instanceof Failure) throw error;
    // The system's sentence names what led there, and not the path.
    throw new Failure('local', { code: localFailure(error).code, cause: error });
  }
}

function freeSpaceOf(root: string): number | undefined {
  try {
    const { bavail, bsize, blocks } = statfsSync(root);
    return blocks === 0 ? undefined : bavail * bsize;
  } catch {
    return undefined;
  }
}

/** A folder that a restore would make: nothing is there yet. */
export function missingPlace(root: string): Place {
  const never = () => {
    throw new Failure('local', { code: 'ENOENT' });
  };
  return {
    root,
    ignoresCase: IGNORES_CASE,
    freeSpace: () => undefined,
    look: () => ({ kind: 'nothing' }),
    makeFolder: never,
    writeWhole: never,
    openUnfinished: never,
    sweep: never,
    unfinishedName: never,
    close() {},
  };
}

/** Whether the folder takes two spellings for one name; also finds out whether it can be written at all. */
function ignoresCase(root: string, token: string): boolean {
  // Named as an unfinished file is: where this is killed, the next restore removes it.
  const name = `${UNFINISHED}${token}-${'a'.repeat(16)}`;
  const probe = `${root}${sep}${name}`;
  try {
    closeSync(createNew(probe));
    return existsSync(`${root}${sep}${name.toUpperCase()}`);
  } finally {
    remove(probe);
  }
}
