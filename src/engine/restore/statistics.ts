import type { RunListener } from '../listener.ts';

/** A restore's counters, under the names that scripts read. */
export interface RestoreStatistics {
  create_folder_ok: number;
  create_folder_fail: number;
  download_file_ok: number;
  download_file_fail: number;
  /** Files that were there already and equal, or newer where only older ones are replaced. */
  download_file_skip: number;
  /** File bytes that were proved and written. */
  download_bytes: number;
}

export function emptyRestoreStatistics(): RestoreStatistics {
  return {
    create_folder_ok: 0,
    create_folder_fail: 0,
    download_file_ok: 0,
    download_file_fail: 0,
    download_file_skip: 0,
    download_bytes: 0,
  };
}

/** Counts what happens in a restore into `statistics`. */
export function countRestoreInto(statistics: RestoreStatistics): RunListener {
  return {
    done({ operation, bytes }) {
      if (operation === 'createFolder') statistics.create_folder_ok++;
      else statistics.download_file_ok++;
      statistics.download_bytes += bytes;
    },
    failed({ operation }) {
      if (operation === 'createFolder') statistics.create_folder_fail++;
      else statistics.download_file_fail++;
    },
    unchanged(files) {
      statistics.download_file_skip += files;
    },
  };
}
