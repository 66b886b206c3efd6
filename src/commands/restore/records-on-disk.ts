import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { syncFile } from '../../ledger/datafile.ts';
import type { Ledger } from '../../ledger/ledger.ts';
import { isFolderPath, type LedgerRecord } from '../../ledger/records.ts';

/** Files that reach the disk together. */
const AT_ONCE = 2_000;

/**
 * Records restored files once they would outlast a power cut. Before that a file could be empty after one, and the
 * next sync would put it in the place of the good object.
 */
export interface RecordsOnDisk {
  put(record: LedgerRecord): void;
  /** Records what is left. */
  end(): Promise<void>;
}

export function recordsOnDisk(ledger: Pick<Ledger, 'put'>, folder: string): RecordsOnDisk {
  let waiting: LedgerRecord[] = [];
  let written = Promise.resolve();

  function write(): void {
    const records = waiting;
    waiting = [];
    written = written.then(async () => {
      if (records.length === 0) return;
      await reachDisk(folder, records);
      for (const record of records) ledger.put(record);
    });
    // end() tells of it.
    written.catch(() => {});
  }

  return {
    put(record) {
      waiting.push(record);
      if (waiting.length >= AT_ONCE) write();
    },
    async end() {
      write();
      await written;
    },
  };
}

/** @throws the system's error where a file is gone or cannot be opened */
async function reachDisk(folder: string, files: readonly LedgerRecord[]): Promise<void> {
  if (process.platform === 'linux') {
    try {
      // One call for the whole file system takes a fraction of one for each file.
      await promisify(execFile)('sync', ['-f', folder]);
      return;
    } catch {
      // Not every system has it.
    }
  }
  for (const { path } of files) if (!isFolderPath(path)) await syncFile(join(folder, path));
}
