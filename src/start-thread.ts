import { join } from 'node:path';
import { getRawAsset, isSea } from 'node:sea';
import { Worker } from 'node:worker_threads';

/** Programs of threads; in an executable each is an asset of that name. */
export const THREADS = {
  'scan-thread': './engine/local/scan-thread.ts',
} as const;

export type ThreadName = keyof typeof THREADS;

/**
 * Starts a thread that does not keep the program from ending.
 * @throws the system's error where it gives no more threads
 */
export function startThread(name: ThreadName, workerData: unknown): Worker {
  const worker = isSea()
    ? new Worker(Buffer.from(getRawAsset(name)).toString('latin1'), { eval: true, workerData })
    : new Worker(join(import.meta.dirname, THREADS[name]), { workerData });
  worker.unref();
  return worker;
}
