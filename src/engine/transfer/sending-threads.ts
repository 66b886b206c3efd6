import { availableParallelism } from 'node:os';
import type { SharedAccess } from '../../cos/access.ts';
import { isOfCredentials } from '../../cos/credentials/refusal.ts';
import { after, Failure, localFailure } from '../../failure.ts';
import { LARGE_FILE } from '../large-files.ts';
import { canAffordThread } from '../local/descriptors.ts';
import { READ } from '../local/read-file.ts';
import type { SendingRules } from './send-thread.ts';
import { type FileForThread, type SendingThread, startSendingThread } from './sending-thread.ts';
import { SEND_OTHERWISE, type Uploaded } from './uploaded.ts';

/** So many small files are sent before threads have begun: to start one takes as long as some of them. */
const ENOUGH = 200;
/** The thread that plans, records and reports keeps up with no more. */
const MOST_THREADS = 4;
/** A reading that takes more ms waits for a drive: where most do, more are under way at a time without threads. */
const LONG = 1;
/** How much of the last reading is in the share of the long ones. */
const WEIGHT = 0.02;
/** Files at a time in all threads: each has memory for the largest. */
const MOST_FILES = 128;
/** ms between two looks for readings that do not come back, at most. */
const LOOK = 1_000;

/**
 * Sends small files from threads, of which each opens, reads, hashes, signs, sends and checks: one core does that
 * for a few thousand files a second. They try each file once; when, and how often, is decided by who asks them.
 */
export interface SendingThreads {
  /** Whether a file of so many bytes is to be given to them. Asking for many starts them. */
  take(size: number): boolean;
  /** @throws Failure; SEND_OTHERWISE where the file is to be sent without them */
  send(file: FileForThread): Promise<Uploaded>;
  close(): Promise<void>;
}

export interface SendingOptions {
  /** Operations at a time. */
  operations: number;
  /** seconds without progress before a file's reading is given up */
  timeout: number;
  /** How files are sent; undefined where threads cannot. */
  rules(): Promise<RulesForThreads | undefined>;
  /** Files before threads are started. */
  enough?: number;
  /** How files are opened. */
  flags?: number;
}

interface RulesForThreads extends Pick<SendingRules, 'attributes' | 'keepMtime' | 'bound'> {
  access: SharedAccess;
}

export function createSendingThreads(options: SendingOptions): SendingThreads {
  const { operations, timeout, enough = ENOUGH, flags = READ } = options;
  const threads: SendingThread[] = [];
  let state: 'unstarted' | 'started' | 'over' = 'unstarted';
  let credentials: SharedAccess['credentials'] | undefined;
  let isClosed = false;
  let asked = 0;
  let longShare = 0;
  let watch: NodeJS.Timeout | undefined;

  async function start(): Promise<void> {
    state = 'started';
    const rules = await options.rules().catch(() => undefined);
    if (!rules || isClosed) return over();
    const { credentials: holder, clock, ...access } = rules.access;
    credentials = holder;
    const most = Math.min(MOST_THREADS, availableParallelism(), operations);
    try {
      for (let count = 0; count < most && canAffordThread(); count++) {
        const thread = { ...rules, access, largest: LARGE_FILE, flags };
        threads.push(startSendingThread(thread, clock.memory, { onRead, onLost: over }));
      }
    } catch {
      // The system gives no more threads: what there is must do.
    }
    const interval = Math.min(LOOK, (timeout * 1_000) / 4);
    const looks = Math.ceil((timeout * 1_000) / interval);
    const look = () => threads.forEach(thread => void thread.giveUpBlocked(looks));
    watch = setInterval(look, interval).unref();
  }

  function onRead(ms: number): void {
    longShare += WEIGHT * (Number(ms > LONG) - longShare);
    if (longShare > 0.5) over();
  }

  /** What is under way ends; what comes is sent without threads. */
  function over(): void {
    state = 'over';
  }

  function leastBusy(): SendingThread | undefined {
    const ready = threads.filter(({ isReady }) => isReady);
    if (ready.reduce((sum, { load }) => sum + load, 0) >= MOST_FILES) return undefined;
    return ready.reduce<SendingThread | undefined>((a, b) => (a && a.load <= b.load ? a : b), undefined);
  }

  async function sendOnce(file: FileForThread, isRenewed = false): Promise<Uploaded> {
    const used = await credentials?.current();
    const thread = state === 'over' ? undefined : leastBusy();
    if (!thread || !used) throw new Failure('local', { code: SEND_OTHERWISE });
    return thread.send(file, used).catch(async error => {
      const failure = localFailure(error);
      // That credentials had expired is no failed try, where there are others.
      const others = !isRenewed && isOfCredentials(failure) && (await credentials?.renewed(used));
      if (!others) throw failure;
      return sendOnce(file, true).catch(later => {
        throw after(failure, later);
      });
    });
  }

  return {
    take(size) {
      if (state === 'over' || size > LARGE_FILE) return false;
      if (state === 'unstarted' && ++asked > enough) void start();
      return state === 'started' && threads.some(({ isReady }) => isReady);
    },
    send: file => sendOnce(file),
    async close() {
      isClosed = true;
      over();
      clearInterval(watch);
      await Promise.all(threads.map(thread => thread.end()));
    },
  };
}
