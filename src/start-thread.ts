import { join } from 'node:path';
import { getRawAsset, isSea } from 'node:sea';
import { Worker } from 'node:worker_threads';
import { leaveRemovedFolder } from './current-folder.ts';

/** Programs of threads; in an executable each is an asset of that name. */
export const THREADS = {
  'scan-thread': './engine/local/scan-thread.ts',
  'send-thread': './engine/transfer/send-thread.ts',
} as const;

export type ThreadName = keyof typeof THREADS;

/** MiB that a thread has for what is short-lived: Node's own measure is for a whole program. */
const YOUNG = 4;

/**
 * Starts a thread that does not keep the program from ending.
 * @throws the system's error where it gives no more threads
 */
export function startThread(name: ThreadName, workerData: unknown): Worker {
  const options = { workerData, resourceLimits: { maxYoungGenerationSizeMb: YOUNG } };
  leaveRemovedFolder();
  const worker = isSea()
    ? new Worker(Buffer.from(getRawAsset(name)).toString('latin1'), { ...options, eval: true })
    : new Worker(join(import.meta.dirname, THREADS[name]), options);
  worker.unref();
  return worker;
}
