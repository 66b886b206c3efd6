import { existsSync, readFileSync } from 'node:fs';
import { DaemonRunning } from '../../ledger/errors.ts';
import { isLocked, type Lock, lockLedger } from '../../ledger/lock.ts';
import { writeWhole } from '../../report/write-file.ts';

/** Changes within this many ms are written together. */
const TOGETHER = 200;

/** What a daemon tells of itself, in a file beside its ledger. Times are ISO 8601. */
export interface DaemonState {
  pid: number;
  since: string;
  mode: 'watch' | 'interval';
  state: 'idle' | 'scanning' | 'syncing';
  full_scans: number;
  /** How many of them there were, by reason. */
  full_scan_reasons: Readonly<Record<string, number>>;
  next_full_scan: string | null;
  /** Folders in which something changed, and that are not looked at yet. */
  waiting: number;
  /** The summary, as `--json` prints it. */
  last_run: Record<string, unknown> | null;
}

/** Tells others of this daemon while it runs. */
export interface DaemonTeller {
  tell(changes: Partial<DaemonState>): void;
  close(): Promise<void>;
}

/** Its lock says whether the daemon lives: the system ends it with the process. */
const daemonFile = (ledger: string) => `${ledger}.daemon`;
const stateFile = (ledger: string) => `${daemonFile(ledger)}.json`;

/**
 * Begins to tell of a daemon. What cannot be told keeps no daemon from its work, and of two for one
 * ledger only the first tells.
 */
export async function tellOfDaemon(ledger: string, first: DaemonState): Promise<DaemonTeller> {
  let state = first;
  let timer: NodeJS.Timeout | undefined;
  let writing = Promise.resolve();
  const takeLock = () => lockLedger(daemonFile(ledger), () => {}).catch(() => undefined);
  let lock: Lock | undefined = await takeLock();

  async function writeState(): Promise<void> {
    await writeWhole(stateFile(ledger), `${JSON.stringify(state)}\n`).catch(() => {});
  }

  /** Somebody may have removed the ledger's folder, and the lock with it. */
  async function writeAgain(): Promise<void> {
    if (!existsSync(stateFile(ledger))) {
      await lock?.release();
      lock = await takeLock();
    }
    if (lock) await writeState();
  }

  function write(): void {
    timer = undefined;
    writing = writing.then(writeAgain);
  }

  if (lock) await writeState();
  return {
    tell(changes) {
      state = { ...state, ...changes };
      if (lock) timer ??= setTimeout(write, TOGETHER).unref();
    },
    async close() {
      clearTimeout(timer);
      if (lock) write();
      await writing;
      await lock?.release();
    },
  };
}

/** What the daemon of a ledger told last, and whether it runs. */
export async function readDaemon(
  ledger: string,
): Promise<{ isRunning: boolean; state: DaemonState | undefined }> {
  return { isRunning: await isLocked(daemonFile(ledger)).catch(() => false), state: readState(ledger) };
}

/** @throws DaemonRunning where a daemon works with the ledger */
export async function refuseBesideDaemon(ledger: string): Promise<void> {
  const { isRunning, state } = await readDaemon(ledger);
  if (isRunning) throw new DaemonRunning(state?.pid);
}

function readState(ledger: string): DaemonState | undefined {
  try {
    return JSON.parse(readFileSync(stateFile(ledger), 'utf8')) as DaemonState;
  } catch {
    return undefined;
  }
}
