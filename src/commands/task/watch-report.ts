import type { Round } from '../../engine/watch/rounds.ts';
import type { Coverage } from '../../engine/watch/watcher.ts';
import type { WatchDoubt } from '../../report/words/watch.ts';
import type { CourseOptions } from './course.ts';

/** Says how much of the folder is watched, and why everything is scanned: once, until it changes. */
export interface WatchReport {
  doubt(reason: WatchDoubt): void;
  /** Is told after each run that came to its end. */
  covered(coverage: Coverage, round: Round): void;
}

export function tellOfWatch({ invocation, config, log }: Omit<CourseOptions, 'onState'>): WatchReport {
  const { terminal, words, style } = invocation;
  const doubts = new Set<WatchDoubt>();
  let said = '';

  return {
    doubt(reason) {
      if (doubts.has(reason)) return;
      doubts.add(reason);
      log.info('watch_doubt', { reason });
      terminal.warn(`${words.watch.doubt(reason)}\n`);
    },
    covered({ folders, missing, untold }, round) {
      if (round.kind === 'full') doubts.clear();
      // Before a full scan came to its end, it is not known how much there is.
      else if (said === '') return;
      const coverage = JSON.stringify([missing > 0, untold]);
      if (coverage === said) return;
      said = coverage;
      if (missing > 0) {
        terminal.warn(`${words.watch.tooFew(missing, folders + missing)}\n`);
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
    },
  };
}
