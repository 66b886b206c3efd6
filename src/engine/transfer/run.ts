import { join } from 'node:path';
import type { Config } from '../../config/schema.ts';
import { type ObjectAttributes, objectHeaders } from '../../cos/headers.ts';
import type { Headers, ObjectStore } from '../../cos/store.ts';
import type { Ledger } from '../../ledger/ledger.ts';
import type { RunListener } from '../listener.ts';
import type { Requests } from '../requests/requests.ts';
import type { ByteBudget } from './byte-budget.ts';
import type { Md5Threads } from './md5-threads.ts';
import type { UploadLimit } from './upload-limit.ts';

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
  budget: ByteBudget;
  threads: Md5Threads;
  uploadLimit: UploadLimit;
  listener: Required<RunListener>;
  /** Aborted when nothing new is to begin. */
  signal: AbortSignal;
}

export function localPathOf(run: Run, path: string): string {
  return join(run.config.localPath, path);
}

export function headersOf(run: Run, key: string): Headers {
  const { storageClass, acl, serverSideEncryption, headers, meta } = run.config;
  const attributes: ObjectAttributes = { storageClass, acl, serverSideEncryption, headers, meta };
  return objectHeaders(attributes, key);
}
