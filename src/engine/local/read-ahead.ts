import TinyQueue from 'tinyqueue';
import type { Shard } from '../../config/shard.ts';
import { Failure, localFailure } from '../../failure.ts';
import { inTime } from '../../in-time.ts';
import { createFolderReader, type ReaderOptions } from './folder-reader.ts';
import { pooledLooks } from './looks.ts';
import type { Part } from './part.ts';
import { type Facts, type Folder, isFolderName, isGone, type Listing, type Piece } from './read-folder.ts';
import { isElsewhere } from './shard.ts';

/** Names that are read and not yet handed out: beyond these only what is waited for is read. */
const MOST_NAMES_AHEAD = 100_000;

/** What is in a folder, or why that cannot be told. */
export type Outcome = { listing: Listing } | { failure: Failure };

/** A folder of the tree, from when it is known to when it was handed out. */
export interface FolderAhead extends Folder {
  /** The folder it is in. */
  parent: FolderAhead | undefined;
  /** Reached through a link: only such folders can be a loop. */
  isLinked: boolean;
  /** Not read, only on the way to others. */
  isPassed: boolean;
  /** Folders in it that were begun with, by name. */
  children: Map<string, FolderAhead>;
  /** Undefined where it is still being read. */
  outcome: Outcome | undefined;
  /** Fulfilled once there is an outcome. */
  read: Promise<void>;
}

/** Is told of folders that are read, so that no change after that goes unnoticed. */
export interface FolderFollower {
  /** It is read next. */
  reading(folder: Folder): void;
  /** It could not be, or what is in it takes no part. */
  unread(path: string): void;
  /** It is not there any more. */
  away(path: string): void;
  /** A file was met that has other names, too. */
  linked(file: { path: string; inode: number; size: number; mtime: number }): void;
}

export interface ReadAheadOptions extends ReaderOptions {
  signal: AbortSignal;
  /** Only this is read. */
  part?: Part | undefined;
  /** Files of other shards' folders are not looked at. */
  shard?: Shard | undefined;
  follower?: FolderFollower | undefined;
}

/** Reads folders ahead of whoever walks them, those first that are walked first. */
export interface ReadAhead {
  root: FolderAhead;
  /** A folder in another one that was read; it is begun with if it was not. */
  enter(parent: FolderAhead, name: string): FolderAhead;
  /** Looks at files of a folder that was read. */
  readPiece(folder: Folder, piece: Piece): Promise<Facts>;
  /** Says that a folder is walked and no longer needed. */
  leave(folder: FolderAhead): void;
  close(): void;
}

/** The folders in a folder that are still to be begun with; they come in the order of their paths. */
interface Branch {
  parent: FolderAhead;
  names: string[];
  next: number;
  path: string;
}

export function startReadAhead(base: string, options: ReadAheadOptions): ReadAhead {
  const branches = new TinyQueue<Branch>([], (a, b) => (a.path < b.path ? -1 : 1));
  const reader = createFolderReader(options, beginMore);
  const { part, shard, follower } = options;
  let namesAhead = 0;
  let reading = 0;

  function begin(parent: FolderAhead | undefined, name: string, isLinked: boolean): FolderAhead {
    const path = parent ? parent.path + name : '';
    const folder: FolderAhead = {
      absolute: (parent?.absolute ?? '') + name,
      path,
      isElsewhere: isElsewhere(shard, path),
      parent,
      isLinked,
      isPassed: false,
      children: new Map(),
      outcome: undefined,
      read: Promise.resolve(),
    };
    parent?.children.set(name, folder);
    const look = part?.look(folder.path) ?? 'read';
    if (look === 'keep') folder.outcome = { listing: listingOf([], '', Number.NaN) };
    else folder.read = look === 'pass' ? pass(folder) : read(folder);
    return folder;
  }

  function read(folder: FolderAhead): Promise<void> {
    follower?.reading(folder);
    reading++;
    return reader.read(folder).then(
      listing => found(folder, listing),
      error => {
        reading--;
        fail(folder, localFailure(error));
      },
    );
  }

  function fail(folder: FolderAhead, failure: Failure): void {
    folder.outcome = { failure };
    if (isGone(failure.code)) follower?.away(folder.path);
    else if (!folder.isPassed) follower?.unread(folder.path);
  }

  const answer = <Found>(look: Found | Promise<Found>) =>
    inTime(Promise.resolve(look), options.timeout, options.signal);

  /** Finds out that a folder is there, and which it is: a link below it may lead back to it. */
  async function pass(folder: FolderAhead): Promise<void> {
    folder.isPassed = true;
    try {
      const { dev, ino } = await answer(pooledLooks.stat(folder.absolute));
      const identity = ino === 0 ? await answer(pooledLooks.realpath(folder.absolute)) : `${dev}:${ino}`;
      const names = [...(part?.namesIn(folder.path) ?? [])];
      folder.outcome = { listing: listingOf(names, identity, dev) };
      namesAhead += names.length;
      push({ parent: folder, names, next: 0, path: '' });
    } catch (error) {
      fail(folder, localFailure(error));
    }
    beginMore();
  }

  function found(folder: FolderAhead, listing: Listing): void {
    reading--;
    if (folder.isLinked && isLoop(folder, listing.identity)) {
      fail(folder, new Failure('local', { code: 'SymlinkLoop' }));
      return;
    }
    if (listing.isOwn) follower?.unread(folder.path);
    namesAhead += listing.names.length;
    folder.outcome = { listing };
    const folders = listing.names.filter(isFolderName);
    push({ parent: folder, names: folders, next: 0, path: '' });
    beginMore();
  }

  function push(branch: Branch): void {
    const name = branch.names[branch.next];
    if (name !== undefined) branches.push({ ...branch, path: branch.parent.path + name });
  }

  function beginMore(): void {
    while (branches.length > 0 && reader.hasRoom() && (namesAhead < MOST_NAMES_AHEAD || reading === 0)) {
      const branch = branches.pop()!;
      const { parent, names, next } = branch;
      push({ ...branch, next: next + 1 });
      if (!parent.children.has(names[next]!)) enter(parent, names[next]!);
    }
  }

  function enter(parent: FolderAhead, name: string): FolderAhead {
    return (
      parent.children.get(name) ??
      begin(parent, name, part !== undefined || parent.isLinked || isLink(parent, name))
    );
  }

  return {
    root: begin(undefined, base, false),
    enter,
    leave(folder) {
      if (folder.outcome && 'listing' in folder.outcome) namesAhead -= folder.outcome.listing.names.length;
      folder.parent?.children.delete(folder.absolute.slice(folder.parent.absolute.length));
      beginMore();
    },
    readPiece: reader.readPiece,
    close: reader.close,
  };
}

function listingOf(names: string[], identity: string, device: number): Listing {
  return { identity, device, isOwn: false, names, odd: [], links: [], facts: undefined };
}

function isLink({ outcome }: FolderAhead, name: string): boolean {
  if (!outcome || !('listing' in outcome)) return false;
  const { names, links } = outcome.listing;
  return links.some(index => names[index] === name);
}

function isLoop(folder: FolderAhead, identity: string): boolean {
  for (let above = folder.parent; above; above = above.parent) {
    if (above.outcome && 'listing' in above.outcome && above.outcome.listing.identity === identity)
      return true;
  }
  return false;
}
