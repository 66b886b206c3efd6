import type { Config } from '../../config/schema.ts';
import type { ObjectStore } from '../../cos/store.ts';
import type { FileRecord, LedgerRecord } from '../../ledger/records.ts';
import type { RunListener } from '../listener.ts';
import type { FileState } from '../local/read-file.ts';
import type { Breaker } from '../requests/breaker.ts';
import type { Requests } from '../requests/requests.ts';
import type { Journal } from './journal.ts';
import type { RestorableObject } from './objects.ts';
import type { Place } from './place.ts';
import type { Decision, Look, RestoreRules } from './plan.ts';

/** One object that has something to be done about. */
export interface Job {
  /** Relative to cos_path, and to the folder that is restored to; a folder's ends with `/`. */
  path: string;
  object: RestorableObject;
  /** What lay in its place when it was planned. */
  look: Look;
  /** The ledger's record, where it describes these bytes. */
  record: FileRecord | undefined;
  decision: Decision;
}

/** What the jobs of one restore share. */
export interface Restoring {
  config: Config;
  /** cos_path as a key prefix. */
  prefix: string;
  rules: RestoreRules;
  /** Days for which archived objects are made readable; undefined where they are not. */
  thawDays: number | undefined;
  /** Tells what would be done instead of doing it. */
  dryRun: boolean;
  place: Place;
  journal: Journal;
  store: ObjectStore;
  requests: Requests;
  breaker: Breaker;
  listener: Required<RunListener>;
  /** Is told what COS and the folder now both hold; undefined where no ledger is about this folder. */
  record: ((record: LedgerRecord) => void) | undefined;
  /** Equal files that were not recorded, for their content is not known. */
  unrecorded: number;
  /** Names of unfinished files that a later restore goes on with. */
  kept: Set<string>;
  /** Aborted when nothing new is to begin. */
  signal: AbortSignal;
}

/** What was brought back, and proved to be what COS holds. */
export interface Fetched {
  state: FileState;
  etag: string;
  /** As the ledger writes it. */
  hash: string;
  status: number;
  requestId: string;
}
