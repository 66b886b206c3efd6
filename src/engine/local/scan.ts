import { sep } from 'node:path';
import { setImmediate as letOthersRun } from 'node:timers/promises';
import type { Config } from '../../config/schema.ts';
import { Failure } from '../../failure.ts';
import { orAborted } from '../../or-aborted.ts';
import type { Filter } from './filter.ts';
import type { Part } from './part.ts';
import { type KnownPiece, type Pieces, startPieces } from './pieces.ts';
import {
  type FolderAhead,
  type FolderFollower,
  type Outcome,
  type ReadAhead,
  startReadAhead,
} from './read-ahead.ts';
import { FACTS, isFolderName, isGone, type Listing, type OddEntry } from './read-folder.ts';
import { FILES_AT_ONCE } from './reading.ts';

/**
 * What the scan met. A folder's path ends with `/`.
 * - `unreadable`: it, or what is in it, could not be seen; nothing is known about it
 * - `skipped`: it is there, but is nothing that can be synced
 * - `own`: it is the program's own by another name; nothing below it takes part
 * - `begun`: the scan of a part begins with it; whether it is new is no question
 * - `elsewhere`: it is another shard's; that it is there is all that is known
 * - `away`: it was known and is not there; what that means is for a scan of the folder that it was in
 */
export interface ScannedEntry {
  kind: 'file' | 'folder' | 'unreadable' | 'skipped' | 'own' | 'begun' | 'away' | 'elsewhere';
  path: string;
  /** bytes; NaN where it could not be found out */
  size: number;
  /** ms since 1970, with the fraction that the file system keeps */
  mtime: number;
  /** ms since 1970 */
  ctime: number;
  /** Of a file that has other names, too; else NaN. */
  inode: number;
  /** The number of the device that a folder is on; NaN where it could not be looked at, and for all else. */
  device: number;
  failure: Failure | undefined;
}

export interface ScanOptions {
  config: Pick<Config, 'localPath' | 'symlinks' | 'scanThreads' | 'timeout' | 'shard'>;
  filter: Filter;
  signal: AbortSignal;
  /** Only this part is scanned. */
  part?: Part | undefined;
  follower?: FolderFollower | undefined;
}

const BATCH = 1_000;

/**
 * Walks a folder and hands out its entries in batches, ascending by path. Folders are read ahead, several at a
 * time; between batches other work gets its turn.
 * @throws the file system's error where root itself cannot be read; the signal's reason when aborted
 */
export async function* scan(options: ScanOptions): AsyncGenerator<ScannedEntry[]> {
  const { config, filter, signal, part, follower } = options;
  const { localPath, symlinks, scanThreads: threads, timeout, shard } = config;
  const base = localPath.endsWith('/') || localPath.endsWith(sep) ? localPath : `${localPath}/`;
  const ahead = startReadAhead(base, {
    filter,
    symlinks,
    threads,
    timeout,
    signal,
    part,
    shard,
    follower,
    isPart: part !== undefined,
  });
  try {
    await orAborted(ahead.root.read, signal);
    const walk = startWalk(ahead, part, follower);
    for (;;) {
      const { batch, waitFor } = walk();
      if (batch.length > 0) yield batch;
      if (waitFor) await orAborted(waitFor, signal);
      else if (batch.length < BATCH) return;
      else await letOthersRun();
      signal.throwIfAborted();
    }
  } finally {
    ahead.close();
  }
}

interface OpenFolder {
  folder: FolderAhead;
  names: readonly string[];
  next: number;
  pieces: Pieces;
  /** The piece that is walked; undefined before the first. */
  piece: KnownPiece | undefined;
  /** What is no ordinary file or folder, by its place among the names. */
  odd: Map<number, OddEntry>;
}

interface Walked {
  /** BATCH entries, fewer at the end and before what is still being read. */
  batch: ScannedEntry[];
  waitFor?: Promise<void>;
}

