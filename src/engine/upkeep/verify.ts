import { join } from 'node:path';
import type { OwnPaths } from '../../config/home.ts';
import type { Config } from '../../config/schema.ts';
import type { ListedObject, ObjectHead, ObjectStore } from '../../cos/store.ts';
import { Failure, isRefusal, localFailure } from '../../failure.ts';
import type { Ledger } from '../../ledger/ledger.ts';
import { type FileRecord, isFile, isUnknown, type LedgerRecord } from '../../ledger/records.ts';
import { crc64Hash, crc64In, hashLike } from '../local/content-hash.ts';
import { filterOf } from '../local/filter.ts';
import { LocalPathUnusable } from '../local/local-path.ts';
import type { Plan } from '../plan.ts';
import { planOf } from '../plan-folder.ts';
import type { Requests } from '../requests/requests.ts';
import { type Meeting, meetAll } from './meet-listing.ts';

/**
 * What verify finds out about a path:
 * - `missing`: recorded, and not in COS
 * - `different`: in COS with another size or content than recorded
 * - `content`: the local file has the recorded size and mtime, and other content
 * - `unreadable`: the local file could not be read to compare its content
 * - `changedLocally`: the local file changed since its upload, which the next sync takes care of
 * - `goneLocally`: the local file is gone since its upload, which the next sync takes care of
 * - `begun`: in COS, and a run that was ended began to send or delete it; the next sync finds out which
 * - `unknown`: in COS and not in the ledger, so somebody else's
 */
export type FindingKind =
  | 'missing'
  | 'different'
  | 'content'
  | 'unreadable'
  | 'changedLocally'
  | 'goneLocally'
  | 'begun'
  | 'unknown';

type LocalChange = 'changedLocally' | 'goneLocally';

export interface Finding {
  kind: FindingKind;
  /** Relative to local_path. */
  path: string;
  /** What is recorded and what is there, or an error code; empty where the kind says all. */
  detail: string;
}

export interface Verification {
  /** Objects under the prefix, and records in the ledger. */
  objects: number;
  records: number;
  /** Records whose object is as recorded. */
  same: number;
  found: Record<FindingKind, number>;
  /** Local files that have no record yet; undefined where local_path cannot be read. */
  newLocally: number | undefined;
  /** Paths whose record is wrong, and whether COS has an object there. */
  wrong: { path: string; isInCos: boolean }[];
  /** Findings that only the listing speaks for, where objects may not be looked at: nothing is repaired for them. */
  unconfirmed: number;
  /** Records whose object has the recorded content under another ETag, with that ETag. */
  renewed: FileRecord[];
}

export interface VerifyOptions {
  config: Config;
  prefix: string;
  ledger: Ledger;
  store: ObjectStore;
  requests: Requests;
  own: OwnPaths;
  /** Reads every local file and compares its content with the record. */
  deep: boolean;
  onFinding(finding: Finding): void;
  onListed(objects: number): void;
  signal: AbortSignal;
}

type Find = (kind: FindingKind, path: string, detail?: string, isConfirmed?: boolean) => void;

/**
 * Compares what COS holds under the prefix with the ledger, and the ledger with the folder.
 * Changes nothing.
 * @throws Failure where COS cannot be asked; the signal's reason when aborted
 */
export async function verifyObjects(options: VerifyOptions): Promise<Verification> {
  const { ledger } = options;
  const result = emptyVerification();
  const find: Find = (kind, path, detail = '', isConfirmed = true) => {
    result.found[kind]++;
    if (!isConfirmed) result.unconfirmed++;
    else if (kind === 'missing' || kind === 'different' || kind === 'content') {
      result.wrong.push({ path, isInCos: kind !== 'missing' });
    }
    options.onFinding({ kind, path, detail });
  };
  const local = await localChanges(options, result);
  for (const [path, change] of local ?? []) find(change, path);

  const compare = createComparison(options, result, local, find);
  result.objects = await meetAll(options, ledger.records(), compare);
  return result;
}

function emptyVerification(): Verification {
  const local = { unreadable: 0, changedLocally: 0, goneLocally: 0 };
  const found = { missing: 0, different: 0, content: 0, begun: 0, unknown: 0, ...local };
  return {
    objects: 0,
    records: 0,
    same: 0,
    found,
    newLocally: undefined,
    wrong: [],
    renewed: [],
    unconfirmed: 0,
  };
}

/** Paths whose local file is not as recorded; undefined where local_path cannot be read at all. */
async function localChanges(
  options: VerifyOptions,
  result: Verification,
): Promise<Map<string, LocalChange> | undefined> {
  const { config, own, ledger, signal } = options;
  let plan: Plan;
  try {
    plan = await planOf({ config, own, records: ledger.records(), onScanned: () => {}, signal });
  } catch (error) {
    if (error instanceof LocalPathUnusable) return undefined;
    throw error;
  }
  signal.throwIfAborted();
  result.newLocally = plan.newPaths.size;
  const changed = new Map<string, LocalChange>();
  for (const { path } of plan.uploads) if (!plan.newPaths.has(path)) changed.set(path, 'changedLocally');
  for (const { file, record } of plan.checks) {
    if (!Number.isNaN(record.mtime) && record.mtime !== file.mtime) changed.set(file.path, 'changedLocally');
  }
  const gone = [...plan.goneFiles.map(({ path }) => path), ...plan.goneFolders, ...plan.goneDuringScan];
  for (const path of gone) changed.set(path, 'goneLocally');
  return changed;
}

