import { setTimeout as delay } from 'node:timers/promises';
import { ownPathsOf } from '../../config/home.ts';
import type { RunListener } from '../../engine/listener.ts';
import { filterOf } from '../../engine/local/filter.ts';
import { folderOf } from '../../engine/local/part.ts';
import { createRounds, type Round, type RoundEnd } from '../../engine/watch/rounds.ts';
import { type Coverage, createWatcher } from '../../engine/watch/watcher.ts';
import { keepOpen } from '../../ledger/open-ledger.ts';
import type { Course, CourseOptions } from './course.ts';
import type { RunOptions } from './run-once.ts';

/** ms between looks at the configuration while nothing happens */
const LOOK_AROUND = 5_000;

/** A daemon's runs with watch: of what changed soon after it did, and of everything each daemon_interval seconds. */
export function onChanges({ invocation, config, log, onState }: CourseOptions): Course {
  const { terminal, words, style, home } = invocation;
  const times = { delay: config.watchDelay * 1000, interval: config.daemonInterval * 1000 };
  const rounds = createRounds(times, performance.now());
  const openLedger = keepOpen();
  let wake = () => {};
  const watcher = createWatcher({
    localPath: config.localPath,
    filter: filterOf(config, ownPathsOf(home)),
    ignored: [config.metricsFile, config.failedFile].filter(file => file !== undefined),
    onChange(folder) {
      rounds.change(folder, performance.now());
      wake();
      onState();
    },
    onDoubt(doubt) {
      log.info('watch_doubt', { reason: doubt });
      rounds.doubt(doubt, performance.now());
      wake();
    },
  });
  let current: { round: Round; end: RoundEnd; failed: Set<string> } | undefined;
  let knownFiles = 0;
  let deletedBefore = 0;
  let saidCoverage = '';

  async function waitForRound(signal: AbortSignal): Promise<Round | undefined> {
    const end = performance.now() + LOOK_AROUND;
    for (;;) {
      const now = performance.now();
      const round = rounds.next(now);
      if (round || now >= end || signal.aborted) return round;
      const woken = new AbortController();
      const until = Math.min(end, rounds.nextAt());
      wake = () => {
        if (rounds.nextAt() < until) woken.abort();
      };
      const either = AbortSignal.any([signal, woken.signal]);
      await delay(Math.max(1, until - now), undefined, { signal: either }).catch(() => {});
    }
  }

  function begin(round: Round): Partial<RunOptions> {
    const failed = new Set<string>();
    const end: RoundEnd = { isThrough: false, failed, putOff: [] };
    current = { round, end, failed };
    const { missing, untold } = watcher.coverage();
    const isWhole = missing === 0 && untold.length === 0;
    const listener: RunListener = { failed: ({ path }) => void failed.add(folderOf(path)) };
    const common = { openLedger, follower: watcher, listeners: [listener] };
    const onEnd: RunOptions['onEnd'] = ({ statistics }, result) => {
      if (round.kind === 'full') deletedBefore = 0;
      else deletedBefore += statistics.del_file_ok;
      if (!result) return;
      end.isThrough = result.stoppedBy === undefined && !invocation.signal.aborted;
      knownFiles = result.knownFiles;
      if (isWhole) end.putOff = new Set(result.goneForLater.map(folderOf));
    };
    log.info('watch_run', round.kind === 'full' ? { full: round.reason } : { folders: round.folders.length });
    if (round.kind === 'full') {
      watcher.beginFull();
      return { ...common, onEnd, ...(style.verbose ? {} : { onIdle: () => {} }) };
    }
    const part = watcher.beginPart(round.folders);
    const mayDelete = isWhole && round.areAll;
    const changed = { ...part, mayDelete, recordedFiles: knownFiles, deletedBefore };
    return { ...common, onEnd, part: changed, onIdle: () => {} };
  }

  function sayCoverage({ folders, missing, untold }: Coverage): void {
    const coverage = JSON.stringify([missing > 0, untold]);
    if (coverage === saidCoverage) return;
    saidCoverage = coverage;
    if (missing > 0) {
      terminal.warn(`${words.watch.tooFew(missing, folders)}\n`);
      log.error('watch_too_few', { folders, missing });
    }
    for (const place of untold) {
      terminal.warn(`${words.watch.untold(place, config.daemonInterval)}\n`);
      log.info('watch_untold', { place });
    }
    if (missing > 0) return;
    log.info('ready', { folders, untold: untold.length });
    if (!style.quiet && !style.json) {
      terminal.err(`${words.watch.ready(folders, config.daemonInterval)}\n`);
    }
  }

  return {
    async next(signal) {
      const round = await waitForRound(signal);
      return round && begin(round);
    },
    ended() {
      if (!current) return;
      const { round, end } = current;
      watcher.end(end.isThrough);
      rounds.ended(round, end, performance.now());
      if (round.kind === 'full' && end.isThrough) sayCoverage(watcher.coverage());
    },
    state() {
      const { folders, missing } = watcher.coverage();
      const next = rounds.nextFullAt();
      return {
        mode: folders > 0 && missing === 0 ? 'watch' : 'interval',
        full_scans: [...rounds.fullScans().values()].reduce((sum, count) => sum + count, 0),
        full_scan_reasons: Object.fromEntries(rounds.fullScans()),
        next_full_scan: Number.isFinite(next)
          ? new Date(Date.now() + next - performance.now()).toISOString()
          : null,
        waiting: rounds.waiting(),
      };
    },
    close: watcher.close,
  };
}
