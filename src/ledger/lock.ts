import { existsSync, readlinkSync } from 'node:fs';
import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { hostname } from 'node:os';
import { dirname } from 'node:path';
import lockfile from 'proper-lockfile';
import { LedgerLocked, LedgerUnusable } from './errors.ts';

/** A holder renews its lock this often, in ms. */
const RENEWAL = 15_000;
/** A lock that was not renewed for this long, in ms, is nobody's: its host may have crashed. */
const STALE = 60_000;
/** Taking a lock is a matter of ms; whoever was killed at it is out of the way after this, in ms. */
const GATE_STALE = 5_000;
const GATE_RETRIES = { retries: 120, factor: 1, minTimeout: 50, maxTimeout: 50 };

interface Owner {
  pid: number;
  host: string;
  /** The PID namespace: a container may share its host's name, and not its process IDs. */
  space?: string;
}

/** Held while a run uses a ledger. */
export interface Lock {
  release(): Promise<void>;
}

/**
 * Takes the lock of a ledger. The lock of a process of this host that is no longer alive is taken
 * over at once; another host's only when it was not renewed for 60 s, so that hosts that share
 * a ledger must have clocks that differ by less than half a minute.
 * @param onLost is called when the lock could not be renewed in time and another run may have taken it
 * @throws LedgerLocked, LedgerUnusable
 */
export async function lockLedger(file: string, onLost: (error: LedgerLocked) => void): Promise<Lock> {
  let isLost = false;
  const lose = () => {
    isLost = true;
    onLost(new LedgerLocked(undefined));
  };
  try {
    await mkdir(dirname(file), { recursive: true });
    const release = await throughGate(file, async () => {
      const taken = await acquire(file, lose);
      return taken ?? ((await removeDead(file)) ? await acquire(file, lose) : undefined);
    });
    if (!release) throw new LedgerLocked(await readOwner(file));
    return {
      async release() {
        // What is lost may be another run's by now.
        if (!isLost) await rm(ownerFile(file), { force: true });
        await release().catch(() => {});
      },
    };
  } catch (error) {
    throw error instanceof LedgerLocked ? error : new LedgerUnusable(file, error);
  }
}

/** Whether a run holds the ledger now; for those who only look. */
export async function isLocked(file: string): Promise<boolean> {
  if (!existsSync(lockPath(file))) return false;
  const owner = await readOwner(file);
  if (owner && isDead(owner)) return false;
  return lockfile.check(file, { lockfilePath: lockPath(file), stale: STALE, realpath: false });
}

type Release = () => Promise<void>;

/**
 * One process at a time looks at a lock and takes it: between two looks of one, another would
 * take over a lock whose new owner had not yet written its name.
 */
async function throughGate<T>(file: string, work: () => Promise<T>): Promise<T | undefined> {
  let leave: Release;
  try {
    leave = await lockfile.lock(`${file}.takeover`, {
      // A name of its own: the library keeps one lock a name, and would take the two for one.
      lockfilePath: `${lockPath(file)}.takeover`,
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

async function acquire(file: string, onLost: () => void): Promise<Release | undefined> {
  let release: Release;
  try {
    release = await lockfile.lock(file, {
      lockfilePath: lockPath(file),
      stale: STALE,
      update: RENEWAL,
      realpath: false,
      onCompromised: onLost,
    });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ELOCKED') return undefined;
    throw error;
  }
  const owner: Owner = { pid: process.pid, host: hostname(), space: pidSpace() };
  await writeFile(ownerFile(file), JSON.stringify(owner)).catch(async error => {
    await release().catch(() => {});
    throw error;
  });
  return release;
}

/** Removes the lock of an owner that is no more. */
async function removeDead(file: string): Promise<boolean> {
  const owner = await readOwner(file);
  if (!owner || !isDead(owner)) return false;
  await rm(ownerFile(file), { force: true });
  await rm(lockPath(file), { recursive: true, force: true });
  return true;
}

function pidSpace(): string {
  try {
    return readlinkSync('/proc/self/ns/pid');
  } catch {
    return '';
  }
}

async function readOwner(file: string): Promise<Owner | undefined> {
  try {
    return JSON.parse(await readFile(ownerFile(file), 'utf8')) as Owner;
  } catch {
    return undefined;
  }
}

function isDead({ pid, host, space = pidSpace() }: Owner): boolean {
  if (host !== hostname() || space !== pidSpace()) return false;
  if (pid === process.pid) return false;
  try {
    process.kill(pid, 0);
    return false;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'ESRCH';
  }
}

function lockPath(file: string): string {
  return `${file}.lock`;
}

function ownerFile(file: string): string {
  return `${file}.owner.json`;
}
