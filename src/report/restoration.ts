import type { RestoreStatistics } from '../engine/restore/statistics.ts';
import { type OpStatus, type ReportedError, statisticsBlock } from './summary.ts';

/** All that is said at the end of a restore. */
export interface Restoration {
  statistics: RestoreStatistics;
  errors: readonly ReportedError[];
  startTime: Date;
  endTime: Date;
  dryRun: boolean;
  exitCode: number;
  /** The signal that ended it before it was through. */
  interruptedBy: string | undefined;
  /** The folder. */
  to: string;
  /** Where the objects are, for a person to read. */
  target: string;
  /** ms since 1970: objects as they were at that moment */
  at: number | undefined;
}

export function failuresInRestore({ create_folder_fail, download_file_fail }: RestoreStatistics): number {
  return create_folder_fail + download_file_fail;
}

function statusOf({ statistics, exitCode, interruptedBy }: Restoration): OpStatus {
  const hasFailures = failuresInRestore(statistics) > 0;
  if (!hasFailures && exitCode === 0) return 'ALL_OK';
  const { create_folder_ok, download_file_ok, download_file_skip } = statistics;
  const hasSuccesses = create_folder_ok + download_file_ok + download_file_skip > 0;
  return hasSuccesses || (!hasFailures && interruptedBy !== undefined) ? 'PART_OK' : 'ALL_FAIL';
}

/** The block of statistics, in the form of a sync's. */
export function restorationText(restoration: Restoration): string {
  return `restore over! op statistics:\n${statisticsBlock(statusOf(restoration), restoration)}`;
}

/** The same as one JSON object. */
export function restorationJson(restoration: Restoration): Record<string, unknown> {
  const { statistics, startTime, endTime, to, target, at, dryRun, exitCode, errors, interruptedBy } =
    restoration;
  return {
    op_status: statusOf(restoration),
    ...statistics,
    start_time: startTime.toISOString(),
    end_time: endTime.toISOString(),
    used_time: (endTime.getTime() - startTime.getTime()) / 1000,
    to,
    target,
    at: at === undefined ? null : new Date(at).toISOString(),
    dry_run: dryRun,
    exit_code: exitCode,
    interrupted_by: interruptedBy ?? null,
    errors,
  };
}
