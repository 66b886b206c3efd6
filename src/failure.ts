/**
 * What a failed operation means for the run:
 * - `transient`: the network or COS stumbled; the same request may succeed later
 * - `unreachable`: no answer came at all (DNS, refused, timed out); retried like `transient`
 * - `throttled`: COS asks for fewer requests
 * - `skew`: this machine's clock is off; retried with COS's time
 * - `refused`: credentials, bucket or region are wrong; no other request can succeed
 * - `denied`: this request is not allowed; others may be
 * - `lost`: the state of a resumable upload is gone in COS; the upload starts again
 * - `stale`: the object in COS is not the one the ledger recorded
 * - `thisFile`: this object can never work as it is
 * - `changed`: the local file changed while it was read
 * - `local`: the local file cannot be read
 * - `stopped`: the run was asked to stop before this operation began
 */
export type FailureKind =
  | 'transient'
  | 'unreachable'
  | 'throttled'
  | 'skew'
  | 'refused'
  | 'denied'
  | 'lost'
  | 'stale'
  | 'thisFile'
  | 'changed'
  | 'local'
  | 'stopped';

export interface FailureDetails {
  /** COS's error code, or the system's (`ECONNRESET`, `EACCES`), or one of ours (`FileChanged`). */
  code: string;
  /** COS's or the system's own sentence, for the log. */
  message?: string;
  /** HTTP status of the answer, if one came. */
  status?: number;
  /** x-cos-request-id of the answer, if one came. */
  requestId?: string;
  /** The answer's Date header in ms since 1970, if one came. */
  serverTime?: number;
  cause?: unknown;
}

/** Why one operation on one object or file did not succeed. Its words are made in report/words. */
export class Failure extends Error {
  readonly kind: FailureKind;
  readonly code: string;
  readonly status: number | undefined;
  readonly requestId: string | undefined;
  readonly serverTime: number | undefined;
  /** COS may have done what was asked all the same, in this try or in one before it. */
  mayBeDone: boolean;

  constructor(kind: FailureKind, details: FailureDetails) {
    super(details.message ?? details.code, { cause: details.cause });
    this.name = 'Failure';
    this.kind = kind;
    this.code = details.code;
    this.status = details.status;
    this.requestId = details.requestId;
    this.serverTime = details.serverTime;
    this.mayBeDone = leavesDoubt(kind, details.status);
  }
}

/** A refusal is certain; an answer that never came, COS's own error, or a success that proves nothing is not. */
function leavesDoubt(kind: FailureKind, status: number | undefined): boolean {
  if (status === undefined) return kind === 'transient' || kind === 'unreachable';
  return status < 300 || (status >= 500 && kind !== 'throttled');
}

/** A failure that comes after another one of the same work: a doubt that this left remains. */
export function after(earlier: Failure | undefined, failure: Failure): Failure {
  if (earlier?.mayBeDone) failure.mayBeDone = true;
  return failure;
}

/**
 * The failure of an operation that could not begin: the run is to stop.
 * @param lastTry what became of the last try, where there was one
 */
export function stopped(lastTry?: Failure): Failure {
  return after(lastTry, new Failure('stopped', { code: 'Stopped', cause: lastTry }));
}

/** Turns what a file system call threw into a failure of that file alone. */
export function localFailure(error: unknown): Failure {
  if (error instanceof Failure) return error;
  const { code, message, name } = error as NodeJS.ErrnoException;
  if (name === 'AbortError') return new Failure('stopped', { code: 'Stopped', cause: error });
  return new Failure('local', { code: code ?? 'LocalError', message, cause: error });
}
