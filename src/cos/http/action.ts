/** What CAM, Tencent Cloud's access management, calls a request without `name/cos:`. */
type Action =
  | 'AbortMultipartUpload'
  | 'CompleteMultipartUpload'
  | 'DeleteObject'
  | 'GetBucket'
  | 'GetBucketObjectVersions'
  | 'GetBucketVersioning'
  | 'GetObject'
  | 'HeadBucket'
  | 'HeadObject'
  | 'InitiateMultipartUpload'
  | 'ListMultipartUploads'
  | 'ListParts'
  | 'PostObjectRestore'
  | 'PutObject'
  | 'UploadPart';

/** What of a request says what it asks for. */
export interface Asked {
  method: 'GET' | 'HEAD' | 'PUT' | 'POST' | 'DELETE';
  /** The object's key; empty for the bucket itself. */
  key: string;
  /** A name without value, like `uploads`, has an empty one. */
  query: Readonly<Record<string, string>>;
  headers: Readonly<Record<string, string>>;
}

/**
 * The action that a policy must allow for a request. Source: COS "CAM: actions" (436/30749).
 */
export function actionOf({ method, key, query }: Asked): Action {
  const has = (name: string) => name in query;
  if (key === '') {
    if (method === 'POST') return 'DeleteObject';
    if (method === 'HEAD') return 'HeadBucket';
    if (has('uploads')) return 'ListMultipartUploads';
    if (has('versions')) return 'GetBucketObjectVersions';
    return has('versioning') ? 'GetBucketVersioning' : 'GetBucket';
  }
  switch (method) {
    case 'PUT':
      return has('uploadId') ? 'UploadPart' : 'PutObject';
    case 'POST':
      if (has('restore')) return 'PostObjectRestore';
      return has('uploads') ? 'InitiateMultipartUpload' : 'CompleteMultipartUpload';
    case 'DELETE':
      return has('uploadId') ? 'AbortMultipartUpload' : 'DeleteObject';
    case 'HEAD':
      return 'HeadObject';
    case 'GET':
      return has('uploadId') ? 'ListParts' : 'GetObject';
  }
}

/** Whether a request copies within COS: it needs GetObject of its source, too. */
export function isCopy({ headers }: Asked): boolean {
  return headers['x-cos-copy-source'] !== undefined;
}

/** What the accelerate domain serves; all else is 400 ActionAccelerateNotSupported. Source: COS "Global acceleration" (436/38866). */
const ACCELERATED: ReadonlySet<Action> = new Set<Action>([
  'AbortMultipartUpload',
  'CompleteMultipartUpload',
  'GetObject',
  'HeadObject',
  'InitiateMultipartUpload',
  'ListParts',
  'PutObject',
  'UploadPart',
]);

export function isServedByAccelerate(request: Asked): boolean {
  return ACCELERATED.has(actionOf(request)) && !isCopy(request);
}
