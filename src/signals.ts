import { isatty } from 'node:tty';
import { endProcess } from './end-process.ts';
import { Interrupted } from './interrupted.ts';

/** Signals that end the program cleanly, with the exit code a shell gives them. */
const SIGNALS: Readonly<Record<string, number>> = {
  // On Windows: the console's window is being closed.
  SIGHUP: 129,
  SIGINT: 130,
  SIGTERM: 143,
  // Ctrl-Break.
  ...(process.platform === 'win32' ? { SIGBREAK: 130 } : {}),
};

/**
 * Aborted by the first signal, with an Interrupted as its reason; the second ends the program at once.
 * A hangup is ignored where there is no terminal: that is how nohup, cron and systemd start a program, and
 * Node forgets that it was to be ignored.
 */
export function untilSignal(): AbortSignal {
  const controller = new AbortController();
  // Asked now: what has hung up is no terminal any more.
  const outlivesHangup = process.platform !== 'win32' && !STANDARD_STREAMS.some(isatty);
  for (const [name, exitCode] of Object.entries(SIGNALS)) {
    process.on(name, () => {
      if (name === 'SIGHUP' && outlivesHangup) return;
      if (controller.signal.aborted) endProcess(exitCode);
      controller.abort(new Interrupted(name, exitCode));
    });
  }
  return controller.signal;
}

const STANDARD_STREAMS = [0, 1, 2];
