import { randomUUID } from 'node:crypto';
import { readFileSync, readlinkSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { hostname, uptime } from 'node:os';

/**
 * Where nothing tells whether a process is the owner or only has its number, it is held for the owner
 * this long, in ms: a suspended owner renews nothing.
 */
const LONGEST_SUSPENSION = 12 * 3_600_000;

/** Who holds a lock, as it lies beside it. */
export interface Owner {
  pid: number;
  host: string;
  /** Tells one taking of the lock from another. */
  id?: string;
  /** The kernel's boot: containers of one machine share it. */
  boot?: string;
  /** Whether the kernel keeps the lock as well, so that it tells whether the owner lives. */
  isKept?: boolean;
  /** The PID namespace: a container may share its host's name, and not its process IDs. */
  space?: string;
  /** When the process started, as Linux counts it; elsewhere undefined. */
  start?: string | undefined;
}

/** This process as an owner. @param isKept whether it holds the kernel's lock, too */
export function thisOwner(isKept: boolean): Owner {
  const { pid } = process;
  return {
    pid,
    host: hostname(),
    id: randomUUID(),
    boot: bootId(),
    isKept,
    space: pidSpace(),
    start: startOf(pid),
  };
}

/** @returns undefined where there is none, or half of one. @throws the system's error where it cannot be read */
export async function readOwner(file: string): Promise<Owner | undefined> {
  const text = await readFile(file, 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return '';
    throw error;
  });
  try {
    return JSON.parse(text) as Owner;
  } catch {
    return undefined;
  }
}

/**
 * Whether the owner of a lock lives; undefined where it is no process of this machine, or of another container.
 * @param renewed when it last renewed its lock, in ms since 1970
 * @param hasKernelLock whether this process holds the kernel's lock now
 */
export function isAlive(owner: Owner, renewed: number, hasKernelLock: boolean): boolean | undefined {
  const { host, space = pidSpace(), boot } = owner;
  const isOfThisKernel = boot ? boot === bootId() : host === hostname();
  if (hasKernelLock && owner.isKept && isOfThisKernel) return false;
  if (host !== hostname() || space !== pidSpace()) return undefined;
  return isProcessAlive(owner, renewed);
}

function isProcessAlive({ pid, start }: Owner, renewed: number): boolean {
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

function pidSpace(): string {
  try {
    return readlinkSync('/proc/self/ns/pid');
  } catch {
    return '';
  }
}

/** Empty where the system has none. */
function bootId(): string {
  try {
    return readFileSync('/proc/sys/kernel/random/boot_id', 'latin1').trim();
  } catch {
    return '';
  }
}
