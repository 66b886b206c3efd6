import { readFileSync, readlinkSync } from 'node:fs';
import { mkdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { hostname, uptime } from 'node:os';
import { dirname } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import lockfile from 'proper-lockfile';
import { LedgerLocked, LedgerUnusable } from './errors.ts';

/** A holder renews its lock this often, in ms. */
const RENEWAL = 15_000;
/** Another host's lock that was not renewed for this long, in ms, is nobody's: that host may have crashed. */
const STALE = 60_000;
/**
 * Where nothing tells whether a process is the owner or only has its number, it is held for the owner
 * this long, in ms: a suspended owner renews nothing.
 */
const LONGEST_SUSPENSION = 12 * 3_600_000;
/** ms after which a lock that names no owner is what a killed process left: naming it takes one. */
const NAMING = 1_000;
/** What is done behind a gate is a matter of ms; whoever was killed at it is out of the way after this, in ms. */
const GATE_STALE = 5_000;
const GATE_RETRIES = { retries: 120, factor: 1, minTimeout: 50, maxTimeout: 50 };

interface Owner {
  pid: number;
  host: string;
  /** The PID namespace: a container may share its host's name, and not its process IDs. */
  space?: string;
  /** When the process started, as Linux counts it; elsewhere undefined. */
  start?: string | undefined;
}

/** Held while a run uses a ledger. */
export interface Lock {
  release(): Promise<void>;
}

/**
 * Takes the lock of a ledger. The lock of a process of this host is taken over at once when the process
 * is no longer alive, and never before, for it may be suspended; another host's when it was not renewed
 * for 60 s, so that hosts that share a ledger must have clocks that differ by less than half a minute.
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
      let holder = await holderOf(file);
      if (holder === 'nobody') {
        await delay(NAMING);
        holder = await holderOf(file);
      }
      if (holder === 'alive') return undefined;
      if (holder === 'dead' || holder === 'nobody') await removeLock(file);
      return acquire(file, lose);
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
  const holder = await holderOf(file);
  if (holder === 'alive' || holder === 'dead') return holder === 'alive';
  return lockfile.check(file, { lockfilePath: lockPath(file), stale: STALE, realpath: false });
}

type Release = () => Promise<void>;

/**
 * Work of a moment that one process at a time does with a file. Between two looks of one at a lock,
 * another would take over a lock whose new owner had not yet written its name.
 * @returns undefined where others were at it for 6 s; the work was not done then
 * @throws Error where there can be no gate (no permission, disk full)
 */
export async function throughGate<T>(file: string, work: () => Promise<T>): Promise<T | undefined> {
  let leave: Release;
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
  const { pid } = process;
  const owner: Owner = { pid, host: hostname(), space: pidSpace(), start: startOf(pid) };
  await writeFile(ownerFile(file), JSON.stringify(owner)).catch(async error => {
    await release().catch(() => {});
    throw error;
  });
  return release;
}

/** Whether a lock's owner lives; unknown where it is no process of this host, or there is no lock. */
async function holderOf(file: string): Promise<'alive' | 'dead' | 'nobody' | 'unknown'> {
  const lock = await stat(lockPath(file)).catch(() => undefined);
  if (!lock) return 'unknown';
  const owner = await readOwner(file);
  if (!owner) return 'nobody';
  const { host, space = pidSpace() } = owner;
  if (host !== hostname() || space !== pidSpace()) return 'unknown';
  return isAlive(owner, lock.mtimeMs) ? 'alive' : 'dead';
}

async function removeLock(file: string): Promise<void> {
  await rm(ownerFile(file), { force: true });
  await rm(lockPath(file), { recursive: true, force: true });
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

/** @param renewed when it last renewed its lock, in ms since 1970 */
function isAlive({ pid, start }: Owner, renewed: number): boolean {
  try {
    process.kill(pid, 0);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ESRCH') return false;
  }
  const startNow = startOf(pid);
  if (start !== undefined && startNow !== undefined) return start === startNow;
  const booted = Date.now() - uptime() * 1_000;
  return renewed > Math.max(booted, Date.now() - LONGEST_SUSPENSION);
}

/** When a process started: undefined where that cannot be found out, '' for one that ended and was not waited for. */
function startOf(pid: number): string | undefined {
  try {
    const line = readFileSync(`/proc/${pid}/stat`, 'latin1');
    // The program's name stands in parentheses, and may hold some itself.
    const [state, ...others] = line.slice(line.lastIndexOf(')') + 2).split(' ');
    return state === 'Z' || state === 'X' ? '' : others[18];
  } catch {
    return undefined;
  }
}

function lockPath(file: string): string {
  return `${file}.lock`;
}

function ownerFile(file: string): string {
  return `${file}.owner.json`;
}
