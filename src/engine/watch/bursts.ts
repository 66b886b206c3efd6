import { readFileSync } from 'node:fs';

/**
 * The kernel drops events when nobody fetched them in time, and Node does not pass on that it did. Then so many
 * were waiting that they are fetched without a pause. Some of those are not passed on, so half of them are enough.
 * Source: inotify(7), max_queued_events.
 */
export function countBursts(onOverflow: () => void): { count(): void; stop(): void } {
  const most = queueLength() / 2;
  let counted = 0;
  let end: NodeJS.Immediate | undefined;
  return {
    stop: () => clearImmediate(end),
    count() {
      counted++;
      end ??= setImmediate(() => {
        if (counted >= most) onOverflow();
        counted = 0;
        end = undefined;
      });
    },
  };
}

function queueLength(): number {
  try {
    return Number(readFileSync('/proc/sys/fs/inotify/max_queued_events', 'utf8')) || Number.POSITIVE_INFINITY;
  } catch {
    return Number.POSITIVE_INFINITY;
  }
}
