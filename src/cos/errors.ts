import { defect, Failure, type FailureKind } from '../failure.ts';
import { codeOf, isId, messageOf } from './form.ts';

/**
 * COS error codes that mean more than their HTTP status: what they mean, and the status they come with.
 * Source: COS API documentation, "Error codes" (436/7730).
 */
const CODES: Readonly<Record<string, readonly [kind: FailureKind, status: number]>> = {
  SlowDown: ['throttled', 503],
  ServiceUnavailable: ['throttled', 503],
  RequestLimitExceeded: ['throttled', 503],
  TooManyRequests: ['throttled', 503],
  KmsFreqControl: ['throttled', 503],

  InternalError: ['transient', 500],
  KmsInternalException: ['transient', 500],
  RequestTimeout: ['transient', 400],
  UserNetworkTooSlow: ['transient', 400],
  IncompleteBody: ['transient', 400],
  BadDigest: ['transient', 400],
  InvalidDigest: ['transient', 400],
  EntitySizeNotMatch: ['transient', 400],
  // Two requests for one name within milliseconds, which may be a request and its own repetition.
  PathConflict: ['transient', 409],
  UploadConflict: ['transient', 409],

  RequestTimeTooSkewed: ['skew', 403],
  ExpiredToken: ['refused', 400],

  NoSuchUpload: ['lost', 404],
  InvalidPart: ['lost', 400],
  InvalidPartOrder: ['lost', 400],

  PreconditionFailed: ['stale', 412],
  NoSuchKey: ['stale', 404],
  NoSuchCopySource: ['stale', 404],

  ObjectLocked: ['thisFile', 409],
  // An archived object, which has to be thawed first.
  InvalidObjectState: ['thisFile', 403],
  RestoreAlreadyInProgress: ['thisFile', 409],

  InvalidAccessKeyId: ['refused', 403],
  SignatureDoesNotMatch: ['refused', 403],
  InvalidToken: ['refused', 400],
  NoSuchBucket: ['refused', 404],
  InvalidBucketName: ['refused', 400],
  PaymentRequired: ['refused', 402],
  UnavailableForLegalReasons: ['refused', 451],
  QuotaConflict: ['refused', 409],
  BucketAccelerateNotEnabled: ['refused', 400],
  NotSupportedStorageClass: ['refused', 400],
  MAZOperationNotSupportOnOAZBucket: ['refused', 400],
  OAZOperationNotSupportOnMAZBucket: ['refused', 400],
  AccessDenied: ['denied', 403],

  NotImplemented: ['unsupported', 501],
  MethodNotAllowed: ['unsupported', 405],
  ActionAccelerateNotSupported: ['unsupported', 400],
};

function kindOfStatus(status: number): FailureKind {
  if (status === 429 || status === 503) return 'throttled';
  if (status === 501 || status === 405) return 'unsupported';
  // A 409 that says no more is a conflict of requests.
  if (status >= 500 || status === 408 || status === 409) return 'transient';
  if (status === 412 || status === 404) return 'stale';
  if (status === 401 || status === 402 || status === 451) return 'refused';
  if (status === 403) return 'denied';
  if (status >= 300 && status < 400) return 'refused';
  if (status < 300) return 'transient';
  return 'thisFile';
}

export interface CosAnswerError {
  status: number;
  code?: string | undefined;
  message?: string | undefined;
  headers: Readonly<Record<string, string | string[] | undefined>>;
}

/** The failure that an answer with an HTTP status of 300 or more, or an error body, stands for. */
export function failureOfAnswer(answer: CosAnswerError): Failure {
  const { status, headers } = answer;
  const retryAfter = retryAfterIn(headers);
  if (status >= 300 && !isFromCos(headers)) return notFromCos(status, retryAfter);
  const code = codeOf(answer.code) || `HTTP${status}`;
  const message = withoutSignature(messageOf(answer.message));
  const requestId = requestIdIn(headers);
  const serverTime = Date.parse(firstOf(headers.date) ?? '') || undefined;
  return new Failure(kindOf(code, status, message), {
    code,
    message,
    status,
    requestId,
    serverTime,
    retryAfter,
  });
}

