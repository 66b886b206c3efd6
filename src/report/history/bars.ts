import type { PastRun } from '../../ledger/history.ts';
import { asLocalTime } from '../units.ts';
import type { HistoryWords } from '../words/history.ts';
import { countsOf, type RunCounts } from './counts.ts';

/** More bars than this are too thin to read. */
const MAX_BARS = 130;
const HOUR = 3600_000;
/** Lengths of time that a bar may stand for, in hours. */
const WEEK = 7 * 24;
const SPANS = [1, 6, 24, WEEK, 4 * WEEK, 13 * WEEK, 52 * WEEK];

/** What one place on the time axis stands for: a run, or the runs of a length of time. */
export interface Bar extends RunCounts {
  label: string;
  /** How many runs it sums up. */
  runs: number;
}

/** Runs as bars, oldest first: each run is one, or each hour, day… where there are too many runs. */
export function barsOf(
  runs: readonly PastRun[],
  words: HistoryWords,
): { bars: Bar[]; each: string; isEachRun: boolean } {
  const { page } = words;
  if (runs.length <= MAX_BARS) {
    const bars = runs.map(run => ({
      ...countsOf(run),
      label: `${run._id} · ${asLocalTime(new Date(run.start_time))}`,
      runs: 1,
    }));
    return { bars, each: page.eachRun, isEachRun: true };
  }
  const times = runs.map(({ start_time }) => localHours(start_time));
  const [first, last] = [Math.min(...times), Math.max(...times)];
  const span = SPANS.find(hours => (last - first) / hours < MAX_BARS - 1) ?? SPANS.at(-1)!;
  // 1970 began on a Thursday, weeks begin on Monday.
  const offset = span % WEEK === 0 ? 4 * 24 : 0;
  const placeOf = (hours: number) => Math.floor((hours - offset) / span);
  const start = placeOf(first);
  const bars = Array.from({ length: placeOf(last) - start + 1 }, (_, index) =>
    emptyBar(labelOf((start + index) * span + offset, span)),
  );
  runs.forEach((run, index) => {
    add(bars[placeOf(times[index]!) - start]!, countsOf(run));
  });
  return { bars, each: span < 24 ? page.eachHours(span) : page.eachDays(span / 24), isEachRun: false };
}

/** Hours since 1970 on a wall clock, so that a day begins at midnight. */
function localHours(time: string): number {
  const date = new Date(time);
  return (date.getTime() - date.getTimezoneOffset() * 60_000) / HOUR;
}

function labelOf(hours: number, span: number): string {
  const text = new Date(hours * HOUR).toISOString();
  return span < 24 ? text.slice(0, 16).replace('T', ' ') : text.slice(0, 10);
}

function emptyBar(label: string): Bar {
  return { label, runs: 0, uploaded: 0, deleted: 0, failed: 0, unchanged: 0, held: 0, bytes: 0, duration: 0 };
}

/** Counts add up; a duration is the longest, for what matters is whether a run fits into the night. */
function add(bar: Bar, counts: RunCounts): void {
  bar.runs++;
  bar.uploaded += counts.uploaded;
  bar.deleted += counts.deleted;
  bar.failed += counts.failed;
  bar.bytes += counts.bytes;
  bar.duration = Math.max(bar.duration, counts.duration);
}
