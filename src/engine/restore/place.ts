import {
  closeSync,
  constants,
  existsSync,
  fstatSync,
  ftruncateSync,
  futimesSync,
  lstatSync,
  openSync,
  readdirSync,
  realpathSync,
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
import { createFolders, lookAt } from './open-folders.ts';
import { isSameTime, type Look } from './plan.ts';
import { putInPlace, requireOwnSpelling } from './put-in-place.ts';

const NEW_FILE = 0o666;
/** bytes; what stat counts in, whatever the file system's own blocks are */
const BLOCK = 512;
const NO_FOLLOW = constants.O_NOFOLLOW ?? 0;

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
  /** Whether times are kept to the millisecond. */
  keepsFractions: boolean;
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
  /** Bytes of the disk that a path's unfinished file takes already. */
  unfinishedBytes(path: string): number;
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

  const { ignoresCase, keepsFractions } = token === undefined ? UNKNOWN : find(root, token);

  const folderOf = (path: string) => path.slice(0, path.lastIndexOf('/') + 1);
  const nameOf = (path: string) => path.slice(path.lastIndexOf('/') + 1);
  const unfinishedName = (path: string) =>
    `${UNFINISHED}${token}-${md5Of(Buffer.from(nameOf(path))).slice(0, 16)}`;

  /** Names the folder that holds a place, with a slash at its end; it is made where it is not there. */
  function holder(path: string): string {
    const open = folders.open(folderOf(path), true);
    if (open === undefined) throw new Failure('local', { code: 'ENOENT' });
    return open;
  }

  function rename(folderPath: string, path: string, unfinished: string, seen: Look): FileState {
    const name = nameOf(path);
    const place = folderPath + name;
    if (seen.kind === 'file' && !ignoresCase) requireOwnSpelling(folderPath, name);
    putInPlace(folderPath + unfinished, place, seen);
    return stateOf(lstatSync(place, EXACT));
  }

  return {
    root,
    ignoresCase,
    keepsFractions,
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
        const folderPath = holder(path);
        const descriptor = createNew(folderPath + name);
        try {
          try {
            for (let done = 0; done < bytes.length; ) done += writeSync(descriptor, bytes, done);
            setTime(descriptor, mtime);
          } finally {
            closeSync(descriptor);
          }
          return rename(folderPath, path, name, seen);
        } catch (error) {
          unlessInTheWay(() => remove(folderPath + name));
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
              return rename(holder(path), path, name, seen);
            }),
          abandon(isKept) {
            close();
            if (!isKept) unlessInTheWay(() => remove(holder(path) + name));
          },
        };
      }),
    sweep(folder, isKept) {
      unlessInTheWay(() => {
        const folderPath = folders.open(folder, false);
        if (folderPath === undefined) return;
        for (const name of readdirSync(folderPath)) {
          if (name.startsWith(`${UNFINISHED}${token}-`) && !isKept(name)) remove(folderPath + name);
        }
      });
    },
    unfinishedName,
    unfinishedBytes(path) {
      const folderPath = folders.open(folderOf(path), false);
      if (folderPath === undefined) return 0;
      const stats = lstatSync(folderPath + unfinishedName(path), { throwIfNoEntry: false });
      return stats?.isFile() ? stats.blocks * BLOCK : 0;
    },
    close: folders.close,
  };
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
    // What was killed just before it lost its old name is somebody's file by now.
    if (stats.isFile() && stats.nlink === 1) {
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

/** @param mtime ms since 1970; NaN leaves the present time */
function setTime(descriptor: number, mtime: number): void {
  if (Number.isNaN(mtime)) return;
  // Node takes a number below 0 for the present time, and a Date for what it says, to the millisecond.
  futimesSync(descriptor, new Date(), mtime < 0 ? new Date(mtime) : mtime / 1000);
}

function remove(file: string): void {
  rmSync(file, { force: true });
}

/** Tidies up; where somebody has put something else into a folder's place, what was in it is out of reach. */
function unlessInTheWay(work: () => void): void {
  try {
    work();
  } catch {
    // What is to be told was told of the file itself.
  }
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
    ...UNKNOWN,
    freeSpace: () => undefined,
    look: () => ({ kind: 'nothing' }),
    makeFolder: never,
    writeWhole: never,
    openUnfinished: never,
    sweep: never,
    unfinishedName: never,
    unfinishedBytes: () => 0,
    close() {},
  };
}

type Traits = Pick<Place, 'ignoresCase' | 'keepsFractions'>;

/** Of a folder that is not to be written to. */
const UNKNOWN: Traits = { ignoresCase: IGNORES_CASE, keepsFractions: true };
/** A time in ms that only comes back from who keeps milliseconds. */
const FRACTIONAL = 1_000_000_001_127;

/** What the folder takes for the same name and time; also finds out whether it can be written at all. */
function find(root: string, token: string): Traits {
  // Named as an unfinished file is: where this is killed, the next restore removes it.
  const name = `${UNFINISHED}${token}-${'a'.repeat(16)}`;
  const probe = `${root}${sep}${name}`;
  try {
    const descriptor = createNew(probe);
    try {
      setTime(descriptor, FRACTIONAL);
    } finally {
      closeSync(descriptor);
    }
    return {
      ignoresCase: existsSync(`${root}${sep}${name.toUpperCase()}`),
      keepsFractions: isSameTime(lstatSync(probe).mtimeMs, FRACTIONAL, true),
    };
  } finally {
    remove(probe);
  }
}
