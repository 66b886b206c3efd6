import { defect, Failure, type FailureKind } from '../failure.ts';
import { codeOf, isId, messageOf } from './form.ts';

/**
 * COS error codes that mean more than their HTTP status.
 * Source: COS API documentation, "Error codes" (436/7730).
 */
const KIND_OF_CODE: Readonly<Record<string, FailureKind>> = {
  SlowDown: 'throttled',
  ServiceUnavailable: 'throttled',
  RequestLimitExceeded: 'throttled',
  TooManyRequests: 'throttled',
  KmsFreqControl: 'throttled',

  InternalError: 'transient',
  RequestTimeout: 'transient',
  UserNetworkTooSlow: 'transient',
  IncompleteBody: 'transient',
  BadDigest: 'transient',
  InvalidDigest: 'transient',
  EntitySizeNotMatch: 'transient',

  RequestTimeTooSkewed: 'skew',
  ExpiredToken: 'refused',

  NoSuchUpload: 'lost',
  InvalidPart: 'lost',
  InvalidPartOrder: 'lost',

  PreconditionFailed: 'stale',
  NoSuchKey: 'stale',

  InvalidAccessKeyId: 'refused',
  SignatureDoesNotMatch: 'refused',
  InvalidToken: 'refused',
  NoSuchBucket: 'refused',
  InvalidBucketName: 'refused',
  PaymentRequired: 'refused',
  UnavailableForLegalReasons: 'refused',
  QuotaConflict: 'refused',
  BucketAccelerateNotEnabled: 'refused',
  NotSupportedStorageClass: 'refused',
  AccessDenied: 'denied',
};

function kindOfStatus(status: number): FailureKind {
  if (status === 429) return 'throttled';
  if (status === 503) return 'throttled';
  if (status >= 500) return 'transient';
  if (status === 408) return 'transient';
  if (status === 412 || status === 404) return 'stale';
  if (status === 401 || status === 402 || status === 407 || status === 451) return 'refused';
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
  const { status } = answer;
  const code = codeOf(answer.code) || `HTTP${status}`;
  const message = withoutSignature(messageOf(answer.message));
  const expired = code === 'AccessDenied' && /expired/i.test(message);
  const kind = expired ? 'skew' : (KIND_OF_CODE[code] ?? kindOfStatus(status));
  const serverTime = Date.parse(firstOf(answer.headers.date) ?? '') || undefined;
  return new Failure(kind, { code, message, status, requestId: requestIdIn(answer.headers), serverTime });
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
  return new Failure('unreachable', { code: code || 'ConnectionFailed', message, cause: error });
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

/** An answer that does not prove that COS holds the bytes that were sent. */
export function unverified(message: string, answer: { status: number; requestId: string }): Failure {
  return new Failure('transient', {
    code: 'ChecksumMismatch',
    message,
    status: answer.status,
    requestId: answer.requestId,
  });
}

/** x-cos-request-id, where the answer has one. */
export function requestIdIn(headers: CosAnswerError['headers']): string | undefined {
  const id = firstOf(headers['x-cos-request-id']);
  return id !== undefined && isId(id) ? id : undefined;
}

function firstOf(header: string | string[] | undefined): string | undefined {
  return Array.isArray(header) ? header[0] : header;
}
