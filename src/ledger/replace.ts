import { existsSync } from 'node:fs';
import { copyFile } from 'node:fs/promises';
import { isSystemError } from '../failure.ts';
import { putAside, removeFile, replaceFile } from './datafile.ts';
import { LedgerDamaged, LedgerUnusable } from './errors.ts';
import { type Ledger, openLedger } from './ledger.ts';
import type { Task } from './task.ts';

/** The copy of a ledger that a whole new one took the place of. */
const BEFORE = '.before-rebuild';
/** A new ledger before it is whole; one that a crash left is begun anew. */
const DRAFT = '.draft';

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
 * Puts a new ledger in the place of the one there is, if any; the caller holds its lock. What was begun and not
 * completed is taken over. The old file is kept. Until the new one is whole and on the disk, the old one stands.
 * @param old as openIfWhole answered it
 * @param fill puts the records into the new ledger, in any order
 * @returns where the old file is now; undefined where there was none
 * @throws LedgerUnusable; what `fill` throws, and the ledger is as it was
 */
export async function replaceLedger(
  file: string,
  task: Task,
  old: Ledger | undefined,
  fill: (draft: Ledger) => Promise<void>,
): Promise<string | undefined> {
  const draft = file + DRAFT;
  try {
    await removeFile(draft);
    await write(draft, task, old, fill);
    const kept = existsSync(file) ? await keep(file, old !== undefined) : undefined;
    await replaceFile(draft, file);
    return kept;
  } catch (error) {
    await removeFile(draft).catch(() => {});
    if (error instanceof LedgerUnusable) throw new LedgerUnusable(file, error.cause);
    throw isSystemError(error) ? new LedgerUnusable(file, error) : error;
  }
}

async function write(
  draft: string,
  task: Task,
  old: Ledger | undefined,
  fill: (draft: Ledger) => Promise<void>,
): Promise<void> {
  const ledger = await openLedger({ file: draft, task, isDraft: true });
  try {
    for (const upload of old?.uploads.values() ?? []) ledger.putUpload(upload);
    // A record of the same path takes its place.
    for (const begun of old?.begun.values() ?? []) ledger.putBegun(begun);
    if (old?.lastScan) ledger.putLastScan(old.lastScan);
    await fill(ledger);
  } finally {
    await ledger.close();
  }
}

async function keep(file: string, isWhole: boolean): Promise<string> {
  if (!isWhole) return putAside(file);
  await copyFile(file, file + BEFORE);
  return file + BEFORE;
}
