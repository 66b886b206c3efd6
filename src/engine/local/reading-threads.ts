import { availableParallelism } from 'node:os';
import type { Worker } from 'node:worker_threads';
import { countBlocked } from '../../blocked-threads.ts';
import { Failure } from '../../failure.ts';
import { startThread } from '../../start-thread.ts';
import type { LookCost } from './look-cost.ts';
import { type Facts, type FolderRules, factsIn, type Listing } from './read-folder.ts';
import type { Reading } from './reading.ts';
import type { Answer, Answers, ListingInOne, Question, ThreadRules } from './scan-thread.ts';

/** More threads than these give more than one thread can plan with. */
const MOST_THREADS = 4;
/** Readings that a thread is given at a time, and how many times over, so that it never waits for the next. */
const READINGS_AT_ONCE = 32;
const TIMES_OVER = 2;
/** A thread that does not answer for so many ms is held up by a look. */
const HELD_UP = 2_000;

/** Reads folders in threads that make one look after the other. */
export interface ReadingThreads {
  /** Starts them; once is enough. They are tried with a folder or two before they are relied on. */
  start(): void;
  /** Whether they run, and looks are known to cost little. */
  areFast(): boolean;
  /** How many readings they take now. */
  free(): number;
  /** How many of them read. */
  busy(): number;
  take(readings: Reading[]): void;
  close(): void;
}

interface Thread {
  worker: Worker;
  isReady: boolean;
  /** Whether it has answered: its first reading waits for what it compiles, not for the storage. */
  isWarm: boolean;
  /** What it was given and has not answered, oldest first. */
  batches: { readings: Reading[]; since: number }[];
}

export interface ThreadsOptions {
  rules: FolderRules;
  /** Threads; 0 for as many as there are cores. */
  most: number;
  cost: LookCost;
}

/**
 * @param onAnswer called after each answer
 * @param giveBack called with what is to be read another way: looks take too long for threads
 */
export function createReadingThreads(
  { rules, most, cost }: ThreadsOptions,
  onAnswer: () => void,
  giveBack: (readings: Reading[]) => void,
): ReadingThreads {
  const threadRules: ThreadRules = { filter: rules.filter.definition, symlinks: rules.symlinks };
  const threads: Thread[] = [];
  let state: 'unstarted' | 'tried' | 'fast' | 'slow' = 'unstarted';
  let watch: NodeJS.Timeout | undefined;

  function start(): void {
    if (state !== 'unstarted') return;
    state = 'tried';
    const count = Math.min(most || Infinity, MOST_THREADS, availableParallelism());
    try {
      for (let i = 0; i < count; i++) threads.push(startOne());
    } catch {
      // The system gives no more threads: what there is must do.
    }
    // What they answered while this thread was held up itself is heard first.
    watch = setInterval(() => setImmediate(giveUpHeldUp), HELD_UP / 4);
  }

  function giveUpHeldUp(): void {
    const oldest = performance.now() - HELD_UP;
    if (threads.some(({ batches: [first] }) => first && first.since < oldest)) stop();
  }

  function startOne(): Thread {
    const worker = startThread('scan-thread', threadRules);
    const thread: Thread = { worker, isReady: false, isWarm: false, batches: [] };
    worker.once('message', () => {
      thread.isReady = true;
      worker.on('message', (answers: Answers) => answered(thread, answers));
      onAnswer();
    });
    worker.on('error', stop);
    return thread;
  }

  function answered(thread: Thread, { answers, numbers, counts, unmatched }: Answers): void {
    rules.filter.unmatchedElsewhere(unmatched);
    const batch = thread.batches.shift();
    const next = thread.batches[0];
    if (next) next.since = performance.now();
    let at = 0;
    for (const [index, reading] of batch?.readings.entries() ?? []) {
      const answer = answers[index]!;
      const facts = 'found' in answer ? factsIn(answer.found) : undefined;
      if (facts) facts.numbers = numbers.subarray(at, at + counts[index]!);
      at += counts[index]!;
      tell(reading, answer, thread.isWarm);
    }
    thread.isWarm = true;
    if (cost.isSlow()) stop();
    else if (state === 'tried' && cost.isFast()) state = 'fast';
    onAnswer();
  }

  function tell(reading: Reading, answer: Answer, isWarm: boolean): void {
    if ('code' in answer) {
      reading.reject(new Failure('local', answer));
      return;
    }
    if (isWarm) cost.took(answer.ms, answer.looks);
    reading.resolve(taken(answer.found));
  }

  /** What the threads were given is read again: of one that is held up no answer may ever come. */
  function stop(): void {
    if (state === 'slow') return;
    state = 'slow';
    // An exit would wait for one that hangs.
    for (const { worker } of threads) countBlocked(worker);
    const left = threads.flatMap(({ batches }) => batches.flatMap(({ readings }) => readings));
    close();
    giveBack(left);
  }

  function close(): void {
    clearInterval(watch);
    for (const { worker } of threads.splice(0)) {
      worker.removeAllListeners('message').removeAllListeners('error');
      worker.on('error', () => {});
      void worker.terminate();
    }
  }

  /** One that is tried has nothing to begin with when it is given up. */
  const timesOver = () => (state === 'fast' ? TIMES_OVER : 1);
  const roomIn = ({ isReady, batches }: Thread) => (isReady ? timesOver() - batches.length : 0);
  const atOnce = () => (state === 'fast' ? READINGS_AT_ONCE : 1);

  return {
    start,
    areFast: () => state === 'fast',
    free: () => threads.reduce((sum, thread) => sum + roomIn(thread) * atOnce(), 0),
    busy: () => threads.filter(({ batches }) => batches.length > 0).length,
    take(readings) {
      for (let start = 0; start < readings.length; start += atOnce()) {
        const batch = readings.slice(start, start + atOnce());
        const thread = threads.reduce((a, b) => (roomIn(b) > roomIn(a) ? b : a));
        thread.batches.push({ readings: batch, since: performance.now() });
        thread.worker.postMessage(batch.map(questionOf));
      }
    },
    close,
  };
}

function taken(found: ListingInOne | Facts): Listing | Facts {
  if (!('names' in found)) return found;
  return { ...found, names: found.names === '' ? [] : found.names.split('\0') };
}

function questionOf({ folder: { absolute, path, isElsewhere = false }, piece }: Reading): Question {
  return {
    folder: { absolute, path, isElsewhere },
    piece: piece && { names: piece.names.join('\0'), links: piece.links },
  };
}
