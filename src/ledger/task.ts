import { createHash } from 'node:crypto';
import { closeSync, existsSync, openSync, readdirSync, readSync, statSync } from 'node:fs';
import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { prefixOf } from '../config/prefix.ts';
import type { Config } from '../config/schema.ts';
import { shardText } from '../config/shard.ts';
import { Failure } from '../failure.ts';
import { inTime, TIMED_OUT } from '../in-time.ts';

/** What a ledger is about; a change of any of these is another ledger. */
export interface Task {
  bucket: string;
  /** The region, or the endpoint where one is configured. */
  place: string;
  localPath: string;
  prefix: string;
  /** `i/n`, where the ledger is of a part of the folder. */
  shard?: string;
}

/** What a configuration's ledger is about. */
export function taskOf(config: Config): Task {
  return {
    bucket: config.bucket,
    place: config.endpoint || config.region,
    localPath: config.localPath,
    prefix: prefixOf(config.cosPath),
    ...(config.shard && { shard: shardText(config.shard) }),
  };
}

/** Where a task's objects are, for a person to read. */
export function targetOf({ bucket, prefix }: Pick<Task, 'bucket' | 'prefix'>): string {
  return `cos://${bucket}/${prefix}`;
}

/** db/<bucket>-<hash of the task>.db: where a new ledger of the task goes. */
export function ledgerFile(dbFolder: string, { bucket, place, localPath, prefix, shard }: Task): string {
  const parts = [bucket, placeKey(place), pathKey(localPath), prefix, ...(shard ? [shard] : [])];
  const hash = createHash('sha256').update(parts.join('\0')).digest('hex');
  return join(dbFolder, `${bucket}-${hash.slice(0, 12)}.db`);
}

/**
 * The file that a task's ledger is in: one that was made for another spelling of the same endpoint or folder,
 * or before the region was configured, is the task's, too.
 */
export async function currentLedger(dbFolder: string, task: Task): Promise<string> {
  const file = ledgerFile(dbFolder, task);
  if (existsSync(file)) return file;
  for (const other of ledgersOf(dbFolder, task)) if (await isSameTask(other.task, task)) return other.file;
  return file;
}

/**
 * Whether a ledger's task is the one that is wanted, however its endpoint and folder are spelled: a link to a
 * folder is that folder. A task that had no region at first has one now.
 */
export async function isSameTask(found: Task, wanted: Task): Promise<boolean> {
  const isOfTarget = found.bucket === wanted.bucket && found.prefix === wanted.prefix;
  const isOfPlace = found.place === '' || placeKey(found.place) === placeKey(wanted.place);
  const isOfShard = found.shard === wanted.shard;
  return isOfTarget && isOfPlace && isOfShard && isSameFolder(found.localPath, wanted.localPath);
}

/** An endpoint without its scheme and the port that is the scheme's; host names know no case. */
function placeKey(place: string): string {
  const [, host = place, port = ''] = /^(?:https?:\/\/)?([^/:]+)(?::(\d+))?\/?$/i.exec(place) ?? [];
  return host.toLowerCase() + (['', '80', '443'].includes(port) ? '' : `:${port}`);
}

function pathKey(path: string): string {
  return process.platform === 'win32' ? path.toLowerCase() : path;
}

/** Seconds that a folder has to say which it is: another job's may be on a drive that does not answer. */
const PATIENCE = 10;
/** Such folders are not asked again. */
const unanswering = new Set<string>();

async function isSameFolder(a: string, b: string): Promise<boolean> {
  if (pathKey(a) === pathKey(b)) return true;
  try {
    const [one, other] = [await identityOf(a), await identityOf(b)];
    return one.ino === other.ino && one.dev === other.dev && one.ino !== 0n;
  } catch {
    // What is not there, or does not answer, cannot be told from another.
    return false;
  }
}

function isThere(folder: string): Promise<boolean> {
  return identityOf(folder).then(
    () => true,
    () => false,
  );
}

async function identityOf(folder: string): Promise<{ dev: bigint; ino: bigint }> {
  if (unanswering.has(folder)) throw new Failure('local', { code: TIMED_OUT });
  try {
    return await inTime(stat(folder, { bigint: true }), PATIENCE);
  } catch (error) {
    if (error instanceof Failure) unanswering.add(folder);
    throw error;
  }
}

/** A ledger that there is, and what its first line says of it. */
export interface LedgerFile {
  file: string;
  task: Task;
  /** Of ledgers of the same files the one with the highest counts: it took over what the others held. */
  generation: number;
}

/** Ledgers in db/ of the same bucket and cos_path. */
export function ledgersOf(dbFolder: string, { bucket, prefix }: Task): LedgerFile[] {
  return ledgersIn(dbFolder, bucket).filter(({ task }) => task.prefix === prefix);
}

/** A ledger whose objects lie where a folder of another task's is uploaded to. */
export interface LedgerWithin extends LedgerFile {
  /** That folder, relative to the other task's local_path; ends with `/`. */
  folder: string;
}

/**
 * Ledgers in db/ of other folders, whose cos_path lies in the task's, where the task has a folder of that name: each
 * of the two overwrites and deletes what the other uploads.
 */
export async function ledgersWithin(dbFolder: string, task: Task): Promise<LedgerWithin[]> {
  const found: LedgerWithin[] = [];
  for (const ledger of ledgersIn(dbFolder, task.bucket)) {
    const { place, prefix, localPath } = ledger.task;
    // A folder that is divided into shards has many.
    if (found.some(({ task: known }) => known.prefix === prefix && known.localPath === localPath)) continue;
    if (placeKey(place) !== placeKey(task.place)) continue;
    if (prefix === task.prefix || !prefix.startsWith(task.prefix)) continue;
    const folder = prefix.slice(task.prefix.length);
    const own = join(task.localPath, folder);
    if (!(await isThere(own)) || (await isSameFolder(localPath, own))) continue;
    found.push({ ...ledger, folder });
  }
  return found;
}

function ledgersIn(dbFolder: string, bucket: string): LedgerFile[] {
  if (!existsSync(dbFolder)) return [];
  return readdirSync(dbFolder)
    .filter(name => name.startsWith(`${bucket}-`) && name.endsWith('.db'))
    .flatMap(name => {
      const ledger = ledgerAt(join(dbFolder, name));
      return ledger?.task.bucket === bucket ? [ledger] : [];
    });
}

/** A ledger's first line is longer than this only where a path is. */
const FIRST_LINE = 16 * 1024;

/** What a file says of itself; undefined where it is no ledger. */
export function ledgerAt(file: string): LedgerFile | undefined {
  const bytes = Buffer.alloc(FIRST_LINE);
  try {
    // Opening a pipe might never end.
    if (!statSync(file).isFile()) return undefined;
    const descriptor = openSync(file, 'r');
    const length = readSync(descriptor, bytes);
    closeSync(descriptor);
    const [line = ''] = bytes.toString('utf8', 0, length).split('\n', 1);
    const { task, generation = 0 } = JSON.parse(line) as { task?: Task; generation?: number };
    return task && { file, task, generation };
  } catch {
    return undefined;
  }
}
