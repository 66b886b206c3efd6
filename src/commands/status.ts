import { basename } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { EXIT } from '../cli/exit-codes.ts';
import type { Invocation } from '../cli/invocation.ts';
import { readHistory } from '../ledger/history.ts';
import { isLocked } from '../ledger/lock.ts';
import { runJson } from '../report/history/counts.ts';
import { asLocalTime } from '../report/units.ts';
import type { StatusWords } from '../report/words/status.ts';
import { type DaemonState, readDaemon } from './task/daemon-state.ts';
import { openSession, type Session, untilInterrupted } from './task/session.ts';

/** ms between looks, with --follow */
const LOOK_EVERY = 500;

/**
 * `cos_sync status`: what the daemon of this configuration does, by what it writes beside its ledger. A shard has
 * none: whether a run of it is under way, by its ledger's lock.
 * @returns 0 where one runs, else 1
 * @throws ConfigError
 */
export async function statusCommand(
  invocation: Invocation,
  { follow }: { follow: boolean },
): Promise<number> {
  const { terminal, words, signal, style } = invocation;
  const session = await openSession(invocation, { ofShards: true });
  const { shard } = session.task;
  const look = shard === undefined ? () => lookAtDaemon(session.file) : () => lookAtShard(session);
  return untilInterrupted(invocation, async () => {
    let said = '';
    for (;;) {
      const status = await look();
      const text = style.json ? json(status) : lines(status, words.status, shard);
      if (text !== said) terminal.out(`${text}\n`);
      said = text;
      if (!follow) return status.isRunning ? EXIT.ok : EXIT.failures;
      await delay(LOOK_EVERY, undefined, { signal });
    }
  });
}

interface Status {
  isRunning: boolean;
  /** undefined where no daemon tells of itself */
  state: DaemonState | undefined;
  lastRun: Record<string, unknown> | null;
}

async function lookAtDaemon(file: string): Promise<Status> {
  const { isRunning, state } = await readDaemon(file);
  return { isRunning, state, lastRun: state?.last_run ?? null };
}

async function lookAtShard({ file, home }: Session): Promise<Status> {
  const last = (await readHistory(home.historyFile)).findLast(run => run.ledger === basename(file));
  return { isRunning: await isLocked(file), state: undefined, lastRun: last ? runJson(last) : null };
}

/** Of a daemon that has ended, only what it did last still holds. */
function json({ isRunning, state, lastRun: last_run }: Status): string {
  if (isRunning && state) return JSON.stringify({ running: true, ...state });
  const nothing = { pid: null, since: null, mode: null, state: null, next_full_scan: null, waiting: 0 };
  const { full_scans = 0, full_scan_reasons = {} } = state ?? {};
  return JSON.stringify({ running: isRunning, ...nothing, full_scans, full_scan_reasons, last_run });
}

function lines(status: Status, words: StatusWords, shard: string | undefined): string {
  const { isRunning, state, lastRun: last } = status;
  const ofDaemon = isRunning && state ? words.running(state.pid, timeOf(state.since)) : words.notRunning;
  const told = [shard === undefined ? ofDaemon : words.ofShard(shard, isRunning)];
  if (isRunning && state) {
    const { mode, waiting, next_full_scan: next } = state;
    told.push(`${words.mode[mode]}, ${words.state[state.state]}`);
    if (waiting > 0) told.push(words.waiting(waiting));
    if (next !== null) told.push(words.nextFullScan(timeOf(next)));
  }
  if (last)
    told.push(words.lastRun(timeOf(String(last.end_time)), String(last.op_status), Number(last.exit_code)));
  return told.join('\n');
}

function timeOf(text: string): string {
  return asLocalTime(new Date(text));
}
