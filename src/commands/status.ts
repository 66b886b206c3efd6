import { setTimeout as delay } from 'node:timers/promises';
import { EXIT } from '../cli/exit-codes.ts';
import type { Invocation } from '../cli/invocation.ts';
import { asLocalTime } from '../report/units.ts';
import type { StatusWords } from '../report/words/status.ts';
import { type DaemonState, readDaemon } from './task/daemon-state.ts';
import { openSession, untilInterrupted } from './task/session.ts';

/** ms between looks, with --follow */
const LOOK_EVERY = 500;

/**
 * `cos_sync status`: what the daemon of this configuration does, by what it writes beside its ledger.
 * @returns 0 where one runs, else 1
 * @throws ConfigError
 */
export async function statusCommand(
  invocation: Invocation,
  { follow }: { follow: boolean },
): Promise<number> {
  const { terminal, words, signal, style } = invocation;
  const { file } = await openSession(invocation);
  return untilInterrupted(invocation, async () => {
    let said = '';
    for (;;) {
      const { isRunning, state } = await readDaemon(file);
      const text = style.json ? json(isRunning, state) : lines(isRunning, state, words.status);
      if (text !== said) terminal.out(`${text}\n`);
      said = text;
      if (!follow) return isRunning ? EXIT.ok : EXIT.failures;
      await delay(LOOK_EVERY, undefined, { signal });
    }
  });
}

/** Of a daemon that has ended, only what it did last still holds. */
function json(isRunning: boolean, state: DaemonState | undefined): string {
  if (isRunning && state) return JSON.stringify({ running: true, ...state });
  const nothing = { pid: null, since: null, mode: null, state: null, next_full_scan: null, waiting: 0 };
  const { full_scans = 0, full_scan_reasons = {}, last_run = null } = state ?? {};
  return JSON.stringify({ running: isRunning, ...nothing, full_scans, full_scan_reasons, last_run });
}

function lines(isRunning: boolean, state: DaemonState | undefined, words: StatusWords): string {
  const told = [isRunning && state ? words.running(state.pid, timeOf(state.since)) : words.notRunning];
  if (isRunning && state) {
    const { mode, waiting, next_full_scan: next } = state;
    told.push(`${words.mode[mode]}, ${words.state[state.state]}`);
    if (waiting > 0) told.push(words.waiting(waiting));
    if (next !== null) told.push(words.nextFullScan(timeOf(next)));
  }
  const last = state?.last_run;
  if (last)
    told.push(words.lastRun(timeOf(String(last.end_time)), String(last.op_status), Number(last.exit_code)));
  return told.join('\n');
}

function timeOf(text: string): string {
  return asLocalTime(new Date(text));
}
