import { setTimeout as delay } from 'node:timers/promises';
import { after, defect, Failure, type FailureKind, stopped } from '../../failure.ts';
import { createPace } from './pace.ts';

/** First pause before a request is repeated, in ms; doubles with each try. */
const FIRST_PAUSE = 500;
/** After a refusal for too many requests the pace already holds back. */
const FIRST_THROTTLED_PAUSE = 100;
const LONGEST_PAUSE = 30_000;
/** A pause that a server asks for, in ms; longer ones are as good as an end. */
const LONGEST_ASKED_PAUSE = 5 * 60_000;
/** While COS was never heard of, tries end after this many ms: a run against a dead endpoint ends soon. */
const FIRST_CONTACT = 30_000;
/** Requests at a time until the first answers came: a share of all, so that a limit is met by fewer, or so many. */
const FIRST_SHARE = 0.5;
const FIRST_WIDTH = 8;
/** What a refusal leaves of the requests at a time. */
const DECREASE = 0.75;

/** Kinds of failure after which the same request may succeed. */
const RETRIED: ReadonlySet<FailureKind> = new Set(['transient', 'unreachable', 'throttled', 'skew']);

/** Whether the same request may succeed later. */
export function mayRepeat({ kind }: Failure): boolean {
  return RETRIED.has(kind);
}

export interface RequestOptions {
  /** The most requests at a time. */
  threads: number;
  /** Tries after the first. */
  retries: number;
  /** When it is aborted nothing new is sent; what is under way ends by itself. */
  signal: AbortSignal;
  onRetry?: (failure: Failure, pause: number) => void;
  /** COS answered, whatever it said. */
  onAnswer?: () => void;
}

/** Sends requests: at most `threads` at a time, fewer while COS asks for fewer, each repeated while that may help. */
export interface Requests {
  /**
   * @param request is called once a try, and rejects with a Failure
   * @throws Failure, the last try's, in doubt where one before it was; `stopped` when the run ends before a try could begin
   */
  send<T>(request: () => Promise<T>): Promise<T>;
}

export function createRequests(options: RequestOptions): Requests {
  const { retries, signal } = options;
  const lane = createLane(options.threads, signal);
  let firstTry: number | undefined;
  let isReached = false;
  let lastSuccess = 0;

  function reached(): void {
    isReached = true;
    options.onAnswer?.();
  }

  async function send<T>(request: () => Promise<T>): Promise<T> {
    let refusals = 0;
    let lastTry: Failure | undefined;
    for (let tries = 0; ; ) {
      const tried = performance.now();
      firstTry ??= tried;
      try {
        const result = await lane.run(request);
        lastSuccess = performance.now();
        reached();
        return result;
      } catch (error) {
        const failure = after(lastTry, error instanceof Failure ? error : defect(error));
        lastTry = failure;
        if (failure.status !== undefined && failure.kind !== 'unreachable') reached();
        if (!mayRepeat(failure)) throw failure;
        // Being told to wait is no failed try of this request while others get through.
        const isWaiting = failure.kind === 'throttled' && lastSuccess > tried;
        if (isWaiting) refusals++;
        else if (tries++ >= retries) throw failure;
        if (!isReached && performance.now() - firstTry > FIRST_CONTACT) throw failure;
        await pause(failure, tries + refusals - 1);
      }
    }
  }

  async function pause(failure: Failure, tries: number): Promise<void> {
    const first = failure.kind === 'throttled' ? FIRST_THROTTLED_PAUSE : FIRST_PAUSE;
    const longest = Math.min(LONGEST_PAUSE, first * 2 ** tries);
    const chosen = failure.kind === 'skew' ? 0 : longest / 2 + (Math.random() * longest) / 2;
    const ms = Math.max(chosen, Math.min(failure.retryAfter ?? 0, LONGEST_ASKED_PAUSE));
    options.onRetry?.(failure, ms);
    await delay(ms, undefined, { signal }).catch(() => {
      throw stopped(failure);
    });
  }

  return { send };
}

interface Lane {
  run<T>(request: () => Promise<T>): Promise<T>;
}

/**
 * Additive increase, multiplicative decrease of the requests at a time, and the pace of their starts:
 * where COS answers quickly even one request at a time may be too many.
 */
function createLane(threads: number, signal: AbortSignal): Lane {
  const pace = createPace();
  let width = Math.min(threads, Math.max(FIRST_WIDTH, threads * FIRST_SHARE));
  let isOpening = true;
  let lastDecrease = 0;
  let running = 0;
  const waiting: (() => void)[] = [];

  function setWidth(next: number): void {
    width = Math.min(threads, Math.max(1, next));
  }

  function admit(): void {
    while (waiting.length > 0 && running < Math.floor(width)) {
      running++;
      waiting.shift()?.();
    }
  }

  function succeeded(): void {
    pace.succeeded();
    if (width < threads) setWidth(width + (isOpening ? 1 : 1 / width));
  }

  function refused(sentAt: number): void {
    isOpening = false;
    lastDecrease = performance.now();
    setWidth(width * DECREASE);
    pace.refused(sentAt);
  }

  async function run<T>(request: () => Promise<T>): Promise<T> {
    if (running < Math.floor(width)) running++;
    else await new Promise<void>(enter => waiting.push(enter));
    let sentAt = 0;
    try {
      await pace.turn(signal)?.catch(() => {});
      if (signal.aborted) throw stopped();
      sentAt = performance.now();
      const result = await request();
      succeeded();
      return result;
    } catch (error) {
      // Requests sent before the last decrease know nothing of it.
      if ((error as Failure).kind === 'throttled' && sentAt >= lastDecrease) refused(sentAt);
      throw error;
    } finally {
      running--;
      admit();
    }
  }

  return { run };
}
