import { existsSync, rmdirSync } from 'node:fs';
import { dirname } from 'node:path';
import { EXIT } from '../../cli/exit-codes.ts';
import type { Invocation } from '../../cli/invocation.ts';
import { usageFault } from '../../config/faults.ts';
import { type Journal, noJournal, openJournal } from '../../engine/restore/journal.ts';
import { missingPlace, openPlace, type Place } from '../../engine/restore/place.ts';
import { Failure } from '../../failure.ts';
import { checkDivision, divisionOf } from '../../ledger/division.ts';
import { LedgerLocked } from '../../ledger/errors.ts';
import { type Ledger, type LedgerOptions, openLedger } from '../../ledger/ledger.ts';
import { isLocked, lockLedger } from '../../ledger/lock.ts';
import { lookupIn } from '../../ledger/lookup.ts';
import { type FileRecord, isFile, isUnknown, type LedgerRecord } from '../../ledger/records.ts';
import { makeFolder } from '../../make-folder.ts';
import { errorLines } from '../../report/errors.ts';
import { holdingLock, type Session } from '../task/session.ts';
import { type Overlap, overlapOf, stateFile } from './folder.ts';
import { recordsOnDisk } from './records-on-disk.ts';

/** Where a restore writes to, and what is known of it. */
export interface Ground {
  place: Place;
  journal: Journal;
  /** What the ledger knows of a file; it costs least where paths ascend. */
  recordOf(path: string): FileRecord | undefined;
  /** Records in the ledger; undefined where it is not about this folder. */
  record: ((record: LedgerRecord) => void) | undefined;
}

interface Wanted {
  /** Absolute. */
  folder: string;
  shard: string | undefined;
  dryRun: boolean;
  yes: boolean;
}

type Work = (ground: Ground, signal: AbortSignal) => Promise<number>;

/**
 * Opens the folder, the notes of an earlier restore into it, and the ledger, and works with them while no
 * other restore into it and no sync of it can begin.
 * @throws ConfigError where a sync would meet what is restored; LedgerLocked where another restore is under way
 */
export async function onGround(
  invocation: Invocation,
  session: Session,
  given: Omit<Wanted, 'shard'>,
  work: Work,
): Promise<number> {
  const { config, task } = session;
  const wanted: Wanted = { ...given, shard: task.shard };
  const { folder, dryRun, yes } = wanted;
  const overlap = overlapOf(folder, config.localPath);
  const values = { value: folder, folder: config.localPath };
  if (overlap !== 'apart' && !dryRun && !yes) {
    if (config.deleteSync) throw usageFault('--to', 'ontoSynced', values);
    if (await isInUse(session)) throw usageFault('--to', 'ontoRunning', values);
  }
  const readOnly = await ledgersToRead(session);
  if (overlap === 'apart' || dryRun) return withLedgers(invocation, readOnly, wanted, undefined, work);
  let isBegun = false;
  try {
    return await holdingLock(invocation, task, async (ledger, signal) => {
      isBegun = true;
      // A ledger that is not in force, or is begun beside another division's, is nobody's to write to.
      const isOurs = await checkDivision(invocation.home.dbFolder, task).then(
        () => true,
        () => false,
      );
      if (overlap !== 'same' || !isOurs) {
        return withLedgers({ ...invocation, signal }, readOnly, wanted, undefined, work);
      }
      return withLedgers({ ...invocation, signal }, [ledger], wanted, overlap, work);
    });
  } catch (error) {
    if (isBegun || !yes || !(error instanceof LedgerLocked)) throw error;
    return withLedgers(invocation, readOnly, wanted, undefined, work);
  }
}

/** The task's own ledger; those of the division that is in force where that is another. */
async function ledgersToRead({ home, task, file }: Session): Promise<LedgerOptions[]> {
  const { own, inForce, others } = await divisionOf(home.dbFolder, task);
  const [latest] = others;
  if (!latest || (own && inForce.includes(own))) return [{ file, task, readOnly: true }];
  const ofLatest = others.filter(({ generation }) => generation === latest.generation);
  return ofLatest.map(({ file, task }) => ({ file, task, readOnly: true }));
}

