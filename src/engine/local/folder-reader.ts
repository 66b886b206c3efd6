import { localFailure } from '../../failure.ts';
import type { Filter } from './filter.ts';
import { createLookCost } from './look-cost.ts';
import { FACTS, type Facts, type Folder, type Listing, type Piece } from './read-folder.ts';
import type { Reading } from './reading.ts';
import { createReadingPool } from './reading-pool.ts';
import { createReadingThreads } from './reading-threads.ts';

/** Ms and looks after which a thread is worth its start. */
const MS_BEFORE_THREADS = 25;
const LOOKS_BEFORE_THREADS = 500;

export interface ReaderOptions {
  filter: Filter;
  symlinks: 'follow' | 'skip';
  /** Folders that are looked at at a time; 0 chooses by the cores and by what a look costs. */
  threads: number;
  /** A few folders are read: however long that takes, only many looks are worth a thread. */
  isPart?: boolean;
  /** Seconds without an answer after which a folder counts as unreadable. */
  timeout: number;
}

/**
 * Reads folders, several at a time: where a look costs little, in threads that make one look after the other,
 * and where it takes long, in Node's pool, many at once.
 */
export interface FolderReader {
  /** Whether it would begin with another folder now. */
  hasRoom(): boolean;
  /** @throws the file system's error; Failure (ReadTimeout) where no answer comes */
  read(folder: Folder): Promise<Listing>;
  /** Looks at files of a folder that was read. */
  readPiece(folder: Folder, piece: Piece): Promise<Facts>;
  close(): void;
}

export function createFolderReader(options: ReaderOptions, onRoom: () => void): FolderReader {
  const { filter, symlinks, threads: most, timeout } = options;
  const waiting: Reading[] = [];
  const cost = createLookCost();
  let isClosed = false;
  let isToGoOn = false;
  const pool = createReadingPool({ rules: { filter, symlinks }, most, timeout, cost }, goOn);
  const threads = createReadingThreads({ rules: { filter, symlinks }, most, cost }, goOn, giveBack);

  /** Where looks take too long for threads, the pool does what they left. */
  function giveBack(readings: Reading[]): void {
    waiting.unshift(...readings);
    goOn();
  }

  function goOn(): void {
    if (isClosed) return;
    if (pool.looks() > LOOKS_BEFORE_THREADS) threads.start();
    while (waiting.length > 0 && free() > 0) {
      if (freeThreads() > 0) threads.take(waiting.splice(0, freeThreads()));
      else pool.take(waiting.shift()!);
    }
    if (hasRoom()) onRoom();
  }

  // The first folder may be a large one: threads are there when it is listed.
  const startThreads = options.isPart ? undefined : setTimeout(threads.start, MS_BEFORE_THREADS);

  /** So that what is begun together goes to a thread together: each message costs as much as a folder or two. */
  function goOnSoon(): void {
    if (isToGoOn) return;
    isToGoOn = true;
    queueMicrotask(() => {
      isToGoOn = false;
      goOn();
    });
  }

  /** Looks that may be made at a time besides those that are: threads that are tried and the pool look together. */
  const left = () => (most === 0 ? Infinity : Math.max(0, most - pool.busy() - threads.busy()));
  const freeThreads = () => (pool.busy() === 0 ? threads.free() : Math.min(threads.free(), left()));
  const freeInPool = () => (threads.areFast() ? 0 : Math.min(pool.free(), left()));
  const free = () => freeThreads() + freeInPool();
  const hasRoom = () => waiting.length < free();

  function begin<Found extends Listing | Facts>(folder: Folder, piece?: Piece): Promise<Found> {
    return new Promise((resolve, reject) => {
      const reading: Reading = { folder, piece, resolve: resolve as Reading['resolve'], reject };
      // The rest of a folder comes before any folder after it.
      if (piece) waiting.unshift(reading);
      else waiting.push(reading);
      goOnSoon();
    });
  }

  return {
    hasRoom,
    read: folder => begin<Listing>(folder),
    readPiece: (folder, piece) => begin<Facts>(folder, piece).catch(error => unreadable(piece, error)),
    close() {
      // What is still being looked at ends later, and must begin nothing any more.
      isClosed = true;
      clearTimeout(startThreads);
      pool.close();
      threads.close();
    },
  };
}

/** Of files that were listed nothing is known where no answer comes. */
function unreadable({ names }: Piece, error: unknown): Facts {
  const { code, message } = localFailure(error);
  const numbers = new Float64Array(names.length * FACTS).fill(Number.NaN);
  return {
    numbers,
    odd: names.map((_, index) => ({ index, kind: 'unreadable', code, message, size: Number.NaN })),
  };
}
