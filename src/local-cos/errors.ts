import type { OutgoingHttpHeaders } from 'node:http';

/** COS error codes this server answers with: HTTP status and message, as listed at cloud.tencent.com/document/product/436/7730. */
const CATALOGUE = {
  AccessDenied: [403, 'Access Denied.'],
  AccessForbidden: [403, 'The cross-origin request is denied.'],
  BadDigest: [400, 'The Content-MD5 you specified did not match what we received.'],
  BucketAlreadyOwnedByYou: [
    409,
    'Your previous request to create the named bucket succeeded and you already own it.',
  ],
  BucketNotEmpty: [409, 'The bucket you tried to delete is not empty.'],
  EntityTooLarge: [400, 'Your proposed upload exceeds the maximum allowed object size.'],
  EntityTooSmall: [400, 'Your proposed upload is smaller than the minimum allowed object size.'],
  ExpiredToken: [400, 'The provided token has expired.'],
  FileAlreadyExists: [409, 'The specified key already exists and overwriting it is forbidden.'],
  IncompleteBody: [400, 'The body is shorter than the Content-Length HTTP header.'],
  InternalError: [500, 'We encountered an internal error. Please try again.'],
  InvalidAccessKeyId: [403, 'The access key Id you provided does not exist in our records.'],
  InvalidArgument: [400, 'Invalid argument.'],
  InvalidBucketName: [400, 'The specified bucket is not valid.'],
  InvalidDigest: [400, 'The Content-MD5 you specified is not valid.'],
  InvalidPart: [400, 'One or more of the specified parts could not be found, or its ETag does not match.'],
  InvalidPartOrder: [400, 'The list of parts was not in ascending order.'],
  InvalidRange: [416, 'The requested range is not satisfiable.'],
  InvalidRequest: [400, 'The request is not valid.'],
  InvalidObjectState: [403, 'The operation is not valid for the object storage class.'],
  InvalidURI: [400, 'Could not parse the specified URI.'],
  KeyTooLong: [400, 'Your key is too long.'],
  MAZOperationNotSupportOnOAZBucket: [400, 'OAZ buckets do not support multi-AZ operations.'],
  MalformedXML: [
    400,
    'The XML you provided was not well-formed or did not validate against our published schema.',
  ],
  MethodNotAllowed: [405, 'The specified method is not allowed against this resource.'],
  NoSuchBucket: [404, 'The specified bucket does not exist.'],
  NoSuchKey: [404, 'The specified key does not exist.'],
  NoSuchCopySource: [404, 'The specified source key does not exist.'],
  NoSuchUpload: [404, 'The specified multipart upload does not exist.'],
  NoSuchVersion: [404, 'The specified version does not exist.'],
  NotImplemented: [501, 'This server does not implement the functionality you asked for.'],
  NotSupportedStorageClass: [400, 'The specified storage class is not supported.'],
  OAZOperationNotSupportOnMAZBucket: [400, 'MAZ buckets do not support OAZ operations.'],
  PathConflict: [409, 'Path conflict.'],
  NotModified: [304, 'Not Modified.'],
  PreconditionFailed: [412, 'At least one of the preconditions you specified did not hold.'],
  RequestTimeTooSkewed: [403, 'The difference between the request time and the current time is too large.'],
  RestoreAlreadyInProgress: [409, 'Object restore is already in progress.'],
  RestoreNonArchiveObject: [405, 'Restore is not allowed for the storage class of this object.'],
  SSEContentNotSupported: [400, 'The encryption method is not supported.'],
  SsecDecryptHeaderInvalid: [400, 'The object is encrypted with SSE-C: the same key must be given.'],
  SignatureDoesNotMatch: [403, 'The Signature you specified is invalid.'],
} as const satisfies Record<string, readonly [status: number, message: string]>;

export type CosErrorCode = keyof typeof CATALOGUE;

/** A refusal that is answered to the client as it is; any other error becomes InternalError. */
export class CosError extends Error {
  readonly code: CosErrorCode;
  readonly status: number;
  /** What the answer tells besides, e.g. the ETag that did not match. */
  readonly headers: OutgoingHttpHeaders;

  constructor(code: CosErrorCode, message?: string, headers: OutgoingHttpHeaders = {}) {
    super(message ?? CATALOGUE[code][1]);
    this.name = 'CosError';
    this.code = code;
    this.status = CATALOGUE[code][0];
    this.headers = headers;
  }
}

/** The error to answer with: the given one if it is a refusal, else an InternalError that tells nothing of the inside. */
export function asCosError(error: unknown): CosError {
  return error instanceof CosError ? error : new CosError('InternalError');
}

/** The code of a failed system call (ENOENT, EEXIST, …), or undefined. */
export function systemCode(error: unknown): string | undefined {
  return error instanceof Error ? (error as NodeJS.ErrnoException).code : undefined;
}
