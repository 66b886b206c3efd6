import { existsSync } from 'node:fs';
import { copyFile } from 'node:fs/promises';
import { isSystemError } from '../failure.ts';
import { putAside, removeFile, replaceFile } from './datafile.ts';
import { LedgerDamaged, LedgerUnusable } from './errors.ts';
import { type Ledger, type LedgerOptions, openLedger } from './ledger.ts';
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
  options: LedgerOptions,
  old: Ledger | undefined,
  fill: (draft: Ledger) => Promise<void>,
): Promise<string | undefined> {
  const { file } = options;
  return throughDraft(
    options,
    async ledger => {
      for (const upload of old?.uploads.values() ?? []) ledger.putUpload(upload);
      // A record of the same path takes its place.
      for (const begun of old?.begun.values() ?? []) ledger.putBegun(begun);
      if (old?.lastScan) ledger.putLastScan(old.lastScan);
      await fill(ledger);
    },
    () => (existsSync(file) ? keep(file, old !== undefined) : undefined),
  );
}

/**
 * Makes a ledger of nothing but what `fill` puts into it, in any order; the caller holds its lock. Until it is whole
 * and on the disk, what was in its place stands.
 * @throws LedgerUnusable; what `fill` throws, and all is as it was
 */
export async function makeLedger(
  options: LedgerOptions,
  fill: (draft: Ledger) => Promise<void>,
): Promise<void> {
  await throughDraft(options, fill, () => undefined);
}

async function throughDraft<T>(
  options: LedgerOptions,
  fill: (draft: Ledger) => Promise<void>,
  beforeReplacing: () => Promise<T> | undefined,
): Promise<T | undefined> {
  const { file } = options;
  const draft = file + DRAFT;
  try {
    await removeFile(draft);
    const ledger = await openLedger({ ...options, file: draft, isDraft: true });
    try {
      await fill(ledger);
    } finally {
      await ledger.close();
    }
    options.lost?.throwIfAborted();
    const kept = await beforeReplacing();
    await replaceFile(draft, file);
    return kept;
  } catch (error) {
    await removeFile(draft).catch(() => {});
    if (error instanceof LedgerUnusable && error.file === draft) throw new LedgerUnusable(file, error.cause);
    throw isSystemError(error) ? new LedgerUnusable(file, error) : error;
  }
}

async function keep(file: string, isWhole: boolean): Promise<string> {
  if (!isWhole) return putAside(file);
  await copyFile(file, file + BEFORE);
  return file + BEFORE;
}
