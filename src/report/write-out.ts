import { once } from 'node:events';
import { setImmediate as letOthersRun } from 'node:timers/promises';
import type { Terminal } from './console.ts';

/** More than this, in bytes, must not wait in memory for a slow reader. */
const MOST_WAITING = 1024 * 1024;

/** Writes a long text to standard output, as fast as its reader takes it. */
export async function writeOut(terminal: Terminal, pieces: Iterable<string>): Promise<void> {
  for (const piece of pieces) {
    terminal.data(piece);
    await letOthersRun();
    if (process.stdout.destroyed) return;
    // A reader that went away never drains; the error says so.
    if (process.stdout.writableLength > MOST_WAITING) await once(process.stdout, 'drain').catch(() => {});
  }
}
