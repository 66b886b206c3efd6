import {
  type Dirent,
  lstatSync,
  readdirSync,
  readlinkSync,
  realpathSync,
  type Stats,
  statSync,
} from 'node:fs';
import { sep } from 'node:path';
import { setImmediate as letOthersRun } from 'node:timers/promises';
import { Failure, localFailure } from '../../failure.ts';
import type { Filter } from './filter.ts';

/**
 * What the scan met. A folder's path ends with `/`.
 * - `unreadable`: it, or what is in it, could not be seen; nothing is known about it
 * - `skipped`: it is there, but is nothing that can be synced
 * - `own`: it is the program's own by another name; nothing below it takes part
 */
export interface ScannedEntry {
  kind: 'file' | 'folder' | 'unreadable' | 'skipped' | 'own';
  path: string;
  /** bytes; NaN where it could not be found out */
  size: number;
  /** ms since 1970, with the fraction that the file system keeps */
  mtime: number;
  /** ms since 1970 */
  ctime: number;
  /** The number of the device that a folder is on; NaN where it could not be looked at, and for all else. */
  device: number;
  failure: Failure | undefined;
}

export interface ScanOptions {
  root: string;
  filter: Filter;
  symlinks: 'follow' | 'skip';
  signal: AbortSignal;
}

const BATCH = 1_000;

/**
 * Walks a folder and hands out its entries in batches, ascending by path. File system calls are the
 * synchronous ones, which are several times faster here; between batches other work gets its turn.
 * @throws the file system's error where root itself cannot be read; the signal's reason when aborted
 */
export async function* scan(options: ScanOptions): AsyncGenerator<ScannedEntry[]> {
  const walk = startWalk(options);
  for (;;) {
    const batch = walk();
    yield batch;
    if (batch.length < BATCH) return;
    await letOthersRun();
    options.signal.throwIfAborted();
  }
}

interface OpenFolder {
  /** With root, for the file system's calls; ends with `/`. */
  absolute: string;
  /** Relative to root; empty or ending with `/`. */
  path: string;
  /** Names in order; a folder's ends with `/`. */
  names: string[];
  next: number;
  /** What is no ordinary file or folder, by name. */
  entries: ReadonlyMap<string, ScannedEntry>;
  /** Names (ending with `/`) of links to folders. */
  links: ReadonlySet<string>;
  /** Reached through a link: only such folders can be a loop. */
  isLinked: boolean;
  device: number;
  /** device:inode, once it was asked for. */
  identity: string;
}

const SLASH = '/'.charCodeAt(0);

/** Answers a function that answers the next BATCH entries, fewer at the end. */
function startWalk(options: ScanOptions): () => ScannedEntry[] {
  const { root, filter } = options;
  const base = root.endsWith('/') || root.endsWith(sep) ? root : `${root}/`;
  const stack = [openFolder(options, base, '', false)];

  function walkFile(folder: OpenFolder, name: string, batch: ScannedEntry[]): void {
    const absolute = folder.absolute + name;
    const path = absolute.slice(base.length);
    if (filter.excludes(path)) return;
    const found = folder.entries.get(name) ?? fileEntry(filter, absolute, path);
    if (found) batch.push(found);
  }

  function walkFolder(folder: OpenFolder, name: string, batch: ScannedEntry[]): void {
    const path = folder.path + name;
    if (filter.excludesFolder(path)) return;
    const inner = enter(options, folder, name, stack);
    if (inner === undefined) return;
    if (!('kind' in inner)) stack.push(inner);
    const device = 'kind' in inner ? Number.NaN : inner.device;
    if (!('kind' in inner && inner.kind === 'own')) batch.push({ ...entry('folder', path), device });
    if ('kind' in inner) batch.push(inner);
  }

  return () => {
    const batch: ScannedEntry[] = [];
    while (batch.length < BATCH) {
      const folder = stack.at(-1);
      if (folder === undefined) break;
      const name = folder.names[folder.next++];
      if (name === undefined) stack.pop();
      else if (name.charCodeAt(name.length - 1) === SLASH) walkFolder(folder, name, batch);
      else walkFile(folder, name, batch);
    }
    return batch;
  };
}

/** A sub-folder, or why it cannot be walked; undefined where it is gone since it was listed. */
function enter(
  options: ScanOptions,
  parent: OpenFolder,
  name: string,
  above: readonly OpenFolder[],
): OpenFolder | ScannedEntry | undefined {
  const path = parent.path + name;
  try {
    const isLinked = parent.isLinked || parent.links.has(name);
    const absolute = parent.absolute + name;
    const { dev, ino } = statSync(absolute);
    if (options.filter.isOwn(absolute, ino)) return entry('own', path);
    const folder = { ...openFolder(options, absolute, path, isLinked), device: dev };
    if (isLinked && above.some(outer => identityOf(outer) === identityOf(folder))) {
      return entry('skipped', path, new Failure('local', { code: 'SymlinkLoop' }));
    }
    return folder;
  } catch (error) {
    const failure = localFailure(error);
    return isGone(failure) ? undefined : entry('unreadable', path, failure);
  }
}

/** Also where a folder above is a file by now. */
function isGone({ code }: Failure): boolean {
  return code === 'ENOENT' || code === 'ENOTDIR';
}

