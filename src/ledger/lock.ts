import { dirname } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import lockfile from 'proper-lockfile';
import { makeFolder } from '../make-folder.ts';
import { LedgerLocked, LedgerUnusable } from './errors.ts';
import {
  type FileLock,
  type FileLockTimes,
  ownerFile,
  removeFileLock,
  renewedAt,
  takeFileLock,
} from './file-lock.ts';
import { takeKernelLock } from './kernel-lock.ts';
import { isAlive, readOwner, thisOwner } from './lock-owner.ts';

/** A holder renews its lock often enough to miss some; another host's that missed them all may have crashed. */
const TIMES: FileLockTimes = { renewal: 15_000, stale: 60_000 };
/** ms after which a lock that names no owner is what a killed process left: naming it takes one. */
const NAMING = 1_000;
/** What is done behind a gate is a matter of ms; whoever was killed at it is out of the way after this, in ms. */
const GATE_STALE = 5_000;
const GATE_RETRIES = { retries: 120, factor: 1, minTimeout: 50, maxTimeout: 50 };

/** Held while a run uses a ledger. */
export interface Lock {
  release(): Promise<void>;
}

/**
 * Takes the lock of a ledger: the kernel's, which ends with its process, and beside it one that other hosts
 * see. What a process of this machine left is taken over at once when it is no longer alive, and never before,
 * for it may be suspended; another host's when it was not renewed for 60 s, so that hosts that share a
 * ledger must have clocks that differ by less than half a minute.
 * @param onLost is called when the lock could not be renewed in time and another run may have taken it
 * @throws LedgerLocked, LedgerUnusable
 */
export async function lockLedger(
  file: string,
  onLost: (error: LedgerLocked) => void,
  times = TIMES,
): Promise<Lock> {
  try {
    makeFolder(dirname(file));
    const kernelLock = await takeKernelLock(keptFile(file));
    if (kernelLock === 'held') throw new LedgerLocked(await readOwner(ownerFile(file)));
    try {
      const lose = () => onLost(new LedgerLocked(undefined));
      const fileLock = await throughGate(file, () =>
        takeOverOrTake(file, kernelLock !== undefined, times, lose),
      );
      if (!fileLock) throw new LedgerLocked(await readOwner(ownerFile(file)));
      return {
        async release() {
          await fileLock.release().catch(() => {});
          kernelLock?.release();
        },
      };
    } catch (error) {
      kernelLock?.release();
      throw error;
    }
  } catch (error) {
    throw error instanceof LedgerLocked ? error : new LedgerUnusable(file, error);
  }
}

/** Whether a run holds the ledger now; for those who only look. */
export async function isLocked(file: string): Promise<boolean> {
  if ((await renewedAt(file)) === undefined) return false;
  const kernelLock = await takeKernelLock(keptFile(file));
  if (kernelLock === 'held') return true;
  try {
    return (await holderOf(file, kernelLock !== undefined, TIMES)) === 'alive';
  } finally {
    kernelLock?.release();
  }
}

/**
 * Work of a moment that one process at a time does with a file. Between two looks of one at a lock,
 * another would take over a lock whose new owner had not yet written its name.
 * @returns undefined where others were at it for 6 s; the work was not done then
 * @throws Error where there can be no gate (no permission, disk full)
 */
export async function throughGate<T>(file: string, work: () => Promise<T>): Promise<T | undefined> {
  let leave: () => Promise<void>;
  try {
    // A name of its own: the library keeps one lock a name, and would take the two for one.
    leave = await lockfile.lock(`${file}.gate`, {
      lockfilePath: `${file}.gate`,
      stale: GATE_STALE,
      retries: GATE_RETRIES,
      realpath: false,
      onCompromised: () => {},
    });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ELOCKED') return undefined;
    throw error;
  }
  try {
    return await work();
  } finally {
    await leave().catch(() => {});
  }
}

async function takeOverOrTake(
  file: string,
  hasKernelLock: boolean,
  times: FileLockTimes,
  onLost: () => void,
): Promise<FileLock | undefined> {
  let holder = await holderOf(file, hasKernelLock, times);
  if (holder === 'unnamed') {
    await delay(NAMING);
    holder = await holderOf(file, hasKernelLock, times);
  }
  if (holder === 'alive') return undefined;
  if (holder !== undefined) await removeFileLock(file);
  return takeFileLock(file, thisOwner(hasKernelLock), times, onLost);
}

/** What a lock says of its holder; undefined where there is no lock. */
async function holderOf(
  file: string,
  hasKernelLock: boolean,
  { stale }: FileLockTimes,
): Promise<'alive' | 'dead' | 'unnamed' | undefined> {
  const renewed = await renewedAt(file);
  if (renewed === undefined) return undefined;
  const owner = await readOwner(ownerFile(file));
  if (!owner) return 'unnamed';
  const isKnownAlive = isAlive(owner, renewed, hasKernelLock) ?? Date.now() - renewed < stale;
  return isKnownAlive ? 'alive' : 'dead';
}

/** The file that the kernel keeps for its holder; it is never removed, and holds nothing. */
function keptFile(file: string): string {
  return `${file}.held`;
}
