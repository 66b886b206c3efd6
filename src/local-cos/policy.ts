import { CosError } from './errors.ts';
import { type CosRequest, header, parameter } from './request.ts';
import type { Denial } from './traits.ts';

/**
 * The actions a policy may allow or deny that a request needs on the bucket it names, without `name/cos:`. What
 * a copy reads and what DELETE Multiple removes is checked where its keys are known.
 * Source: cloud.tencent.com/document/product/436/31923.
 */
function actionOf(request: CosRequest): string {
  const has = (name: string) => parameter(request, name) !== undefined;
  if (request.bucket === undefined) return 'GetService';
  return request.key === '' ? bucketAction(request.method, has) : objectAction(request.method, has);
}

function bucketAction(method: string, has: (name: string) => boolean): string {
  switch (method) {
    case 'GET':
      if (has('location')) return 'GetBucketLocation';
      if (has('uploads')) return 'ListMultipartUploads';
      if (has('versioning')) return 'GetBucketVersioning';
      return has('versions') ? 'GetBucketObjectVersions' : 'GetBucket';
    case 'PUT':
      return has('versioning') ? 'PutBucketVersioning' : 'PutBucket';
    case 'HEAD':
      return 'HeadBucket';
    case 'DELETE':
      return 'DeleteBucket';
    default:
      return '';
  }
}

function objectAction(method: string, has: (name: string) => boolean): string {
  const inUpload = has('uploadId');
  switch (method) {
    case 'GET':
      if (has('acl')) return 'GetObjectACL';
      if (has('tagging')) return 'GetObjectTagging';
      return inUpload ? 'ListParts' : 'GetObject';
    case 'PUT':
      return inUpload ? 'UploadPart' : 'PutObject';
    case 'HEAD':
      return 'HeadObject';
    case 'DELETE':
      return inUpload ? 'AbortMultipartUpload' : 'DeleteObject';
    case 'POST':
      if (has('restore')) return 'PostObjectRestore';
      return inUpload ? 'CompleteMultipartUpload' : 'InitiateMultipartUpload';
    default:
      return '';
  }
}

/** @throws CosError AccessDenied */
export function checkPolicy(request: CosRequest, denials: readonly Denial[]): void {
  if (isDenied(denials, actionOf(request), request.key)) throw new CosError('AccessDenied');
}

/** Whether a policy denies an action on a key; '' is the bucket itself. */
export function isDenied(denials: readonly Denial[], action: string, key: string): boolean {
  return denials.some(denial => matches(denial.action, action) && key.startsWith(denial.prefix ?? ''));
}

function matches(pattern: string, action: string): boolean {
  const source = pattern.split('*').map(text => text.replace(/[^\w]/g, '\\$&'));
  return action !== '' && new RegExp(`^${source.join('.*')}$`).test(action);
}

/** What a bucket in strict signature mode wants signed where it is sent. Parameters: all but the signature's own. */
const SIGNED_HEADER = /^(host|content-length|content-type|content-md5|range|x-cos-.*)$/;
const SIGNATURE_PARAMETER = /^(q-|sign$)/;

/**
 * Strict signature mode: cloud.tencent.com/document/product/436/90014.
 * @param signed the lists of names in the signature
 * @throws CosError AccessDenied
 */
export function checkStrictly(
  request: CosRequest,
  signed: { headers: readonly string[]; parameters: readonly string[] },
): void {
  const headers = Object.keys(request.message.headers).filter(
    name => SIGNED_HEADER.test(name) && header(request, name) !== undefined,
  );
  if (headers.some(name => !signed.headers.includes(name)))
    throw new CosError('AccessDenied', 'Strict signature missing header that must be signed');
  const parameters = request.query.map(([name]) => name.toLowerCase());
  if (parameters.some(name => !SIGNATURE_PARAMETER.test(name) && !signed.parameters.includes(name)))
    throw new CosError('AccessDenied', 'Strict signature missing param that must be signed');
}
