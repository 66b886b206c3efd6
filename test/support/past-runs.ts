import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { PastRun } from '../../src/ledger/history.ts';

const HOUR = 3600_000;

/** Past runs that look like those of a real job: one every so many hours, a few of them failed. */
export function pastRuns(count: number, hoursApart: number, changes: Partial<PastRun> = {}): PastRun[] {
  const end = Date.UTC(2026, 10, 23, 2, 0, 0);
  return Array.from({ length: count }, (_, index) => {
    // Numbers that look like chance and are the same each time.
    const noise = (index * 7919) % 101;
    const start = end - (count - index) * hoursApart * HOUR;
    const failed = noise > 92 ? noise % 7 : 0;
    const uploaded = noise % 3 === 0 ? 0 : noise * 3;
    const seconds = 4 + noise * 1.7;
    return {
      _id: index + 1,
      ledger: 'photos-1250000000-000000000000.db',
      local_path: '/srv/photos',
      target: 'cos://photos-1250000000/backup/',
      exit_code: failed > 0 ? 1 : 0,
      op_status: failed === 0 ? 'ALL_OK' : uploaded > 0 ? 'PART_OK' : 'ALL_FAIL',
      create_folder_ok: 0,
      create_folder_fail: 0,
      del_folder_ok: 0,
      del_folder_fail: 0,
      upload_file_ok: uploaded,
      upload_file_fail: failed,
      del_file_ok: noise % 5 === 0 ? noise : 0,
      del_file_fail: 0,
      upload_file_skip: 48_000 + index * 3,
      upload_bytes: uploaded * 1_730_000,
      deletes_held: 0,
      start_time: new Date(start).toISOString(),
      end_time: new Date(start + seconds * 1000).toISOString(),
      used_time: seconds,
      errors: Array.from({ length: failed }, (_, failure) => ({
        op: 'uploadFile',
        path: `2026/<b>trip & "sea"</b>/IMG_${failure}.jpg`,
        key: `backup/2026/IMG_${failure}.jpg`,
        code: '-71',
        message: 'SlowDown: too many requests: lower thread_num',
      })),
      ...changes,
    };
  });
}

/** Writes a history as the program keeps it. */
export function writeHistory(home: string, runs: readonly PastRun[]): void {
  mkdirSync(join(home, 'db'), { recursive: true });
  const lines = runs.map(run => `${JSON.stringify(run)}\n`);
  writeFileSync(join(home, 'db', 'history.db'), lines.join(''));
}
