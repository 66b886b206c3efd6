import type { Worker } from 'node:worker_threads';
import { countBlocked } from '../../blocked-threads.ts';
import type { Credentials } from '../../cos/credentials/credentials.ts';
import { Failure } from '../../failure.ts';
import { TIMED_OUT } from '../../in-time.ts';
import { startThread } from '../../start-thread.ts';
import { PROGRESS_BYTES, progressIn } from './read-progress.ts';
import type { Batch, FileToSend, SendAnswer, SendingRules, SharedMemory } from './send-thread.ts';
import { SEND_OTHERWISE, type Uploaded } from './uploaded.ts';

/** A file as a thread is told it. */
export type FileForThread = Omit<FileToSend, 'id'>;

/** A thread that sends files, as the one that started it sees it. */
export interface SendingThread {
  readonly isReady: boolean;
  /** Files that it has not answered. */
  readonly load: number;
  /** @throws Failure; SEND_OTHERWISE where it did not send the file, or does not say whether it did */
  send(file: FileForThread, credentials: Credentials): Promise<Uploaded>;
  /** Gives up a reading that was without progress in so many looks, of which this is one. */
  giveUpBlocked(looks: number): void;
  end(): Promise<void>;
}

interface Watch {
  /** @param ms that a file's reading took */
  onRead(ms: number): void;
  /** It ended by itself, or was given up. */
  onLost(): void;
}

interface Job {
  resolve(sent: Uploaded): void;
  reject(failure: Failure): void;
}

/** @throws the system's error where it gives no more threads */
export function startSendingThread(
  rules: SendingRules,
  clock: SharedArrayBuffer,
  { onRead, onLost }: Watch,
): SendingThread {
  const progress = progressIn(new SharedArrayBuffer(PROGRESS_BYTES));
  const memory: SharedMemory = { progress: progress.memory, clock };
  const worker: Worker = startThread('send-thread', { ...rules, ...memory });
  worker.ref();
  const jobs = new Map<number, Job>();
  let isReady = false;
  let lastId = 0;
  let isBlocked = false;
  let unsent: FileToSend[] = [];
  /** What it signs with: the last that it was told, and those of what is unsent. */
  let told: Credentials | undefined;
  let next: Credentials | undefined;
  let seen = { id: 0, calls: 0, looks: 0 };

  worker.once('message', () => {
    isReady = true;
    worker.on('message', (answers: SendAnswer[]) => answers.forEach(answered));
  });
  worker.on('error', lose);
  worker.on('exit', lose);

  function answered(answer: SendAnswer): void {
    const job = jobs.get(answer.id);
    jobs.delete(answer.id);
    onRead(answer.readMs);
    if ('sent' in answer) job?.resolve(answer.sent);
    else job?.reject(new Failure(answer.failure.kind, answer.failure));
  }

  /** What it was given may be in COS. */
  function lose(): void {
    isReady = false;
    const left = [...jobs.values()];
    jobs.clear();
    for (const { reject } of left) reject(new Failure('local', { code: SEND_OTHERWISE, mayBeDone: true }));
    onLost();
  }

  function tell(): void {
    if (unsent.length === 0) return;
    const batch: Batch = { credentials: next === told ? undefined : next, files: unsent };
    told = next;
    unsent = [];
    worker.postMessage(batch);
  }

  return {
    get isReady() {
      return isReady;
    },
    get load() {
      return jobs.size;
    },
    async send(file, credentials) {
      if (!isReady) throw new Failure('local', { code: SEND_OTHERWISE });
      lastId = (lastId % 0x7fffffff) + 1;
      const id = lastId;
      if (credentials !== next) tell();
      next = credentials;
      if (unsent.length === 0) setImmediate(tell);
      unsent.push({ id, ...file });
      return new Promise((resolve, reject) => jobs.set(id, { resolve, reject }));
    },
    giveUpBlocked(looks) {
      if (isBlocked) return;
      const { id, calls } = progress.now();
      const isStill = id !== 0 && id === seen.id && calls === seen.calls;
      if (!isStill) seen = { id, calls, looks: 0 };
      else if (++seen.looks >= looks) {
        isBlocked = true;
        progress.stop();
        countBlocked(worker);
        worker.unref();
        void worker.terminate();
        jobs.get(id)?.reject(new Failure('local', { code: TIMED_OUT }));
        jobs.delete(id);
        lose();
      }
    },
    async end() {
      worker.removeListener('exit', lose);
      lose();
      // One that hangs in a call of the system would not be heard of again.
      if (!isBlocked) await worker.terminate();
    },
  };
}