/** Answers a function that walks on through what was read. @throws the file system's error of root itself */
function startWalk(ahead: ReadAhead, part?: Part, follower?: FolderFollower): () => Walked {
  const stack: OpenFolder[] = [opened(ahead.root, rootOf(ahead))];

  function walkFolder(folder: FolderAhead, outcome: Outcome, batch: ScannedEntry[]): void {
    const { path } = folder;
    const isInside = !folder.parent?.isPassed;
    const inside = folder.isElsewhere ? 'elsewhere' : 'folder';
    if ('listing' in outcome && !outcome.listing.isOwn) {
      const kind = isInside ? inside : 'begun';
      if (isInside || !folder.isPassed) batch.push({ ...entry(kind, path), device: outcome.listing.device });
      stack.push(opened(folder, outcome.listing));
      return;
    }
    ahead.leave(folder);
    if ('listing' in outcome) batch.push(entry('own', path));
    else if (isGone(outcome.failure.code)) {
      if (part?.isKnown(path)) batch.push(entry('away', path));
    } else {
      const kind = outcome.failure.code === 'SymlinkLoop' ? 'skipped' : 'unreadable';
      if (isInside && kind === 'unreadable') batch.push(entry(inside, path));
      batch.push(entry(kind, path, outcome.failure));
    }
  }

  function opened(folder: FolderAhead, listing: Listing): OpenFolder {
    const pieces = startPieces(listing, piece => ahead.readPiece(folder, piece));
    const odd = new Map(listing.odd.map(one => [one.index, one]));
    return { folder, names: listing.names, next: 0, pieces, piece: undefined, odd };
  }

  return () => {
    const batch: ScannedEntry[] = [];
    while (batch.length < BATCH) {
      const top = stack.at(-1);
      if (top === undefined) break;
      const name = top.names[top.next];
      if (name === undefined) {
        stack.pop();
        ahead.leave(top.folder);
      } else if (isFolderName(name)) {
        const inner = ahead.enter(top.folder, name);
        if (!inner.outcome) return { batch, waitFor: inner.read };
        walkFolder(inner, inner.outcome, batch);
      } else {
        const waitFor = goToPiece(top);
        if (waitFor) return { batch, waitFor };
        const found = fileEntry(top, name);
        if (found) batch.push(found);
        if (found && !Number.isNaN(found.inode)) follower?.linked(found);
      }
      top.next++;
    }
    return { batch };
  };
}

/** Goes on to the piece that the next name is in; answers what to wait for where it is not known yet. */
function goToPiece(open: OpenFolder): Promise<void> | undefined {
  const isIn = open.piece !== undefined && open.next - open.piece.start < FILES_AT_ONCE;
  if (isIn || open.folder.isElsewhere) return undefined;
  const piece = open.pieces.at(open.next);
  if (piece instanceof Promise) return piece;
  open.piece = piece;
  for (const one of piece.facts.odd) open.odd.set(piece.start + one.index, one);
  return undefined;
}

function rootOf({ root: { outcome } }: ReadAhead): Listing {
  if (outcome && 'listing' in outcome) return outcome.listing;
  // The system's own error: it says of local_path itself that it cannot be read.
  throw outcome?.failure.cause ?? outcome?.failure;
}

/** A file; undefined where it is gone since its folder was listed. */
function fileEntry({ folder, piece, next, odd }: OpenFolder, name: string): ScannedEntry | undefined {
  const path = folder.path + name;
  const oddity = odd.size > 0 ? odd.get(next) : undefined;
  if (oddity === undefined && folder.isElsewhere) return entry('elsewhere', path);
  if (oddity === undefined) {
    const { start, facts } = piece!;
    const { numbers } = facts;
    const at = (next - start) * FACTS;
    return {
      kind: 'file',
      path,
      size: numbers[at]!,
      mtime: numbers[at + 1]!,
      ctime: numbers[at + 2]!,
      inode: numbers[at + 3]!,
      device: Number.NaN,
      failure: undefined,
    };
  }
  const { kind, code, message, size } = oddity;
  if (kind === 'gone') return undefined;
  if (kind === 'own') return entry('own', path);
  return { ...entry(kind, path, new Failure('local', { code, message: message || code })), size };
}

const NO_STATE = {
  size: Number.NaN,
  mtime: Number.NaN,
  ctime: Number.NaN,
  inode: Number.NaN,
  device: Number.NaN,
};

function entry(kind: ScannedEntry['kind'], path: string, failure?: Failure): ScannedEntry {
  return { kind, path, ...NO_STATE, failure };
}
