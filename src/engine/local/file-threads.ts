import { Worker } from 'node:worker_threads';
import { countBlocked } from '../../blocked-threads.ts';
import { leaveRemovedFolder } from '../../current-folder.ts';
import { Failure } from '../../failure.ts';
import { TIMED_OUT } from '../../in-time.ts';
import { canAffordThread } from './descriptors.ts';
import { type Mount, mountOf, readMounts } from './mounts.ts';

/**
 * Files are opened and read in threads: a dead network drive can hold a call of the system for ever, and the
 * main thread, which sends and hears signals, must not be in it. Not in Node's own threads, of which there are
 * four for all that the process does. One thread is as fast as reading in the main thread.
 */

/** More threads help where each call takes long: network drives. */
const MOST_THREADS = 8;
/** Threads that hang before nothing more is begun: on one mount, which does not answer, and in all. */
const MOST_BLOCKED_ON_MOUNT = 16;
const MOST_BLOCKED = 64;
/** Calls that are given to a thread ahead. */
const DEPTH = 4;
/** MiB that a thread has for what is short-lived: messages. Node's own measure is for much more. */
const MEMORY = 1;
/** ms that calls wait before another thread is started for them. */
const GROWTH = 50;
/** ms that a thread has for its first answer: to start one takes longer than to read many files. */
const STARTING = 1_000;
/** ms between two tries while the system has no file descriptor free. */
const DESCRIPTOR_PAUSE = 50;

/**
 * Run as a script of its own: an executable has no files that a thread could be started from.
 * What it counts before each call tells the main thread which one it is in, and that no other will follow
 * once it is told to stop.
 */
const PROGRAM = `
const fs = require('node:fs');
const { parentPort, workerData: state } = require('node:worker_threads');
const stats = fd => {
  const found = fs.fstatSync(fd, { bigint: true });
  const { size, mtimeNs, ctimeNs, dev } = found;
  return { size, mtimeNs, ctimeNs, dev, isFile: found.isFile() };
};
// As in no-way-out.ts.
const refuseOutside = (fd, bound) => {
  if (bound === undefined) return;
  const real = fs.realpathSync.native(bound);
  if (fs.readlinkSync('/proc/self/fd/' + fd).startsWith(real === '/' ? real : real + '/')) return;
  throw Object.assign(new Error('SymlinkSkipped'), { code: 'SymlinkSkipped', errno: 0 });
};
const calls = {
  open({ path, flags, bound }) {
    const fd = fs.openSync(path, flags);
    try {
      refuseOutside(fd, bound);
      return { fd, stats: stats(fd) };
    } catch (error) {
      fs.closeSync(fd);
      throw error;
    }
  },
  read({ fd, memory, offset, length, position }) {
    const bytes = memory ? new Uint8Array(memory, offset, length) : new Uint8Array(length);
    let filled = 0;
    while (filled < length) {
      const count = fs.readSync(fd, bytes, filled, Math.min(length - filled, ${1024 ** 3}), position + filled);
      if (count === 0) break;
      filled += count;
      Atomics.add(state, 2, 1);
    }
    return { filled, bytes: memory ? undefined : bytes.subarray(0, filled) };
  },
  whole({ path, flags, bound, memory, offset, length: most }) {
    const fd = fs.openSync(path, flags);
    try {
      refuseOutside(fd, bound);
      const before = stats(fd);
      const length = Number(before.size);
      if (!before.isFile || length > most) return { before, after: before, filled: 0 };
      // A system's own files (/proc) say that they have no bytes, and have some.
      const hasBytes = length === 0 && fs.readSync(fd, new Uint8Array(1), 0, 1, 0) > 0;
      if (hasBytes && stats(fd).size === 0n) return { before, after: before, filled: 0, isUnsized: true };
      const read = calls.read({ fd, memory, offset, length, position: 0 });
      return { before, after: stats(fd), ...read };
    } finally {
      fs.closeSync(fd);
    }
  },
  stat: ({ fd }) => stats(fd),
  close: ({ fd }) => fs.closeSync(fd),
};
parentPort.on('message', ({ id, call, given }) => {
  Atomics.add(state, 0, 1);
  if (Atomics.load(state, 1) === 1) return;
  try {
    parentPort.postMessage({ id, result: calls[call](given) });
  } catch ({ name, code, errno, message }) {
    parentPort.postMessage({ id, error: { name, code, errno, message } });
  }
});
`;

/** What of a file's stat is of interest. */
export interface FileStats {
  size: bigint;
  mtimeNs: bigint;
  ctimeNs: bigint;
  dev: bigint;
  isFile: boolean;
}

interface FileToOpen {
  path: string;
  flags: number;
  /** The folder that it must be in. */
  bound?: string | undefined;
}

