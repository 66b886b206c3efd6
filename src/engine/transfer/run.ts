import { join } from 'node:path';
import { prefixOf } from '../../config/prefix.ts';
import type { Config } from '../../config/schema.ts';
import type { SharedAccess } from '../../cos/access.ts';
import { type ObjectAttributes, objectHeaders } from '../../cos/headers.ts';
import type { Headers, ObjectStore } from '../../cos/store.ts';
import type { Ledger } from '../../ledger/ledger.ts';
import { openOnce } from '../../open-once.ts';
import { type RunListener, tellAll } from '../listener.ts';
import { closeFileThreads } from '../local/file-threads.ts';
import { boundOf } from '../local/no-way-out.ts';
import type { FileState } from '../local/read-file.ts';
import { type Breaker, createBreaker } from '../requests/breaker.ts';
import { createRequests, type Requests } from '../requests/requests.ts';
import { type ByteBudget, createByteBudget } from './byte-budget.ts';
import { createMd5Threads, type Md5Threads } from './md5-threads.ts';
import { createSendingThreads, type SendingThreads } from './sending-threads.ts';
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
  senders: SendingThreads;
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
  /** Leaves the threads that read files to the next run, where runs are many and small; they keep no process. */
  keepsThreads?: boolean;
  /** Is called once, when no further operation can succeed. */
  stop(): void;
}

/** Makes ready what the operations of a run share; to be closed at its end. */
export function startRun({
  config,
  dryRun,
  ledger,
  openStore,
  listeners,
  signal,
  stop,
  keepsThreads = false,
}: RunOptions): Run {
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
  const senders = createSendingThreads({
    operations: config.threadNum,
    timeout: config.timeout,
    rules: async () => rulesForThreads(config, (await store.open()).access),
  });
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
    senders,
    uploadLimit: createUploadLimit(config.uploadLimit, config.threadNum),
    listener,
    signal,
    async close() {
      await senders.close();
      await threads.close();
      if (!keepsThreads) await closeFileThreads();
      await store.close();
    },
  };
}

/** Answers nothing where the bytes are counted on their way, or go through a proxy. */
function rulesForThreads(config: Config, access: SharedAccess) {
  if (config.uploadLimit > 0 || access.proxy !== undefined) return undefined;
  return { access, attributes: attributesIn(config), keepMtime: config.keepMtime, bound: boundOf(config) };
}

export function localPathOf(run: Run, path: string): string {
  return join(run.config.localPath, path);
}

/** @param state of the file whose content the object has; a folder's has none */
export function headersOf(run: Run, key: string, state?: FileState): Headers {
  return objectHeaders(attributesIn(run.config), key, run.config.keepMtime ? state?.mtimeNs : undefined);
}

function attributesIn({ storageClass, acl, serverSideEncryption, headers, meta }: Config): ObjectAttributes {
  return { storageClass, acl, serverSideEncryption, headers, meta };
}
