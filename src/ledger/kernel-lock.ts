import type { DatabaseSync } from 'node:sqlite';
import { setTimeout as delay } from 'node:timers/promises';

/** SQLite's code for a lock that another holds. Source: https://sqlite.org/rescode.html#busy */
const SQLITE_BUSY = 5;
/** Whoever only looks holds the lock for a moment, too: so many tries after the first, and ms between them. */
const TRIES = 5;
const PAUSE = 100;

/** Held until released, or until the process ends, however that ends. */
export interface KernelLock {
  release(): void;
}

/**
 * Takes a lock that the operating system keeps on an open file (fcntl, LockFileEx), which tells for certain
 * whether its holder lives: it ends with the process, outlives its suspension, and holds for all containers
 * that share the file. Node has no call for it; SQLite takes one on a database's file. Nothing is written.
 * @returns 'held' where another process holds it, undefined where the file system has no such locks
 */
export async function takeKernelLock(file: string): Promise<KernelLock | 'held' | undefined> {
  for (let tries = 0; ; tries++) {
    const lock = tryKernelLock(file);
    if (lock !== 'held' || tries === TRIES) return lock;
    await delay(PAUSE);
  }
}

function tryKernelLock(file: string): KernelLock | 'held' | undefined {
  let database: DatabaseSync | undefined;
  try {
    database = new (sqlite().DatabaseSync)(file);
    database.exec('PRAGMA journal_mode=MEMORY; BEGIN EXCLUSIVE');
    const held = database;
    return { release: () => held.close() };
  } catch (error) {
    database?.close();
    return (error as { errcode?: number }).errcode === SQLITE_BUSY ? 'held' : undefined;
  }
}

/** Node still calls the module experimental, which no user can do anything about. */
export function sqlite(): typeof import('node:sqlite') {
  const warn = process.emitWarning;
  process.emitWarning = () => {};
  try {
    return process.getBuiltinModule('node:sqlite');
  } finally {
    process.emitWarning = warn;
  }
}
