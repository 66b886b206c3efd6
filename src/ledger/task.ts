import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { rename } from 'node:fs/promises';
import { join } from 'node:path';
import { prefixOf } from '../config/prefix.ts';
import type { Config } from '../config/schema.ts';

/** What a ledger is about; a change of any of these is another ledger. */
export interface Task {
  bucket: string;
  /** The region, or the endpoint where one is configured. */
  place: string;
  localPath: string;
  prefix: string;
}

/** What a configuration's ledger is about. */
export function taskOf(config: Config): Task {
  return {
    bucket: config.bucket,
    place: config.endpoint || config.region,
    localPath: config.localPath,
    prefix: prefixOf(config.cosPath),
  };
}

/** Where a task's objects are, for a person to read. */
export function targetOf({ bucket, prefix }: Task): string {
  return `cos://${bucket}/${prefix}`;
}

/** db/<bucket>-<hash of the task>.db */
export function ledgerFile(dbFolder: string, { bucket, place, localPath, prefix }: Task): string {
  const hash = createHash('sha256').update([bucket, place, localPath, prefix].join('\0')).digest('hex');
  return join(dbFolder, `${bucket}-${hash.slice(0, 12)}.db`);
}

/**
 * The file that a task's ledger is in at this moment, for who only reads it: a configuration
 * that had no region and now has one goes on with the ledger it had.
 */
export function currentLedger(dbFolder: string, task: Task): string {
  const file = ledgerFile(dbFolder, task);
  const withoutRegion = ledgerFile(dbFolder, { ...task, place: '' });
  return !existsSync(file) && existsSync(withoutRegion) ? withoutRegion : file;
}

/** Gives the task's current ledger the task's name. The caller holds the lock of the task's ledger. */
export async function adoptLedger(dbFolder: string, task: Task): Promise<void> {
  const [file, current] = [ledgerFile(dbFolder, task), currentLedger(dbFolder, task)];
  if (current !== file) await rename(current, file);
}