/** The calls of the system, with what each is given and answers. */
interface Calls {
  open: { given: FileToOpen; result: { fd: number; stats: FileStats } };
  read: {
    given: {
      fd: number;
      /** Where the bytes go; without it they are answered. */
      memory: SharedArrayBuffer | undefined;
      offset: number;
      length: number;
      position: number;
    };
    result: { filled: number; bytes: Uint8Array | undefined };
  };
  /** Opens, reads and closes a file that is not longer than what is there for it. */
  whole: {
    given: FileToOpen & { memory: SharedArrayBuffer | undefined; offset: number; length: number };
    result: {
      before: FileStats;
      after: FileStats;
      filled: number;
      bytes?: Uint8Array | undefined;
      isUnsized?: true;
    };
  };
  stat: { given: { fd: number }; result: FileStats };
  close: { given: { fd: number }; result: undefined };
}

interface Job {
  id: number;
  call: keyof Calls;
  given: object;
  /** When it is given up while the system has no descriptor free. */
  until: number;
  settle(answer: Answer): void;
}

interface Answer {
  id: number;
  result?: unknown;
  /** One without `errno` is no error of the system. */
  error?: { name?: string; code?: string; errno?: number; message: string };
}

interface Thread {
  worker: Worker;
  /** How many calls it began; whether it is to begin no more; a count that moves with each read. */
  state: Int32Array;
  given: Job[];
  answered: number;
  /** What `state` said when the call that it is in was last seen to move, and when that was. */
  seen: string;
  since: number;
}

let patience = 60_000;
let lastId = 0;
/** Threads that hang, each with the place of the mount that it hangs on. */
const blocked = new Map<Thread, string>();
let mounts: readonly Mount[] = [];
let threads: Thread[] = [];
/** By whom a descriptor was opened, who closes it, too, for Node may keep account of that by thread; and of which file. */
const opened = new Map<number, { thread: Thread; path: string }>();
let waiting: Job[] = [];
let growth: NodeJS.Timeout | undefined;
let watch: NodeJS.Timeout | undefined;

/** @param seconds without progress before a file's reading is given up */
export function setFilePatience(seconds: number): void {
  patience = seconds * 1_000;
}

/**
 * Makes a call of the system in a thread.
 * @throws the system's error; Failure (local) where it does not come back in time
 */
export function callInThread<Call extends keyof Calls>(
  call: Call,
  given: Calls[Call]['given'],
): Promise<Calls[Call]['result']> {
  return new Promise((resolve, reject) => {
    const settle = ({ result, error }: Answer) => {
      if (!error) resolve(result as never);
      else reject(error instanceof Failure ? error : Object.assign(new Error(error.message), error));
    };
    const job = { id: ++lastId, call, given, until: Date.now() + patience, settle };
    const opener = call === 'close' ? openerOf(given as Calls['close']['given']) : undefined;
    if (opener) return give(opener, job);
    waiting.push(job);
    deal();
  });
}

function openerOf({ fd }: Calls['close']['given']): Thread | undefined {
  const opener = opened.get(fd)?.thread;
  opened.delete(fd);
  return opener && threads.includes(opener) ? opener : undefined;
}

/** The place of the mount that a call goes to; empty where that is not known. */
function placeOf({ given }: Job): string {
  const file = given as { path: string } | { fd: number };
  const path = 'path' in file ? file.path : opened.get(file.fd)?.path;
  return mountOf(mounts, path ?? '')?.place ?? '';
}

/** Whether too much hangs already where a call would go. */
function isHopeless(job: Job): boolean {
  if (blocked.size >= MOST_BLOCKED) return true;
  const place = placeOf(job);
  return [...blocked.values()].filter(other => other === place).length >= MOST_BLOCKED_ON_MOUNT;
}

/** Ends the threads that have nothing to do. */
export async function closeFileThreads(): Promise<void> {
  const idle = threads.filter(({ given }) => given.length === 0);
  threads = threads.filter(thread => !idle.includes(thread));
  await Promise.all(idle.map(({ worker }) => worker.terminate()));
}

/** Gives what waits to the thread that has least to do. */
function deal(): void {
  if (blocked.size >= MOST_BLOCKED_ON_MOUNT) failAll(isHopeless);
  while (waiting.length > 0) {
    const least = threads.reduce<Thread | undefined>(
      (a, b) => (a && a.given.length <= b.given.length ? a : b),
      undefined,
    );
    const thread = least ?? start();
    if (!thread) {
      giveUpOrTryLater();
      return;
    }
    if (thread.given.length >= DEPTH) break;
    give(thread, waiting.shift() as Job);
  }
  const [first] = waiting;
  if (first && !growth) growth = setTimeout(() => grow(first), GROWTH).unref();
}

function grow(first: Job): void {
  growth = undefined;
  const isStarting = threads.some(({ answered, since }) => answered === 0 && Date.now() - since < STARTING);
  const isStuck = waiting[0] === first && !isStarting;
  if (isStuck && threads.length < MOST_THREADS && canAffordThread()) start();
  deal();
}

