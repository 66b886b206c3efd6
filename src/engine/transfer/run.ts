import { join } from 'node:path';
import { prefixOf } from '../../config/prefix.ts';
import type { Config } from '../../config/schema.ts';
import { type ObjectAttributes, objectHeaders } from '../../cos/headers.ts';
import type { Confirmation, Headers, ObjectStore } from '../../cos/store.ts';
import type { Ledger } from '../../ledger/ledger.ts';
import { openOnce } from '../../open-once.ts';
import { type RunListener, tellAll } from '../listener.ts';
import { closeFileThreads } from '../local/file-threads.ts';
import type { FileState } from '../local/read-file.ts';
import { type Breaker, createBreaker } from '../requests/breaker.ts';
import { createRequests, type Requests } from '../requests/requests.ts';
import { type ByteBudget, createByteBudget } from './byte-budget.ts';
import { createMd5Threads, type Md5Threads } from './md5-threads.ts';
import { createUploadLimit, type UploadLimit } from './upload-limit.ts';

/** Bytes of whole files in memory at a time. */
const FILE_MEMORY = 64 * 1024 * 1024;

/** What the operations of one run share. */
export interface Run {
  config: Config;
  /** cos_path as a key prefix. */
  prefix: string;
  /** Prints what would be done instead of doing it. */
  dryRun: boolean;
  ledger: Ledger;
  /** Opened at the first request: a run with nothing to do asks nothing of COS. */
  store(): Promise<ObjectStore>;
  requests: Requests;
  /** Stops the run when no further operation can succeed. */
  breaker: Breaker;
  budget: ByteBudget;
  threads: Md5Threads;
  uploadLimit: UploadLimit;
  listener: Required<RunListener>;
  /** Aborted when nothing new is to begin. */
  signal: AbortSignal;
  close(): Promise<void>;
}

export interface RunOptions {
  config: Config;
  dryRun: boolean;
  ledger: Ledger;
  /** @param send sends the requests that the opening itself needs */
  openStore(send: Requests['send']): Promise<ObjectStore>;
  listeners: readonly RunListener[];
  signal: AbortSignal;
  /** Is called once, when no further operation can succeed. */
  stop(): void;
}

/** Makes ready what the operations of a run share; to be closed at its end. */
export function startRun({ config, dryRun, ledger, openStore, listeners, signal, stop }: RunOptions): Run {
  const listener = tellAll(listeners);
  const breaker = createBreaker(config.threadNum, stop);
  const requests = createRequests({
    threads: config.threadNum,
    retries: config.retryNum,
    signal,
    onRetry: listener.retried,
    onAnswer: breaker.answered,
  });
  const store = openOnce(() => openStore(requests.send));
  const threads = createMd5Threads();
  return {
    config,
    prefix: prefixOf(config.cosPath),
    dryRun,
    ledger,
    store: store.open,
    requests,
    breaker,
    budget: createByteBudget(FILE_MEMORY),
    threads,
    uploadLimit: createUploadLimit(config.uploadLimit, config.threadNum),
    listener,
    signal,
    async close() {
      await threads.close();
      await closeFileThreads();
      await store.close();
    },
  };
}

/** What COS confirmed of a file. */
export interface Uploaded {
  confirmation: Confirmation;
  /** The file's, as it was read. */
  state: FileState;
  /** When its reading began, in ms since 1970. */
  readAt: number;
  hash: string;
  /** There is more of it by now. */
  hasGrown: boolean;
}

export function localPathOf(run: Run, path: string): string {
  return join(run.config.localPath, path);
}

/** @param state of the file whose content the object has; a folder's has none */
export function headersOf(run: Run, key: string, state?: FileState): Headers {
  const { storageClass, acl, serverSideEncryption, headers, meta } = run.config;
  const attributes: ObjectAttributes = { storageClass, acl, serverSideEncryption, headers, meta };
  return objectHeaders(attributes, key, run.config.keepMtime ? state?.mtimeNs : undefined);
}
