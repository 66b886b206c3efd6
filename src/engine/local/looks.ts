import {
  type Dirent,
  lstat,
  lstatSync,
  readdir,
  readdirSync,
  readlink,
  readlinkSync,
  realpath,
  realpathSync,
  type Stats,
  stat,
  statSync,
} from 'node:fs';
import { promisify } from 'node:util';

/**
 * What the scan asks the file system. Each answers with what it is asked for, or with a promise of it.
 * All throw the file system's error.
 */
export interface Looks {
  list(folder: string): Dirent[] | Promise<Dirent[]>;
  /** Names as the bytes that they are. */
  listRaw(folder: string): Buffer[] | Promise<Buffer[]>;
  /** Follows links. */
  stat(path: string): Stats | Promise<Stats>;
  lstat(path: string | Buffer): Stats | Promise<Stats>;
  readlink(path: string): string | Promise<string>;
  realpath(path: string): string | Promise<string>;
}

/** Looks that hold up their thread: several times faster where the system remembers the answer. */
export const immediateLooks: Looks = {
  list: folder => readdirSync(folder, { withFileTypes: true }),
  listRaw: folder => readdirSync(folder, { encoding: 'buffer' }),
  stat: path => statSync(path),
  lstat: path => lstatSync(path),
  readlink: path => readlinkSync(path),
  realpath: path => realpathSync.native(path),
};

/** Looks that wait in Node's pool of threads: as many at a time as it has, and none holds up this one. */
export const pooledLooks: Looks = {
  list: folder => listInPool(folder, { withFileTypes: true }),
  listRaw: folder => listInPool(folder, { encoding: 'buffer' }) as Promise<Buffer[]>,
  stat: promisify(stat) as (path: string) => Promise<Stats>,
  lstat: promisify(lstat) as (path: string | Buffer) => Promise<Stats>,
  readlink: promisify(readlink) as (path: string) => Promise<string>,
  realpath: promisify(realpath.native) as (path: string) => Promise<string>,
};

const listInPool = promisify(readdir) as unknown as {
  (folder: string, options: { withFileTypes: true }): Promise<Dirent[]>;
  (folder: string, options: { encoding: 'buffer' }): Promise<Buffer[]>;
};
