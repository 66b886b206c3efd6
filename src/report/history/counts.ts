import type { PastRun } from '../../ledger/history.ts';

/** A past run's numbers as they are shown. */
export interface RunCounts {
  uploaded: number;
  deleted: number;
  failed: number;
  unchanged: number;
  held: number;
  bytes: number;
  /** seconds */
  duration: number;
}

export function countsOf(run: PastRun): RunCounts {
  return {
    uploaded: run.upload_file_ok,
    deleted: run.del_file_ok + run.del_folder_ok,
    failed: run.upload_file_fail + run.create_folder_fail + run.del_file_fail + run.del_folder_fail,
    unchanged: run.upload_file_skip,
    held: run.deletes_held,
    bytes: run.upload_bytes,
    duration: run.used_time,
  };
}

/** The same names as in the summary of a run, with the run's number first. */
export function runJson(past: PastRun): Record<string, unknown> {
  const { _id, ledger_fingerprint, ledger_origin, ledger_bytes, ...run } = past;
  return { run: _id, ...run };
}
