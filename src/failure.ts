/**
 * What a failed operation means for the run:
 * - `transient`: the network or COS stumbled; the same request may succeed later
 * - `unreachable`: no answer of COS's came (DNS, refused, timed out, a proxy's own); retried like `transient`
 * - `throttled`: COS asks for fewer requests
 * - `skew`: this machine's clock is off; retried with COS's time
 * - `refused`: credentials, bucket or region are wrong; no other request can succeed
 * - `denied`: this request is not allowed; others may be
 * - `unsupported`: this kind of request is not known there; others are
 * - `lost`: the state of a resumable upload is gone in COS; the upload starts again
 * - `stale`: the object in COS is not the one the ledger recorded
 * - `thisFile`: this object can never work as it is
 * - `changed`: the local file changed while it was read
 * - `local`: the local file cannot be read
 * - `defect`: a mistake of this program
 * - `stopped`: the run was asked to stop before this operation began
 */
export type FailureKind =
  | 'transient'
  | 'unreachable'
  | 'throttled'
  | 'skew'
  | 'refused'
  | 'denied'
  | 'unsupported'
  | 'lost'
  | 'stale'
  | 'thisFile'
  | 'changed'
  | 'local'
  | 'defect'
  | 'stopped';

export interface FailureDetails {
  /** COS's error code, or the system's (`ECONNRESET`, `EACCES`), or one of ours (`FileChanged`). */
  code: string;
  /** COS's or the system's own sentence, for the log. */
  message?: string | undefined;
  /** HTTP status of the answer, if one came. */
  status?: number | undefined;
  /** x-cos-request-id of the answer, if one came. */
  requestId?: string | undefined;
  /** The answer's Date header in ms since 1970, if one came. */
  serverTime?: number | undefined;
  /** What a policy must allow: `name/cos:PutObject`, where COS denied a request. */
  action?: string | undefined;
  /** The answer's Retry-After in ms from now, if one came. */
  retryAfter?: number | undefined;
  cause?: unknown;
  /** COS may have done what was asked all the same; left out, as the kind and the status leave it. */
  mayBeDone?: boolean | undefined;
}

/** Why one operation on one object or file did not succeed. Its words are made in report/words. */
export class Failure extends Error {
  readonly kind: FailureKind;
  readonly code: string;
  readonly status: number | undefined;
  readonly requestId: string | undefined;
  readonly serverTime: number | undefined;
  readonly retryAfter: number | undefined;
  readonly action: string | undefined;
  /** COS may have done what was asked all the same, in this try or in one before it. */
  readonly mayBeDone: boolean;

  constructor(kind: FailureKind, details: FailureDetails) {
    super(details.message ?? details.code, { cause: details.cause });
    this.name = 'Failure';
    this.kind = kind;
    this.code = details.code;
    this.status = details.status;
    this.requestId = details.requestId;
    this.serverTime = details.serverTime;
    this.retryAfter = details.retryAfter;
    this.action = details.action;
    this.mayBeDone = details.mayBeDone ?? leavesDoubt(kind, details.status);
    if (kind === 'defect') this.stack = (details.cause as Error | undefined)?.stack ?? this.stack ?? '';
  }
}

/** What of a failure passes from one thread to another. */
export interface PlainFailure extends FailureDetails {
  kind: FailureKind;
}

/** Its cause stays where it was, but for the stack that tells of a mistake. */
export function plainOf(failure: Failure): PlainFailure {
  const { kind, code, message, status, requestId, serverTime, retryAfter, action, mayBeDone, stack } =
    failure;
  const cause = kind === 'defect' ? { stack } : undefined;
  return { kind, code, message, status, requestId, serverTime, retryAfter, action, mayBeDone, cause };
}

/** A refusal is certain; an answer that never came, COS's own error, or a success that proves nothing is not. */
function leavesDoubt(kind: FailureKind, status: number | undefined): boolean {
  if (kind === 'defect') return true;
  if (status === undefined) return kind === 'transient' || kind === 'unreachable';
  return status < 300 || (status >= 500 && kind !== 'throttled');
}

/** A failure that comes after another one of the same work: a doubt that this left remains. */
export function after(earlier: Failure | undefined, failure: Failure): Failure {
  return earlier?.mayBeDone && !failure.mayBeDone ? withDetails(failure, { mayBeDone: true }) : failure;
}

/** The same failure with other details. */
export function withDetails(
  failure: Failure,
  details: Partial<FailureDetails>,
  kind: FailureKind = failure.kind,
): Failure {
  const { code, message, status, requestId, serverTime, retryAfter, action, cause, mayBeDone } = failure;
  const same = { code, message, status, requestId, serverTime, retryAfter, action, cause, mayBeDone };
  return new Failure(kind, { ...same, ...details });
}

/**
 * The failure of an operation that could not begin: the run is to stop.
 * @param lastTry what became of the last try, where there was one
 */
export function stopped(lastTry?: Failure): Failure {
  return after(lastTry, new Failure('stopped', { code: 'Stopped', cause: lastTry }));
}

/** Whether the operating system said no, to a file or a connection. */
export function isSystemError(error: unknown): error is NodeJS.ErrnoException {
  return error instanceof Error && (error as NodeJS.ErrnoException).errno !== undefined;
}

/**
 * What work on a file threw, as a failure of that file alone. Only the system's errors are the file's;
 * any other is a defect.
 */
export function localFailure(error: unknown): Failure {
  if (error instanceof Failure) return error;
  if (isSystemError(error)) {
    return new Failure('local', { code: error.code ?? 'LocalError', message: error.message, cause: error });
  }
  const isAbort = (error as Error).name === 'AbortError';
  return isAbort ? new Failure('stopped', { code: 'Stopped', cause: error }) : defect(error);
}

/** The failure of an operation that a mistake of this program ended. */
export function defect(error: unknown): Failure {
  const { name, message } = error instanceof Error ? error : new Error(String(error));
  return new Failure('defect', { code: name, message, cause: error });
}

/** Whether COS refuses a request or does not know it: another way to the same end may be open. */
export function isRefusal({ kind }: Failure): boolean {
  return kind === 'denied' || kind === 'thisFile' || kind === 'unsupported';
}
