import { type FSWatcher, readFileSync, statSync, watch } from 'node:fs';
import type { Filter } from '../local/filter.ts';
import { isFolder } from '../local/local-path.ts';
import { isOnThisMachine } from '../local/local-types.ts';
import { folderOf, type Part, partOf } from '../local/part.ts';
import type { FolderFollower } from '../local/read-ahead.ts';
import type { Folder } from '../local/read-folder.ts';

import { followLinkedFiles } from './linked-files.ts';

/** Why everything is to be looked at. */
export type Doubt = 'overflow' | 'watchFailed' | 'rootReplaced';

export interface WatcherOptions {
  localPath: string;
  filter: Filter;
  /** Files that the program itself writes after a run: absolute. */
  ignored: readonly string[];
  onChange(folder: string): void;
  onDoubt(doubt: Doubt): void;
}

/** How much of the folder is watched. */
export interface Coverage {
  folders: number;
  /** Folders of which the system would not tell, for lack of watches. */
  missing: number;
  /** Absolute paths of places on file systems of which changes are not all told. */
  untold: readonly string[];
}

/**
 * Watches the folders that scans come across. What it tells are hints: where something happened, never what.
 * A scan is begun and ended here, so that a folder is watched before it is read.
 */
export interface Watcher extends FolderFollower {
  beginFull(): void;
  /** The part that a run looks at for these folders. */
  beginPart(folders: readonly string[]): Part;
  /** @param isThrough whether all was scanned and done */
  end(isThrough: boolean): void;
  coverage(): Coverage;
  close(): void;
}

interface Known {
  /** The scan in which it was first read, and the last one. */
  since: number;
  seen: number;
  /** Tells it from another folder in its place. */
  identity: string;
  handle: FSWatcher | undefined;
  isMissing: boolean;
}

const IS_RECURSIVE = process.platform === 'win32';
/** Errors that say that the system has no more watches to give. */
const TOO_FEW = new Set(['ENOSPC', 'EMFILE', 'ENFILE', 'ENOMEM']);

