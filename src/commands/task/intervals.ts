import { setTimeout as delay } from 'node:timers/promises';
import { asLocalTime, grouped } from '../../report/units.ts';
import type { Course, CourseOptions } from './course.ts';
import type { RunOptions } from './run-once.ts';

/** A daemon's runs without watch: each daemon_interval seconds after the one before. */
export function atIntervals({ invocation, config }: CourseOptions): Course {
  const { terminal, words, style, signal } = invocation;
  let isFirst = true;
  let wasIdle = false;
  let runs = 0;
  let nextRun = new Date();
  const onIdle: RunOptions['onIdle'] = ({ statistics, endTime }) => {
    wasIdle = true;
    const unchanged = grouped(statistics.upload_file_skip);
    terminal.out(`${words.run.idle(asLocalTime(endTime), unchanged, config.daemonInterval)}\n`);
  };
  return {
    async next() {
      if (!isFirst) await sleep(config.daemonInterval * 1000, signal);
      isFirst = false;
      runs++;
      wasIdle = false;
      return style.verbose ? {} : { onIdle };
    },
    ended() {
      nextRun = new Date(Date.now() + config.daemonInterval * 1000);
      if (style.json || style.quiet || wasIdle || signal.aborted) return;
      terminal.err(`${words.run.nextRunIn(config.daemonInterval)}\n`);
    },
    state: () => ({
      mode: 'interval',
      full_scans: runs,
      full_scan_reasons: { interval: runs },
      next_full_scan: nextRun.toISOString(),
      waiting: 0,
    }),
    close() {},
  };
}

/** Longest wait of one timer, in ms; a longer one would fire at once. */
const LONGEST_TIMER = 2 ** 31 - 1;

/** Waits that many ms, or until the signal. */
async function sleep(ms: number, signal: AbortSignal): Promise<void> {
  for (let left = ms; left > 0 && !signal.aborted; left -= LONGEST_TIMER) {
    await delay(Math.min(left, LONGEST_TIMER), undefined, { signal }).catch(() => {});
  }
}