function identityOf(folder: OpenFolder): string {
  if (folder.identity === '') {
    const { dev, ino } = statSync(folder.absolute);
    folder.identity = ino === 0 ? realpathSync(folder.absolute) : `${dev}:${ino}`;
  }
  return folder.identity;
}

function openFolder(options: ScanOptions, absolute: string, path: string, isLinked: boolean): OpenFolder {
  const entries = new Map<string, ScannedEntry>();
  const links = new Set<string>();
  const names: string[] = [];
  const misnamed = misnamedIn(absolute);
  for (const dirent of readdirSync(absolute, { withFileTypes: true })) {
    const { name } = dirent;
    const isMisnamed = name.includes('\ufffd') && misnamed().has(name);
    if (isMisnamed) {
      const failure = new Failure('local', { code: 'InvalidUtf8Name' });
      entries.set(name, { ...entry('unreadable', path + name, failure), size: misnamed().get(name) ?? NaN });
      names.push(name);
    } else if (dirent.isFile()) names.push(name);
    else if (dirent.isDirectory()) names.push(`${name}/`);
    else names.push(special(options, absolute, path, dirent, entries, links));
  }
  names.sort();
  return { absolute, path, names, next: 0, entries, links, isLinked, device: Number.NaN, identity: '' };
}

/** Links, pipes, sockets and devices: notes what they are and answers the name to walk on with. */
function special(
  { symlinks, filter }: ScanOptions,
  folder: string,
  path: string,
  dirent: Dirent,
  entries: Map<string, ScannedEntry>,
  links: Set<string>,
): string {
  const { name } = dirent;
  const full = path + name;
  const set = (kind: ScannedEntry['kind'], code: string) =>
    entries.set(name, entry(kind, full, new Failure('local', { code })));
  if (dirent.isSymbolicLink()) {
    if (symlinks === 'skip') {
      set('skipped', 'SymlinkSkipped');
      return name;
    }
    const found = linkTarget(filter, folder + name, full, name, entries);
    if (found !== name) links.add(found);
    return found;
  }
  // Some file systems do not tell the kind in a listing.
  const stats = lstatSync(folder + name, { throwIfNoEntry: false });
  if (stats?.isDirectory()) return `${name}/`;
  if (stats && !stats.isFile()) set('skipped', 'NotAFile');
  return name;
}

function linkTarget(
  filter: Filter,
  absolute: string,
  full: string,
  name: string,
  entries: Map<string, ScannedEntry>,
): string {
  try {
    const target = statSync(absolute);
    if (target.isDirectory()) return `${name}/`;
    entries.set(
      name,
      target.isFile()
        ? entryOf(filter, absolute, full, target)
        : entry('skipped', full, new Failure('local', { code: 'NotAFile' })),
    );
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    const isLoop = code === 'ELOOP';
    const isDangling = code === 'ENOENT' || code === 'ENOTDIR';
    const failure = new Failure('local', {
      code: isLoop ? 'SymlinkLoop' : isDangling ? 'DanglingSymlink' : (code ?? 'LocalError'),
      message: isDangling ? readlinkSync(absolute) : message,
    });
    entries.set(name, entry(isLoop ? 'skipped' : 'unreadable', full, failure));
  }
  return name;
}

/**
 * Names that are not valid UTF-8, as they are decoded, each with its file's size in bytes: NaN for a folder,
 * and where several are decoded alike. Tells them from names that really hold U+FFFD.
 */
function misnamedIn(folder: string): () => ReadonlyMap<string, number> {
  let sizes: Map<string, number> | undefined;
  return () => {
    if (sizes) return sizes;
    sizes = new Map();
    for (const raw of readdirSync(folder, { encoding: 'buffer' })) {
      const name = raw.toString();
      if (Buffer.from(name).equals(raw)) continue;
      const stats = lstatSync(Buffer.concat([Buffer.from(folder), raw]), { throwIfNoEntry: false });
      sizes.set(name, stats?.isFile() && !sizes.has(name) ? stats.size : Number.NaN);
    }
    return sizes;
  };
}

/** A file; undefined where it is gone since its folder was listed. */
function fileEntry(filter: Filter, absolute: string, path: string): ScannedEntry | undefined {
  try {
    const stats = lstatSync(absolute);
    return stats.isFile()
      ? entryOf(filter, absolute, path, stats)
      : entry('skipped', path, new Failure('local', { code: 'NotAFile' }));
  } catch (error) {
    const failure = localFailure(error);
    return isGone(failure) ? undefined : entry('unreadable', path, failure);
  }
}

function entryOf(filter: Filter, absolute: string, path: string, stats: Stats): ScannedEntry {
  if (filter.isOwn(absolute, stats.ino)) return entry('own', path);
  return {
    kind: 'file',
    path,
    size: stats.size,
    mtime: stats.mtimeMs,
    ctime: stats.ctimeMs,
    device: Number.NaN,
    failure: undefined,
  };
}

const NO_STATE = { size: Number.NaN, mtime: Number.NaN, ctime: Number.NaN, device: Number.NaN };

function entry(kind: ScannedEntry['kind'], path: string, failure?: Failure): ScannedEntry {
  return { kind, path, ...NO_STATE, failure };
}
