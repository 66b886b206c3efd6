import { readdirSync } from 'node:fs';
import { processLimit } from '../../process-limit.ts';

/** What the ledger, the log and a few threads need, so that operations never take it from them. */
const RESERVED = 30;
/** An operation has its file open, and a connection. */
const PER_OPERATION = 2;
/** A thread opens five. */
const ENOUGH_FOR_A_THREAD = 16;

/** How many descriptors this process may open yet; infinite where the system does not say. */
function freeDescriptors(): number {
  try {
    return processLimit('Max open files') - readdirSync('/proc/self/fd').length;
  } catch {
    return Number.POSITIVE_INFINITY;
  }
}

/** So many of the operations that are wanted at a time as there are descriptors for; at least one. */
export function affordableOperations(wanted: number): number {
  return Math.max(1, Math.min(wanted, Math.floor((freeDescriptors() - RESERVED) / PER_OPERATION)));
}

/** Whether there are descriptors for one more thread. */
export function canAffordThread(): boolean {
  return freeDescriptors() >= ENOUGH_FOR_A_THREAD;
}
