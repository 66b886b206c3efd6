import type { Filter } from './filter.ts';
import { createLookCost } from './look-cost.ts';
import { addFacts, type Facts, type Folder, type Listing, unknownNames } from './read-folder.ts';
import { FILES_AT_ONCE, type Reading } from './reading.ts';
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
  /** @throws the file system's error; Failure (ETIMEDOUT) where no answer comes */
  read(folder: Folder): Promise<Listing>;
  close(): void;
}

export function createFolderReader(options: ReaderOptions, onRoom: () => void): FolderReader {
  const { filter, symlinks, threads: most, timeout } = options;
  const waiting: Reading[] = [];
  const start = performance.now();
  const cost = createLookCost();
  const pool = createReadingPool({ rules: { filter, symlinks }, most, timeout, cost }, goOn);
  const threads = createReadingThreads({ rules: { filter, symlinks }, most, cost }, goOn, giveBack);

  /** Where looks take too long for threads, the pool does what they left. */
  function giveBack(readings: Reading[]): void {
    waiting.unshift(...readings);
    goOn();
  }

  function goOn(): void {
    if (pool.looks() > LOOKS_BEFORE_THREADS || performance.now() - start > MS_BEFORE_THREADS) threads.start();
    while (waiting.length > 0 && free() > 0) {
      if (threads.free() > 0) threads.take(waiting.splice(0, threads.free()));
      else pool.take(waiting.shift()!);
    }
    if (hasRoom()) onRoom();
  }

  const free = () => threads.free() + (threads.areFast() ? 0 : pool.free());
  const hasRoom = () => waiting.length < free();

  function begin<Found extends Listing | Facts>(folder: Folder, files?: string[]): Promise<Found> {
    return new Promise((resolve, reject) => {
      const reading: Reading = { folder, files, resolve: resolve as Reading['resolve'], reject };
      // The rest of a folder comes before any folder after it.
      if (files) waiting.unshift(reading);
      else waiting.push(reading);
      goOn();
    });
  }

  return {
    hasRoom,
    async read(folder) {
      const listing = await begin<Listing>(folder);
      if (listing.count <= FILES_AT_ONCE) return listing;
      const names = listing.names.split('\0');
      const rest: Promise<void>[] = [];
      for (let start = FILES_AT_ONCE; start < names.length; start += FILES_AT_ONCE) {
        const files = unknownNames(names, listing.known, start, FILES_AT_ONCE);
        rest.push(begin<Facts>(folder, files).then(facts => addFacts(listing.facts, start, facts)));
      }
      await Promise.all(rest);
      return listing;
    },
    close() {
      pool.close();
      threads.close();
    },
  };
}
