import { type FSWatcher, watch } from 'node:fs';
import type { Filter } from '../local/filter.ts';
import { isFolder } from '../local/local-path.ts';
import { folderOf, type Part, partOf } from '../local/part.ts';
import type { FolderFollower } from '../local/read-ahead.ts';
import type { Folder } from '../local/read-folder.ts';
import { countBursts } from './bursts.ts';
import { createGround } from './ground.ts';
import { identityOf } from './identity.ts';
import { followLinkedFiles } from './linked-files.ts';
import { createUntold } from './untold.ts';

/** Why everything is to be looked at. */
export type Doubt = 'overflow' | 'watchFailed' | 'rootReplaced' | 'mounted';

export interface WatcherOptions {
  localPath: string;
  filter: Filter;
  /** Files that the program itself writes after a run: absolute. */
  ignored: readonly string[];
  /** One watch tells of all that is below a folder. */
  isRecursive: boolean;
  onChange(folder: string): void;
  onDoubt(doubt: Doubt): void;
}

/** How much of the folder is watched. */
export interface Coverage {
  /** Folders that are. */
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
  /** Looks for what no event tells; to be called now and then. */
  lookAround(): void;
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
  state: 'watched' | 'missing' | 'untold';
}

/** Errors that say that the system has no more watches to give. */
const TOO_FEW = new Set(['ENOSPC', 'EMFILE', 'ENFILE', 'ENOMEM']);
/** Errors of a folder that is gone, or that nobody may read: the scan says so. */
const UNREADABLE = new Set(['ENOENT', 'ENOTDIR', 'EACCES', 'EPERM', 'ELOOP']);
/** What is no folder of this machine is not looked at: a drive that is dead would hold up everything. */
const ELSEWHERE = 'elsewhere';

export function createWatcher(options: WatcherOptions): Watcher {
  const { localPath, filter, isRecursive, onChange, onDoubt } = options;
  const base = localPath.endsWith('/') ? localPath : `${localPath}/`;
  const known = new Map<string, Known>();
  /** Folders that are another by now, or away: forgotten when the next scan begins. */
  const replaced = new Set<string>();
  const unread = new Set<string>();
  const ground = createGround(localPath);
  const untold = createUntold(ground);
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
    else if (name === '') onOwnEvent(folder, type);
    else onEventOf(folder, type, name);
  }

  function onEventOf(folder: string, type: string, name: string): void {
    const path = folder + name;
    if (options.ignored.some(file => isOf(file, base + path))) return;
    if (known.has(`${path}/`)) {
      if (type === 'change' || isSame(`${path}/`)) return;
      replaced.add(`${path}/`);
    } else if (isLeftOut(path)) return;
    onChange(folder);
  }

  /** A watch tells of no more than that it was moved or deleted: then another may be there that looks the same. */
  function onOwnEvent(folder: string, type: string): void {
    if (type === 'change' && isSame(folder)) return;
    if (folder === '') {
      replaced.add('');
      onDoubt('rootReplaced');
    } else leave(folder);
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
    const identity = known.get(path)?.identity;
    return identity !== ELSEWHERE && identity === identityOf(base + path);
  }

  /** One watch tells of all that is below the folder, by paths. */
  function onEventBelow(type: string, name: string | null): void {
    const path = (name ?? '').replaceAll('\\', '/');
    let folder = folderOf(path);
    while (folder !== '' && !known.has(folder)) folder = folderOf(folder);
    const inner = path.slice(folder.length);
    const slash = inner.indexOf('/');
    const first = slash < 0 ? inner : inner.slice(0, slash);
    onEvent(folder, type, name === null ? null : first);
  }

  function open({ path, absolute }: Folder): FSWatcher | undefined {
    if (isRecursive && path !== '') return undefined;
    // Without the slash the names of its own events could be those of a file in it.
    const handle = isRecursive
      ? watch(absolute, { recursive: true }, onEventBelow)
      : watch(absolute, (type, name) => onEvent(path, type, name));
    return handle.on('error', () => {
      if (known.get(path)?.handle !== handle) return;
      replaced.add(path);
      onDoubt('watchFailed');
    });
  }

  function learn(folder: Folder, identity: string): void {
    const { path, absolute } = folder;
    const one: Known = { since: scan, seen: scan, identity, handle: undefined, state: 'watched' };
    try {
      if (identity === ELSEWHERE || untold.isOn(identity, path, absolute)) one.state = 'untold';
      else if (hasTooFew) one.state = 'missing';
      else one.handle = open(folder);
    } catch (error) {
      const { code = '' } = error as NodeJS.ErrnoException;
      if (UNREADABLE.has(code)) return;
      hasTooFew ||= TOO_FEW.has(code);
      one.state = hasTooFew ? 'missing' : 'untold';
      if (!hasTooFew) untold.add(path, absolute);
    }
    known.set(path, one);
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
      if (path === '' && isFull) {
        ground.learn();
        untold.begin();
      }
      const identity = untold.holds(path, absolute) ? ELSEWHERE : identityOf(absolute);
      const before = known.get(path);
      if (before && before.identity === identity && before.state === 'watched') {
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
    beginFull: () => begin(true),
    beginPart(folders) {
      begin(false);
      untold.lookAround();
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
      const count = (state: Known['state']) =>
        [...known.values()].reduce((sum, one) => sum + (one.state === state ? 1 : 0), 0);
      covered = { folders: count('watched'), missing: count('missing'), untold: untold.places() };
    },
    lookAround() {
      if (!known.get('')?.handle) return;
      const doubt = ground.lookAround();
      if (doubt) onDoubt(doubt);
    },
    linked: followLinkedFiles(onChange),
    coverage: () => covered,
    close() {
      for (const path of known.keys()) forget(path);
      burst.stop();
    },
  };
}

/** Whether a path is that of a file, or of what takes its place when it is whole. */
function isOf(file: string, path: string): boolean {
  return path.startsWith(file) && /^(\.\d+\.tmp)?$/.test(path.slice(file.length));
}

/** Whether a folder is one of some, or lies in one. */
function isIn(path: string, folders: ReadonlySet<string>): boolean {
  for (let inner = path; inner !== ''; inner = folderOf(inner)) if (folders.has(inner)) return true;
  return false;
}