function kindOf(code: string, status: number, message: string): FailureKind {
  if (code === 'AccessDenied' && /expired/i.test(message)) return 'skew';
  const known = CODES[code];
  if (known) return known[0];
  // A conflict that has a name of its own does not pass.
  return status === 409 && code !== 'HTTP409' ? 'thisFile' : kindOfStatus(status);
}

/**
 * Every answer of COS has a request ID. One without was given on the way to it, by a proxy, a captive portal
 * or a CDN, and says nothing about the object or the credentials, whatever its status is.
 */
export function isFromCos(headers: CosAnswerError['headers']): boolean {
  return Boolean(firstOf(headers['x-cos-request-id']));
}

export function notFromCos(status: number, retryAfter?: number): Failure {
  const code = status === 407 ? 'ProxyAuthenticationRequired' : 'NotFromCos';
  return new Failure('unreachable', { code, message: `HTTP ${status}`, status, retryAfter });
}

/** A key's own failure within a deletion of many, which has its own status. Source: 436/8289. */
export function failureOfKey(code: string, message: string, requestId: string): Failure {
  const [, status = 400] = CODES[code] ?? [];
  const kind = kindOf(code, status, message);
  const action = kind === 'denied' ? 'name/cos:DeleteObject' : undefined;
  return new Failure(kind, { code, message, status, requestId, action });
}

/** Retry-After in ms. Source: RFC 9110, 10.2.3. */
function retryAfterIn(headers: CosAnswerError['headers']): number | undefined {
  const text = firstOf(headers['retry-after'])?.trim() ?? '';
  const ms = /^\d+$/.test(text) ? Number(text) * 1_000 : Date.parse(text) - Date.now();
  return ms > 0 ? ms : undefined;
}

/** What COS, or a proxy before it, quotes of a request goes into logs; its signature must not. */
function withoutSignature(message: string): string {
  return message.replace(/(q-signature=|x-cos-security-token[=:]\s*)[^&\s"'<]+/gi, '$1…');
}

/** The failure of an answer that began well and whose body did not come whole. */
export function failureOfUnread(error: unknown, status: number, headers: CosAnswerError['headers']): Failure {
  const { code = 'AnswerTooLong', message } = error as NodeJS.ErrnoException;
  return new Failure('transient', { code, message, status, requestId: requestIdIn(headers), cause: error });
}

/** The failure of a request that no answer came back to. */
export function failureOfConnection(error: unknown): Failure {
  if (error instanceof Failure) return error;
  const { code, message } = error as NodeJS.ErrnoException;
  if (code === undefined && isMistake(error)) return defect(error);
  if (code !== undefined && isCertificateError(code)) {
    return new Failure('refused', { code, message, cause: error });
  }
  const kind = code === 'EMFILE' || code === 'ENFILE' ? 'throttled' : 'unreachable';
  return new Failure(kind, { code: code || 'ConnectionFailed', message, cause: error });
}

/** What the language throws, and nobody who reports on a connection. */
function isMistake(error: unknown): boolean {
  return [TypeError, RangeError, ReferenceError, SyntaxError].some(kind => error instanceof kind);
}

/** OpenSSL's and Node's names for a certificate that is not trusted. */
const CERTIFICATE = /CERT|SELF_SIGNED|UNABLE_TO_VERIFY|ERR_TLS_CERT/;

/** Whether a connection failed because the other side's certificate is not trusted. */
export function isCertificateError(code: string): boolean {
  return CERTIFICATE.test(code);
}

/** What a success says that cannot be relied on: of bytes sent, of bytes received, of anything else. */
type Unproved = 'ChecksumMismatch' | 'ContentMismatch' | 'UnexpectedAnswer';

/** The failure of an answer that says that all went well, and does not prove it. */
export function unproved(
  code: Unproved,
  message: string | undefined,
  { status, requestId }: { status: number; requestId: string },
): Failure {
  return new Failure('transient', { code, message, status, requestId });
}

/** x-cos-request-id, where the answer has one. */
export function requestIdIn(headers: CosAnswerError['headers']): string | undefined {
  const id = firstOf(headers['x-cos-request-id']);
  return id !== undefined && isId(id) ? id : undefined;
}

function firstOf(header: string | string[] | undefined): string | undefined {
  return Array.isArray(header) ? header[0] : header;
}