export function createWatcher(options: WatcherOptions): Watcher {
  const { localPath, filter, onChange, onDoubt } = options;
  const base = localPath.endsWith('/') ? localPath : `${localPath}/`;
  const known = new Map<string, Known>();
  /** Folders that are another by now, or away: forgotten when the next scan begins. */
  const replaced = new Set<string>();
  const unread = new Set<string>();
  const untold = new Map<string, string>();
  const burst = countBursts(() => onDoubt('overflow'));
  let covered: Coverage = { folders: 0, missing: 0, untold: [] };
  let scan = 0;
  let isFull = true;
  let hasTooFew = false;

  function onEvent(folder: string, type: string, name: string | null): void {
    burst.count();
    if (!known.has(folder)) return;
    // Linux tells what happens to the watched folder itself with an empty name.
    if (name === null) onDoubt('overflow');
    else if (name === '') onOwnEvent(folder);
    else onEventOf(folder, type, name);
  }

  function onEventOf(folder: string, type: string, name: string): void {
    const path = folder + name;
    if (options.ignored.some(file => (base + path).startsWith(file))) return;
    if (known.has(`${path}/`)) {
      if (type === 'change' || isSame(`${path}/`)) return;
      replaced.add(`${path}/`);
    } else if (isLeftOut(path)) return;
    onChange(folder);
  }

  function onOwnEvent(folder: string): void {
    if (isSame(folder)) return;
    if (folder === '') onDoubt('rootReplaced');
    else leave(folder);
  }

  /** It is another by now, or away. */
  function leave(folder: string): void {
    replaced.add(folder);
    onChange(folderOf(folder));
  }

  /** Where a pattern tells folders from files, the system says which it is; what is gone may be either. */
  function isLeftOut(path: string): boolean {
    const asFile = filter.excludes(path);
    const asFolder = filter.excludesFolder(`${path}/`);
    return asFile !== asFolder && isFolder(base + path) ? asFolder : asFile;
  }

  function isSame(path: string): boolean {
    return known.get(path)?.identity === identityOf(base + path);
  }

  /** One watch tells of all that is below the folder, by paths. */
  function onEventBelow(type: string, name: string | null): void {
    if (name === null) {
      onEvent('', type, name);
      return;
    }
    const path = name.replaceAll('\\', '/');
    let folder = folderOf(path);
    while (!known.has(folder)) folder = folderOf(folder);
    const inner = path.slice(folder.length);
    const slash = inner.indexOf('/');
    onEvent(folder, type, slash < 0 ? inner : inner.slice(0, slash));
  }

  function open({ path, absolute }: Folder): FSWatcher | undefined {
    if (IS_RECURSIVE && path !== '') return undefined;
    // Without the slash the names of its own events could be those of a file in it.
    const handle = IS_RECURSIVE
      ? watch(absolute, { recursive: true }, onEventBelow)
      : watch(absolute, (type, name) => onEvent(path, type, name));
    return handle.on('error', () => {
      if (known.get(path)?.handle !== handle) return;
      replaced.add(path);
      onDoubt('watchFailed');
    });
  }

  function learn(folder: Folder, identity: string): void {
    const one: Known = { since: scan, seen: scan, identity, handle: undefined, isMissing: false };
    const device = identity.slice(0, identity.indexOf(':'));
    try {
      if (!untold.has(device) && !tells(device, folder.absolute)) untold.set(device, folder.absolute);
      if (untold.has(device)) known.set(folder.path, one);
      else if (hasTooFew) known.set(folder.path, { ...one, isMissing: true });
      else known.set(folder.path, { ...one, handle: open(folder) });
    } catch (error) {
      hasTooFew = TOO_FEW.has((error as NodeJS.ErrnoException).code ?? '');
      if (hasTooFew) known.set(folder.path, { ...one, isMissing: true });
    }
  }

  const told = new Set<string>();
  function tells(device: string, place: string): boolean {
    if (told.has(device)) return true;
    const answer = isOnThisMachine(place);
    if (answer) told.add(device);
    return answer;
  }

  function forget(path: string): void {
    known.get(path)?.handle?.close();
    burst.count();
    known.delete(path);
  }

  function begin(full: boolean): void {
    scan++;
    isFull = full;
    hasTooFew = false;
    forgetReplaced();
  }

  function forgetReplaced(): void {
    if (replaced.size === 0) return;
    const isAll = replaced.has('');
    for (const path of known.keys()) if (isAll || isIn(path, replaced)) forget(path);
    replaced.clear();
  }

  return {
    reading(folder) {
      const { path, absolute } = folder;
      const identity = identityOf(absolute);
      const before = known.get(path);
      if (before && before.identity === identity && !before.isMissing) {
        before.seen = scan;
        return;
      }
      // A part must know to its end what it knew at its beginning.
      if (before && !isFull) return;
      if (before) forget(path);
      if (identity !== undefined) learn(folder, identity);
    },
    unread: path => void unread.add(path),
    away(path) {
      if ((known.get(path)?.since ?? scan) === scan) unread.add(path);
      else leave(path);
    },
    beginFull() {
      untold.clear();
      begin(true);
    },
    beginPart(folders) {
      begin(false);
      const nearest = (folder: string) => {
        let inner = folder;
        while (inner !== '' && !known.has(inner)) inner = folderOf(inner);
        return inner;
      };
      const first = scan;
      return partOf(
        folders.map(nearest),
        folder => folder === '' || (known.get(folder)?.since ?? first) < first,
      );
    },
    end(isThrough) {
      for (const path of unread) if (path !== '') forget(path);
      unread.clear();
      for (const [path, { since, seen }] of known) {
        const isGone = isFull && isThrough && seen !== scan;
        const isUndone = !isFull && !isThrough && since === scan;
        if (isGone || isUndone) forget(path);
      }
      const missing = [...known.values()].filter(({ isMissing }) => isMissing).length;
      covered = { folders: known.size, missing, untold: [...untold.values()] };
    },
    linked: followLinkedFiles(onChange),
    coverage: () => covered,
    close() {
      for (const path of known.keys()) forget(path);
      burst.stop();
    },
  };
}

/** Whether a folder is one of some, or lies in one. */
function isIn(path: string, folders: ReadonlySet<string>): boolean {
  for (let inner = path; inner !== ''; inner = folderOf(inner)) if (folders.has(inner)) return true;
  return false;
}

/** The device's number, and what tells a folder from all others that are or were on it; undefined where it is gone. */
function identityOf(folder: string): string | undefined {
  try {
    const { dev, ino, birthtimeNs } = statSync(folder, { bigint: true });
    return `${dev}:${ino}:${birthtimeNs}`;
  } catch {
    return undefined;
  }
}

/**
 * The kernel drops events when nobody fetched them in time, and Node does not pass on that it did. Then so many
 * were waiting that they are fetched without a pause. Some of those are not passed on, so half of them are enough.
 * Source: inotify(7), max_queued_events.
 */
function countBursts(onOverflow: () => void): { count(): void; stop(): void } {
  const most = queueLength() / 2;
  let counted = 0;
  let end: NodeJS.Immediate | undefined;
  return {
    stop: () => clearImmediate(end),
    count() {
      counted++;
      end ??= setImmediate(() => {
        if (counted >= most) onOverflow();
        counted = 0;
        end = undefined;
      });
    },
  };
}

function queueLength(): number {
  try {
    return Number(readFileSync('/proc/sys/fs/inotify/max_queued_events', 'utf8')) || Number.POSITIVE_INFINITY;
  } catch {
    return Number.POSITIVE_INFINITY;
  }
}
