import { existsSync } from 'node:fs';
import { copyFile } from 'node:fs/promises';
import { putAside } from './datafile.ts';
import { LedgerDamaged, LedgerUnusable } from './errors.ts';
import { createLedger, type Ledger, openLedger } from './ledger.ts';
import type { LedgerRecord } from './records.ts';
import type { Task } from './task.ts';

/** The copy of a ledger that a whole new one took the place of. */
const BEFORE = '.before-rebuild';

/** The ledger as it is, for who is about to replace it; undefined where it is damaged. @throws LedgerUnusable */
export async function openIfWhole(file: string, task: Task): Promise<Ledger | undefined> {
  try {
    return await openLedger({ file, task, readOnly: true });
  } catch (error) {
    if (error instanceof LedgerDamaged) return undefined;
    throw error;
  }
}

/**
 * Puts a ledger of the given records in the place of the one there is, if any; the caller holds
 * its lock. What was begun and not completed is taken over. The old file is kept.
 * @param old as openIfWhole answered it
 * @returns where the old file is now; undefined where there was none
 * @throws LedgerUnusable
 */
export async function replaceLedger(
  file: string,
  task: Task,
  records: readonly LedgerRecord[],
  old: Ledger | undefined,
): Promise<string | undefined> {
  try {
    const kept = existsSync(file) ? await keep(file, old !== undefined) : undefined;
    await createLedger(file, task, records);
    if (old) await takeOver(file, task, old, records);
    return kept;
  } catch (error) {
    throw error instanceof LedgerUnusable ? error : new LedgerUnusable(file, error);
  }
}

async function keep(file: string, isWhole: boolean): Promise<string> {
  if (!isWhole) return putAside(file);
  await copyFile(file, file + BEFORE);
  return file + BEFORE;
}

async function takeOver(
  file: string,
  task: Task,
  old: Ledger,
  records: readonly LedgerRecord[],
): Promise<void> {
  if (old.uploads.size === 0 && old.begun.size === 0 && old.lastScan === undefined) return;
  const ledger = await openLedger({ file, task });
  for (const upload of old.uploads.values()) ledger.putUpload(upload);
  const recorded = new Set(records.map(({ path }) => path));
  for (const begun of old.begun.values()) if (!recorded.has(begun.path)) ledger.putBegun(begun);
  if (old.lastScan) ledger.putLastScan(old.lastScan);
  await ledger.close();
}