/** @returns undefined where there can be no more */
function start(): Thread | undefined {
  if (blocked.size >= MOST_BLOCKED) return undefined;
  const state = new Int32Array(new SharedArrayBuffer(12));
  let worker: Worker;
  try {
    // The descriptors are the process's: another thread may go on with them.
    const resourceLimits = { maxYoungGenerationSizeMb: MEMORY };
    leaveRemovedFolder();
    worker = new Worker(PROGRAM, { eval: true, workerData: state, trackUnmanagedFds: false, resourceLimits });
  } catch {
    return undefined;
  }
  const thread: Thread = { worker, state, given: [], answered: 0, seen: '', since: 0 };
  worker.on('message', (answer: Answer) => answered(thread, answer));
  worker.on('error', error => end(thread, (error as NodeJS.ErrnoException).code ?? 'ThreadEnded'));
  worker.on('exit', () => end(thread, 'ThreadEnded'));
  threads.push(thread);
  return thread;
}

function give(thread: Thread, job: Job): void {
  const { id, call, given } = job;
  if (thread.given.length === 0) {
    thread.since = Date.now();
    thread.worker.ref();
  }
  thread.given.push(job);
  thread.worker.postMessage({ id, call, given });
  watch ??= setInterval(lookForBlocked, Math.min(1_000, patience / 4)).unref();
}

function answered(thread: Thread, answer: Answer): void {
  const index = thread.given.findIndex(({ id }) => id === answer.id);
  const [job] = index < 0 ? [] : thread.given.splice(index, 1);
  thread.answered++;
  Object.assign(thread, { seen: '', since: Date.now() });
  if (job?.call === 'open' && !answer.error) {
    const { path } = job.given as Calls['open']['given'];
    opened.set((answer.result as Calls['open']['result']).fd, { thread, path });
  }
  rest(thread);
  if (job && isOutOfDescriptors(answer) && Date.now() < job.until) {
    setTimeout(() => {
      waiting.push(job);
      deal();
    }, DESCRIPTOR_PAUSE);
  } else job?.settle(answer);
  deal();
}

function isOutOfDescriptors({ error }: Answer): boolean {
  return error?.code === 'EMFILE' || error?.code === 'ENFILE';
}

/** A thread with nothing to do does not keep the process. */
function rest(thread: Thread): void {
  if (thread.given.length === 0) thread.worker.unref();
  if (threads.every(({ given }) => given.length === 0)) {
    clearInterval(watch);
    watch = undefined;
  }
}

/** Looks for calls that do not come back; twice, for this thread may have been late itself. */
function lookForBlocked(): void {
  for (const thread of threads) {
    if (thread.given.length === 0 || Date.now() - thread.since < patience) continue;
    const seen = `${thread.answered} ${thread.state.join(' ')}`;
    if (seen === thread.seen) giveUp(thread);
    else Object.assign(thread, { seen, since: thread.seen === '' ? thread.since : Date.now() });
  }
}

/** Fails the call that a thread is in, and gives the others to another thread. */
function giveUp(thread: Thread): void {
  Atomics.store(thread.state, 1, 1);
  const begun = Atomics.load(thread.state, 0);
  threads = threads.filter(other => other !== thread);
  const hung = thread.given.splice(0, Math.max(1, begun - thread.answered));
  mounts = readMounts();
  blocked.set(thread, placeOf(hung[0]!));
  countBlocked(thread.worker);
  thread.worker.once('exit', () => blocked.delete(thread));
  thread.worker.unref();
  void thread.worker.terminate();
  for (const job of hung) job.settle(noAnswer(job.id));
  waiting.unshift(...thread.given.splice(0));
  deal();
}

/** A thread that ended by itself fails what it was given; one that could not begin leaves it to another. */
function end(thread: Thread, code: string): void {
  threads = threads.filter(other => other !== thread);
  if (thread.answered === 0 && thread.given.length > 0) {
    waiting.unshift(...thread.given.splice(0));
    giveUpOrTryLater();
  }
  for (const { id, settle } of thread.given.splice(0)) settle({ id, error: { code, message: code } });
}

/** Without a thread: too many hang, or the system gives no more now. */
function giveUpOrTryLater(): void {
  failAll(job => isHopeless(job) || job.until < Date.now());
  if (waiting.length > 0) setTimeout(deal, DESCRIPTOR_PAUSE);
}

function failAll(isOver: (job: Job) => boolean): void {
  const over = waiting.filter(isOver);
  if (over.length === 0) return;
  waiting = waiting.filter(job => !over.includes(job));
  for (const { id, settle } of over) settle(noAnswer(id));
}

function noAnswer(id: number): Answer {
  return { id, error: new Failure('local', { code: TIMED_OUT }) };
}
