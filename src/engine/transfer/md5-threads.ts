import { availableParallelism } from 'node:os';
import { Worker } from 'node:worker_threads';
import { leaveRemovedFolder } from '../../current-folder.ts';
import { md5Of } from '../local/content-hash.ts';
import { canAffordThread } from '../local/descriptors.ts';

/** Shorter ones are hashed before a thread would have heard of them. */
export const SHORTEST_FOR_THREADS = 1024 * 1024;
/** More threads than these are faster than anything they could be read from. */
const MOST_THREADS = 8;

/** Run as a script of its own: an executable has no files that a thread could be started from. */
const PROGRAM = `
const { hash } = require('node:crypto');
const { parentPort } = require('node:worker_threads');
parentPort.on('message', bytes => parentPort.postMessage(hash('md5', bytes, 'hex')));
`;

/** Computes MD5s beside the main thread, which goes on sending: one core does 0.6 GB a second. */
export interface Md5Threads {
  /** In hex. Bytes of memory that threads can share are not copied; they must stay as they are until then. */
  md5Of(bytes: Uint8Array): Promise<string> | string;
  close(): Promise<void>;
}

interface Thread {
  worker: Worker;
  /** Answers come in the order of the questions. */
  waiting: { bytes: Uint8Array; resolve(md5: string): void; reject(error: unknown): void }[];
}

export function createMd5Threads(most = Math.min(MOST_THREADS, availableParallelism())): Md5Threads {
  const threads: Thread[] = [];

  /** Answers nothing where the system gives no more threads. */
  function start(): Thread | undefined {
    if (!canAffordThread()) return undefined;
    let worker: Worker;
    try {
      leaveRemovedFolder();
      worker = new Worker(PROGRAM, { eval: true });
    } catch {
      return undefined;
    }
    const thread: Thread = { worker, waiting: [] };
    worker.unref();
    worker.on('message', (md5: string) => thread.waiting.shift()?.resolve(md5));
    // A thread that ends leaves its work to this one.
    worker.on('error', () => {});
    worker.on('exit', () => {
      threads.splice(threads.indexOf(thread), 1);
      for (const { bytes, resolve, reject } of thread.waiting.splice(0)) {
        try {
          resolve(md5Of(bytes));
        } catch (error) {
          reject(error);
        }
      }
    });
    threads.push(thread);
    return thread;
  }

  function leastBusy(): Thread | undefined {
    const [first, ...others] = threads;
    if (!first) return start();
    const least = others.reduce((a, b) => (b.waiting.length < a.waiting.length ? b : a), first);
    return least.waiting.length > 0 && threads.length < most ? (start() ?? least) : least;
  }

  return {
    md5Of(bytes) {
      const thread = bytes.length < SHORTEST_FOR_THREADS ? undefined : leastBusy();
      if (!thread) return md5Of(bytes);
      return new Promise((resolve, reject) => {
        thread.waiting.push({ bytes, resolve, reject });
        thread.worker.postMessage(bytes);
      });
    },
    async close() {
      await Promise.all(threads.map(({ worker }) => worker.terminate()));
    },
  };
}
