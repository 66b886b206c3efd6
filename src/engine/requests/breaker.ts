import type { Failure } from '../../failure.ts';

/** This many operations denied in a row, before any succeeded, mean that all will be. */
const DENIED_LIMIT = 10;
/** This many operations given up in a row, with no answer in between, mean that the connection is gone. */
const UNREACHABLE_LIMIT = 10;

/** Notices when no further operation can succeed. */
export interface Breaker {
  /** COS answered a request, whatever it said. */
  answered(): void;
  /** An operation succeeded. */
  succeeded(): void;
  failed(failure: Failure): void;
  /** To be called at the end: a run in which every operation was denied was refused as a whole. */
  finish(): void;
  /** Why the run was stopped, once it was. */
  readonly reason: Failure | undefined;
  /** Whether anything succeeded. */
  readonly anySuccess: boolean;
}

/** @param stop is called once, when no further operation can succeed */
export function createBreaker(threads: number, stop: () => void): Breaker {
  let anySuccess = false;
  let anyAnswer = false;
  let denied = 0;
  let unreachable = 0;
  let reason: Failure | undefined;
  let lastDenial: Failure | undefined;
  let otherFailures = 0;

  function isHopeless({ kind }: Failure): boolean {
    if (kind === 'refused') return true;
    if (kind === 'denied') return ++denied >= DENIED_LIMIT && !anySuccess;
    if (kind !== 'unreachable') return false;
    unreachable++;
    return !anyAnswer || unreachable >= Math.max(UNREACHABLE_LIMIT, threads);
  }

  return {
    answered() {
      anyAnswer = true;
      unreachable = 0;
    },
    succeeded() {
      anySuccess = true;
      denied = 0;
    },
    failed(failure) {
      if (failure.kind === 'denied') lastDenial = failure;
      else otherFailures++;
      if (reason || !isHopeless(failure)) return;
      reason = failure;
      stop();
    },
    finish() {
      if (!anySuccess && otherFailures === 0) reason ??= lastDenial;
    },
    get reason() {
      return reason;
    },
    get anySuccess() {
      return anySuccess;
    },
  };
}
