import { setTimeout as delay } from 'node:timers/promises';
import { ownPathsOf } from '../../config/home.ts';
import { prepareToConnect } from '../../cos/connect.ts';
import type { Failed, Held, HeldReason, RunListener } from '../../engine/listener.ts';
import { filterOf } from '../../engine/local/filter.ts';
import { folderOf } from '../../engine/local/part.ts';
import type { SyncResult } from '../../engine/sync.ts';
import { createRounds, type Round, type RoundEnd } from '../../engine/watch/rounds.ts';
import { createUnresolved } from '../../engine/watch/unresolved.ts';
import { createWatcher } from '../../engine/watch/watcher.ts';
import { keepOpen } from '../../ledger/open-ledger.ts';
import type { Summary } from '../../report/summary.ts';
import type { WatchDoubt } from '../../report/words/watch.ts';
import type { Course, CourseOptions } from './course.ts';
import type { RunOptions } from './run-once.ts';
import { tellOfWatch } from './watch-report.ts';

/** ms between looks at the configuration while nothing happens */
const LOOK_AROUND = 5_000;
/** Deletions that wait for what failed. */
const AWAITING: readonly HeldReason[] = ['uploadFailed', 'unknownPlace'];

/** What a run for a round found. */
interface Current {
  round: Round;
  failures: Failed[];
  held: Held[];
  result?: SyncResult | undefined;
}

/** A daemon's runs with watch: of what changed soon after it did, and of everything each daemon_interval seconds. */
export function onChanges({ invocation, config, log, onState }: CourseOptions): Course {
  const { style, home } = invocation;
  const times = { delay: config.watchDelay * 1000, interval: config.daemonInterval * 1000 };
  const rounds = createRounds(times, performance.now());
  const unresolved = createUnresolved();
  const report = tellOfWatch({ invocation, config, log });
  /** Ends a wait that is longer than until then. */
  let wake = (_at: number) => {};
  const openLedger = keepOpen(() => doubt('ledgerChanged'));
  const watcher = createWatcher({
    localPath: config.localPath,
    filter: filterOf(config, ownPathsOf(home)),
    ignored: [config.metricsFile, config.failedFile].filter(file => file !== undefined),
    isRecursive: process.platform === 'win32',
    onChange(folder) {
      const now = performance.now();
      rounds.change(folder, now);
      wake(now + times.delay);
      onState();
    },
    onDoubt: doubt,
  });
  let current: Current | undefined;
  let knownFiles = 0;
  let deletedBefore = 0;

  function doubt(reason: WatchDoubt): void {
    report.doubt(reason);
    rounds.doubt(reason, performance.now());
    wake(rounds.nextFullAt());
  }

  async function waitForRound(signal: AbortSignal): Promise<Round | undefined> {
    const end = performance.now() + LOOK_AROUND;
    for (;;) {
      const now = performance.now();
      const round = rounds.next(now);
      if (round || now >= end || signal.aborted) return round;
      const woken = new AbortController();
      const until = Math.min(end, rounds.nextAt());
      wake = at => {
        if (at < until) woken.abort();
      };
      const either = AbortSignal.any([signal, woken.signal]);
      await delay(Math.max(1, until - now), undefined, { signal: either }).catch(() => {});
    }
  }

  function isWhole(): boolean {
    const { missing, untold } = watcher.coverage();
    return missing === 0 && untold.length === 0;
  }

  function begin(round: Round): Partial<RunOptions> {
    const now: Current = { round, failures: [], held: [] };
    current = now;
    const listener: RunListener = {
      failed: one => void now.failures.push(one),
      held: each => void now.held.push(each),
    };
    const common = { openLedger, follower: watcher, listeners: [listener], onEnd };
    log.info('watch_run', round.kind === 'full' ? { full: round.reason } : { folders: round.folders.length });
    if (round.kind === 'full') {
      watcher.beginFull();
      return { ...common, ...(style.verbose ? {} : { onIdle: () => {} }) };
    }
    const part = watcher.beginPart(round.folders);
    const mayDelete = isWhole() && round.areAll;
    const changed = { ...part, mayDelete, rest: times.delay, recordedFiles: knownFiles, deletedBefore };
    return { ...common, part: changed, leftover: unresolved.besides(round), onIdle: () => {} };
  }

  function onEnd({ statistics }: Summary, result: SyncResult | undefined): void {
    if (!current) return;
    current.result = result;
    if (current.round.kind === 'full') deletedBefore = 0;
    // What moved is still in COS.
    else deletedBefore += Math.max(0, statistics.del_file_ok - (result?.movedFiles ?? 0));
    if (result) knownFiles = result.knownFiles;
  }

  function endOf({ failures, result }: Current): RoundEnd {
    const isThrough = result !== undefined && result.stoppedBy === undefined && !invocation.signal.aborted;
    const clock = performance.now() - Date.now();
    const latest = performance.now();
    return {
      isThrough,
      failed: new Set(failures.map(({ path }) => folderOf(path))),
      isHeld: result?.heldReasons.some(reason => AWAITING.includes(reason)) ?? false,
      putOff: isWhole() ? new Set(result?.goneForLater.map(folderOf)) : [],
      // Another machine's clock may be ahead.
      unrested: new Map(
        Array.from(result?.unrested ?? [], ([folder, at]) => [folder, Math.min(at + clock, latest)]),
      ),
    };
  }

  return {
    async next(signal) {
      watcher.lookAround();
      const round = await waitForRound(signal);
      return round && begin(round);
    },
    ended() {
      if (!current) return;
      const { round } = current;
      const end = endOf(current);
      const wasEnough = watcher.coverage().missing === 0;
      watcher.end(end.isThrough);
      rounds.ended(round, end, performance.now());
      if (!end.isThrough) return;
      unresolved.ended(round, current);
      const coverage = watcher.coverage();
      report.covered(coverage, round);
      // What changes in a new folder that could not be watched shows in a full scan only.
      if (round.kind === 'part' && wasEnough && coverage.missing > 0)
        rounds.doubt('tooFew', performance.now());
      if (round.kind === 'full') prepareToConnect().catch(() => {});
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