/** Compares one record with its object; answers the rest of the work where it needs a request or the file's content. */
function createComparison(
  options: VerifyOptions,
  result: Verification,
  changed: ReadonlyMap<string, LocalChange> | undefined,
  find: Find,
) {
  const { deep } = options;
  const isAsRecorded = (path: string) => changed !== undefined && !changed.has(path);
  const filter = filterOf(options.config, options.own);

  async function checkContent(record: FileRecord): Promise<void> {
    try {
      const { hash } = await hashLike(
        record.hash,
        join(options.config.localPath, record.path),
        options.signal,
      );
      if (hash !== record.hash) find('content', record.path);
    } catch (error) {
      notRead(record.path, localFailure(error));
    }
  }

  function notRead(path: string, failure: Failure): void {
    if (failure.kind === 'defect') throw failure;
    const isGone = failure.code === 'ENOENT' || failure.code === 'ENOTDIR';
    if (isGone) find('goneLocally', path);
    else if (failure.kind === 'changed') find('changedLocally', path);
    else find('unreadable', path, failure.code);
  }

  function same(record: LedgerRecord): (() => Promise<void>) | undefined {
    result.same++;
    if (!deep || !isFile(record) || !isAsRecorded(record.path)) return undefined;
    // What takes no part any more may be as it likes: its object stays as it is.
    if (filter.excludes(record.path)) return undefined;
    return () => checkContent(record);
  }

  return ({ path, entry, object }: Meeting<LedgerRecord>): (() => Promise<void>) | undefined => {
    if (entry) result.records++;
    if (!entry) {
      // The folder object of cos_path itself is nobody's.
      if (path !== '') find(options.ledger.begun.has(path) ? 'begun' : 'unknown', path);
      return undefined;
    }
    // Ours, with content that nobody recorded: the next sync sends it whatever is there.
    if (isUnknown(entry)) return undefined;
    if (object && isAsListed(entry, object)) return same(entry);
    return async () => {
      const content = await contentInCos(options, entry, object, isAsRecorded(path));
      if (content instanceof Failure) notRead(path, content);
      else if ('kind' in content) find(content.kind, path, content.detail, content.isConfirmed);
      else {
        if (isFile(entry) && content.etag !== entry.etag) {
          result.renewed.push({ ...entry, etag: content.etag });
        }
        await same(entry)?.();
      }
    };
  };
}

function isAsListed(record: LedgerRecord, { size, etag }: ListedObject): boolean {
  return !isFile(record) || (record.size === size && record.etag === etag);
}

/** What speaks against a record. */
interface Contradiction {
  kind: 'missing' | 'different';
  detail: string;
  /** Whether the object itself was asked: a listing may lag behind. */
  isConfirmed: boolean;
}

/**
 * Looks at an object that is not listed as recorded: a listing may lag, and an ETag depends on how an object was
 * uploaded and encrypted. Its CRC-64 depends on the content alone.
 * @returns the object's ETag where the content is the recorded one; why the local file, which alone could tell, was not read
 */
async function contentInCos(
  { store, requests, config, prefix, signal }: VerifyOptions,
  record: LedgerRecord,
  object: ListedObject | undefined,
  isLocalAsRecorded: boolean,
): Promise<Contradiction | { etag: string } | Failure> {
  const different = (detail: string): Contradiction => ({ kind: 'different', detail, isConfirmed: true });
  let head: ObjectHead | undefined;
  try {
    head = await requests.send(() => store.head(prefix + record.path));
  } catch (error) {
    const failure = error as Failure;
    if (!isRefusal(failure)) throw failure;
    const kind = object ? 'different' : 'missing';
    return { kind, detail: failure.action ?? failure.code, isConfirmed: false };
  }
  if (!head) return { kind: 'missing', detail: '', isConfirmed: true };
  if (!isFile(record) || (head.etag === record.etag && head.size === record.size)) return head;
  if (head.size !== record.size) return different(`${record.size} → ${head.size}`);
  const others = different(`ETag ${record.etag} → ${head.etag}`);
  if (head.crc64 === undefined) return others;
  const recorded = crc64In(record.hash);
  if (recorded !== undefined) return recorded === head.crc64 ? head : others;
  if (!isLocalAsRecorded) return others;
  try {
    const file = join(config.localPath, record.path);
    const crc64 = await hashLike(crc64Hash(head.crc64), file, signal);
    const md5 = await hashLike(record.hash, file, signal);
    const isSame = crc64.hash === crc64Hash(head.crc64) && md5.hash === record.hash;
    return isSame ? head : others;
  } catch (error) {
    return localFailure(error);
  }
}
