import type { HeldReason } from '../engine/listener.ts';
import { failuresIn, type Statistics, successesIn } from '../engine/statistics.ts';

export type OpStatus = 'ALL_OK' | 'PART_OK' | 'ALL_FAIL';

export interface ReportedError {
  op: string;
  path: string;
  key: string;
  code: string;
  message: string;
}

/** All that is said at the end of a run. */
export interface Summary {
  /** undefined for a dry run, and where it could not be had */
  number: number | undefined;
  statistics: Statistics;
  deletesHeld: number;
  heldReasons: readonly HeldReason[];
  errors: readonly ReportedError[];
  startTime: Date;
  endTime: Date;
  dryRun: boolean;
  exitCode: number;
  /** The signal that ended the run before it was through. */
  interruptedBy: string | undefined;
  localPath: string;
  /** Where the objects are, for a person to read. */
  target: string;
  /** `i/n`, where the run was of a part of the folder. */
  shard?: string | undefined;
}

/** What became of what was to be done. Where it was only left, by a signal or for safety, nothing failed. */
export function opStatus({ statistics, exitCode, interruptedBy, deletesHeld }: Summary): OpStatus {
  const hasFailures = failuresIn(statistics) > 0;
  if (!hasFailures && exitCode === 0) return 'ALL_OK';
  const isOnlyLeft = !hasFailures && (interruptedBy !== undefined || deletesHeld > 0);
  return successesIn(statistics) > 0 || isOnlyLeft ? 'PART_OK' : 'ALL_FAIL';
}

/** Whether a run found nothing to do, and nothing to say of that. */
export function isIdle({
  statistics,
  exitCode,
  deletesHeld,
}: Pick<Summary, 'statistics' | 'exitCode' | 'deletesHeld'>): boolean {
  return exitCode === 0 && deletesHeld === 0 && successesIn(statistics) === 0;
}

/** Column at which the original's names end. */
const NAME_WIDTH = 30;

/** The original's block of statistics: scripts parse these lines. */
export function statisticsText(summary: Summary): string {
  return `sync over! op statistics:\n${statisticsBlock(opStatus(summary), summary)}`;
}

/** The lines of such a block. */
export function statisticsBlock(
  status: OpStatus,
  { statistics, startTime, endTime }: { statistics: object; startTime: Date; endTime: Date },
): string {
  const rows: [string, string | number][] = [
    ['op_status', status],
    ...Object.entries(statistics),
    ['start_time', compactTime(startTime)],
    ['end_time', compactTime(endTime)],
    ['used_time', `${Math.round((endTime.getTime() - startTime.getTime()) / 1000)} s`],
  ];
  const lines = rows.map(([name, value]) => `${name.padStart(NAME_WIDTH)} : ${value}`);
  return `${lines.join('\n')}\n`;
}

/** Local time as `YYYYMMDD HH:MM:SS`. */
function compactTime(time: Date): string {
  const two = (number: number) => String(number).padStart(2, '0');
  const date = `${time.getFullYear()}${two(time.getMonth() + 1)}${two(time.getDate())}`;
  return `${date} ${two(time.getHours())}:${two(time.getMinutes())}:${two(time.getSeconds())}`;
}

/** The same as one JSON object. */
export function summaryJson(summary: Summary): Record<string, unknown> {
  const { statistics, startTime, endTime, deletesHeld, heldReasons, errors, dryRun } = summary;
  return {
    op_status: opStatus(summary),
    ...statistics,
    deletes_held: deletesHeld,
    deletes_held_reasons: heldReasons,
    start_time: startTime.toISOString(),
    end_time: endTime.toISOString(),
    used_time: (endTime.getTime() - startTime.getTime()) / 1000,
    local_path: summary.localPath,
    target: summary.target,
    dry_run: dryRun,
    exit_code: summary.exitCode,
    interrupted_by: summary.interruptedBy ?? null,
    errors,
  };
}
