import { countBlockedCall } from '../../blocked-threads.ts';
import { Failure } from '../../failure.ts';
import { TIMED_OUT } from '../../in-time.ts';
import type { LookCost } from './look-cost.ts';
import { type Looks, pooledLooks } from './looks.ts';
import { type FolderRules, type Progress, readFiles, readFolder } from './read-folder.ts';
import { FILES_AT_ONCE, type Reading } from './reading.ts';

/** Folders at a time where nobody says how many: more than there is work for cost more than they bring. */
const WHERE_FAST = 4;
const WHERE_SLOW = 32;
/** How often it is asked whether an answer came, in ms. */
const WATCH_EVERY = 500;
/** Looks without an answer after which a reading fails as a whole, and each one at its first. */
const MOST_IN_ONE = 3;
const MOST_IN_ALL = 16;

/** Reads folders in Node's pool of threads: a look that takes long holds up its own folder only,
 * and one that never ends is a failure of what was looked at. */
export interface ReadingPool {
  /** How many readings it takes now. */
  free(): number;
  /** How many readings are under way. */
  busy(): number;
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
  /** Fails the look that is waited for. */
  giveUp: (error: Failure) => void;
  givenUp: number;
}

export interface PoolOptions {
  rules: FolderRules;
  /** Readings at a time; 0 chooses by what a look costs. */
  most: number;
  /** Seconds without an answer after which a look fails with ReadTimeout. */
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
  let blocked = 0;

  // What came while the main thread was held up is heard first.
  const watch = setInterval(() => setImmediate(lookForUnanswered), WATCH_EVERY);

  function lookForUnanswered(): void {
    const now = performance.now();
    for (const one of running) {
      if (one.seen !== one.progress.looks) Object.assign(one, { seen: one.progress.looks, since: now });
      else if (now - one.since > timeout * 1_000) giveUp(one, now);
    }
  }

  function giveUp(one: Running, now: number): void {
    const isHopeless = ++one.givenUp >= MOST_IN_ONE || blocked >= MOST_IN_ALL;
    one.since = now;
    one.giveUp(unanswered());
    if (isHopeless) end(one, () => one.reading.reject(unanswered()));
  }

  function givenUp(one: Running, look: Promise<unknown>): Promise<never> {
    return new Promise((_, reject) => {
      one.giveUp = error => {
        countBlockedCall(look);
        blocked++;
        const end = () => void blocked--;
        look.then(end, end);
        reject(error);
      };
    });
  }

  /** A reading makes one look after the other. */
  function watched(one: Running): Looks {
    const within = async <Found>(ask: () => Found | Promise<Found>): Promise<Found> => {
      if (!running.has(one)) throw unanswered();
      const look = Promise.resolve(ask());
      return Promise.race([look, givenUp(one, look)]);
    };
    const { list, listRaw, stat, lstat, readlink, realpath } = pooledLooks;
    return {
      list: folder => within(() => list(folder)),
      listRaw: folder => within(() => listRaw(folder)),
      stat: path => within(() => stat(path)),
      lstat: path => within(() => lstat(path)),
      readlink: path => within(() => readlink(path)),
      realpath: path => within(() => realpath(path)),
    };
  }

  function end(one: Running, tell: () => void): void {
    if (!running.delete(one)) return;
    looks += one.progress.looks;
    tell();
    onEnd();
  }

  return {
    free: () => (most || (cost.isSlow() ? WHERE_SLOW : WHERE_FAST)) - running.size,
    busy: () => running.size,
    take(reading) {
      const progress = { looks: 0 };
      const now = performance.now();
      const one: Running = { reading, progress, seen: 0, since: now, giveUp() {}, givenUp: 0 };
      const looks = watched(one);
      running.add(one);
      const { folder, piece } = reading;
      const found = piece
        ? readFiles(looks, rules, folder, piece, progress)
        : readFolder(looks, rules, folder, FILES_AT_ONCE, progress);
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
  return new Failure('local', { code: TIMED_OUT });
}
