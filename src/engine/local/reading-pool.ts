import { Failure } from '../../failure.ts';
import type { LookCost } from './look-cost.ts';
import { pooledLooks } from './looks.ts';
import { type FolderRules, type Progress, readFiles, readFolder } from './read-folder.ts';
import { FILES_AT_ONCE, type Reading } from './reading.ts';

/** Folders at a time where nobody says how many: more than there is work for cost more than they bring. */
const WHERE_FAST = 4;
const WHERE_SLOW = 32;
/** How often it is asked whether an answer came, in ms. */
const WATCH_EVERY = 500;

/** Reads folders in Node's pool of threads: a look that takes long holds up its own folder only. */
export interface ReadingPool {
  /** How many readings it takes now. */
  free(): number;
  take(reading: Reading): void;
  /** How many looks were made. */
  looks(): number;
  close(): void;
}

interface Running {
  reading: Reading;
  progress: Progress;
  /** What `progress` was when it was last watched, and since when it is that, in ms. */
  seen: number;
  since: number;
}

export interface PoolOptions {
  rules: FolderRules;
  /** Readings at a time; 0 chooses by what a look costs. */
  most: number;
  /** Seconds without an answer after which a reading fails with ETIMEDOUT. */
  timeout: number;
  cost: LookCost;
}

/** @param onEnd called after each reading's end */
export function createReadingPool(
  { rules, most, timeout, cost }: PoolOptions,
  onEnd: () => void,
): ReadingPool {
  const running = new Set<Running>();
  let looks = 0;

  const watch = setInterval(() => {
    const now = performance.now();
    for (const one of running) {
      if (one.seen !== one.progress.looks) Object.assign(one, { seen: one.progress.looks, since: now });
      else if (now - one.since > timeout * 1_000) end(one, () => one.reading.reject(unanswered()));
    }
  }, WATCH_EVERY);

  function end(one: Running, tell: () => void): void {
    if (!running.delete(one)) return;
    looks += one.progress.looks;
    tell();
    onEnd();
  }

  return {
    free: () => (most || (cost.isSlow() ? WHERE_SLOW : WHERE_FAST)) - running.size,
    take(reading) {
      const progress = { looks: 0 };
      const now = performance.now();
      const one = { reading, progress, seen: 0, since: now };
      running.add(one);
      const { folder, piece } = reading;
      const found = piece
        ? readFiles(pooledLooks, rules, folder, piece, progress)
        : readFolder(pooledLooks, rules, folder, FILES_AT_ONCE, progress);
      found.then(
        answer => end(one, () => reading.resolve(answer)),
        error => end(one, () => reading.reject(error)),
      );
    },
    looks: () => looks,
    close: () => clearInterval(watch),
  };
}

function unanswered(): Failure {
  return new Failure('local', { code: 'ETIMEDOUT' });
}