/** Whether a run of the folder is under way, or of a shard of it. */
async function isInUse({ home, task, file }: Session): Promise<boolean> {
  const { alike, others } = await divisionOf(home.dbFolder, task);
  for (const ledger of new Set([file, ...[...alike, ...others].map(({ file }) => file)])) {
    if (await isLocked(ledger)) return true;
  }
  return false;
}

/** A ledger that cannot be used is no reason to restore nothing. */
async function withLedgers(
  invocation: Invocation,
  all: readonly LedgerOptions[],
  wanted: Wanted,
  overlap: Overlap | undefined,
  work: Work,
): Promise<number> {
  const { terminal, words } = invocation;
  const warn = (error: unknown) =>
    terminal.err(`${words.restore.withoutLedger(errorLines(error, words).join('; '))}\n`);
  const ledgers: Ledger[] = [];
  for (const options of all) {
    await openLedger(options).then(ledger => ledgers.push(ledger), warn);
  }
  const [own] = ledgers;
  const recording = overlap === 'same' && own ? recordsOnDisk(own, wanted.folder) : undefined;
  try {
    return await withPlace(invocation, wanted, (ground, signal) =>
      work(
        {
          ...ground,
          recordOf: lookupInAll(ledgers),
          record: recording?.put,
        },
        signal,
      ),
    );
  } finally {
    await recording?.end().catch(warn);
    for (const ledger of ledgers) await ledger.close().catch(warn);
  }
}

/** Each of several ledgers has its own paths. */
function lookupInAll(ledgers: readonly Ledger[]): Ground['recordOf'] {
  const lookups = ledgers.map(ledger => lookupIn(ledger.records));
  return path => {
    for (const recordOf of lookups) {
      const record = recordOf(path);
      if (record) return isFile(record) && !isUnknown(record) ? record : undefined;
    }
    return undefined;
  };
}

async function withPlace(
  { home, signal }: Invocation,
  { folder, shard, dryRun }: Wanted,
  work: (ground: Pick<Ground, 'place' | 'journal'>, signal: AbortSignal) => Promise<number>,
): Promise<number> {
  if (dryRun) {
    const place = existsSync(folder) ? openPlace(folder, undefined) : missingPlace(folder);
    return closing(place, work({ place, journal: noJournal }, signal));
  }
  const file = stateFile(home.dbFolder, folder, shard);
  const lost = new AbortController();
  const lock = await lockLedger(file, error => lost.abort(error));
  const made = missingAmong(folder);
  let exitCode: number = EXIT.failures;
  try {
    const journal = openJournal(file);
    const place = openToWrite(folder, journal);
    exitCode = await closing(place, work({ place, journal }, AbortSignal.any([signal, lost.signal])));
    return exitCode;
  } finally {
    if (exitCode !== EXIT.ok) removeEmpty(made);
    await lock.release();
  }
}

/** A folder and those above it, as far as they are not there yet. */
function missingAmong(folder: string): string[] {
  return existsSync(folder) ? [] : [folder, ...missingAmong(dirname(folder))];
}

/** Nobody wants folders that were made for nothing. */
function removeEmpty(folders: readonly string[]): void {
  try {
    for (const folder of folders) rmdirSync(folder);
  } catch {
    // Something came into it, or it is gone.
  }
}

async function closing(place: Place, work: Promise<number>): Promise<number> {
  try {
    return await work;
  } finally {
    place.close();
  }
}

/** @throws ConfigError where no file can be made in it; Failure where nothing can be noted */
function openToWrite(folder: string, journal: Journal): Place {
  try {
    makeFolder(folder);
    journal.noteFolder('');
    return openPlace(folder, journal.token);
  } catch (error) {
    if (!journal.isResumed) journal.remove();
    if (error instanceof Failure) throw error;
    const { code = '' } = error as NodeJS.ErrnoException;
    throw usageFault('--to', 'unwritable', { value: folder, code });
  }
}
