import { CosError } from './errors.ts';
import { checkHeaders } from './kept-headers.ts';
import type { Reply } from './reply.ts';
import { type CosRequest, parameter } from './request.ts';
import { bucketLocation, headBucket, listBuckets, listObjects } from './routes/buckets.ts';
import { copyObject, copyPart, isCopy } from './routes/copy.ts';
import { deleteObjects } from './routes/delete-objects.ts';
import { getAcl, getTagging, restoreObject } from './routes/object-parts.ts';
import { deleteObject, getObject, putObject } from './routes/objects.ts';
import {
  abortUpload,
  completeUpload,
  initiateUpload,
  listParts,
  listUploads,
  uploadPart,
} from './routes/uploads.ts';
import { getVersioning, listVersions, putVersioning } from './routes/versions.ts';
import type { OpenBucket } from './storage.ts';
import type { Surroundings } from './surroundings.ts';

const LONGEST_KEY = 850;
/** Parameters that may be empty, and then say nothing. */
const MAY_BE_EMPTY =
  /^(delimiter|encoding-type|(key-|part-number-|upload-id-|version-id-)?marker|max-(keys|parts|uploads)|partNumber|prefix|sign|uploadId|versionId|q-.*|response-.*|x-cos-security-token)$/i;
/** Any other parameter without a value names a part of COS's API; these are the ones that are here. */
const PARTS = {
  service: [],
  bucket: ['GET location', 'GET uploads', 'GET versioning', 'PUT versioning', 'GET versions', 'POST delete'],
  object: ['POST uploads', 'POST restore', 'GET acl', 'GET tagging'],
} as const satisfies Record<string, readonly string[]>;

/** Answers a request whose signature holds. @throws CosError */
export async function route(request: CosRequest, around: Surroundings): Promise<Reply> {
  refuseMissingParts(request);
  checkHeaders(request);
  if (Buffer.byteLength(request.key) > LONGEST_KEY) throw new CosError('KeyTooLong');
  if (request.bucket === undefined) return routeService(request, around);
  if (request.key === '') return routeBucket(request, request.bucket, around);
  return routeObject(request, around.storage.find(request.bucket), around);
}

/** A request for a part that is not here must not be taken for the plain one. @throws CosError NotImplemented */
function refuseMissingParts({ method, bucket, key, query }: CosRequest): void {
  const level = bucket === undefined ? 'service' : key === '' ? 'bucket' : 'object';
  const parts: readonly string[] = PARTS[level];
  const wanted = query.filter(([name, value]) => value === '' && !MAY_BE_EMPTY.test(name));
  if (wanted.some(([name]) => !parts.includes(`${method} ${name}`))) throw new CosError('NotImplemented');
}

function routeService(request: CosRequest, { storage, region }: Surroundings): Reply {
  if (request.method !== 'GET' || request.key !== '') throw new CosError('MethodNotAllowed');
  return listBuckets(storage, region);
}

async function routeBucket(
  request: CosRequest,
  name: string,
  { storage, region, traits }: Surroundings,
): Promise<Reply> {
  const has = (name: string) => parameter(request, name) !== undefined;
  if (request.method === 'PUT' && !has('versioning')) {
    storage.create(name);
    return { status: 200, headers: { Location: `/${name}` } };
  }
  const bucket = storage.find(name);
  switch (request.method) {
    case 'PUT':
      return putVersioning(request, bucket);
    case 'GET':
      if (has('location')) return bucketLocation(region);
      if (has('uploads')) return listUploads(request, bucket);
      if (has('versioning')) return getVersioning(bucket);
      if (has('versions')) return listVersions(request, bucket);
      return listObjects(request, bucket);
    case 'HEAD':
      return headBucket(region, traits);
    case 'DELETE':
      storage.remove(name);
      return { status: 204 };
    case 'POST':
      if (has('delete')) return deleteObjects(request, bucket, traits.deny);
      throw new CosError('NotImplemented');
    default:
      throw new CosError('MethodNotAllowed');
  }
}

async function routeObject(request: CosRequest, bucket: OpenBucket, around: Surroundings): Promise<Reply> {
  const has = (name: string) => parameter(request, name) !== undefined;
  const inUpload = has('uploadId');
  switch (request.method) {
    case 'GET':
      if (has('acl')) return getAcl(request, bucket);
      if (has('tagging')) return getTagging(request, bucket);
      return inUpload ? listParts(request, bucket) : getObject(request, bucket);
    case 'HEAD':
      return getObject(request, bucket);
    case 'PUT':
      return put(request, bucket, inUpload, around);
    case 'POST':
      if (inUpload) return completeUpload(request, bucket);
      if (has('restore')) return restoreObject(request, bucket);
      if (has('uploads')) return initiateUpload(request, bucket);
      throw new CosError('NotImplemented');
    case 'DELETE':
      return inUpload ? abortUpload(request, bucket) : deleteObject(request, bucket);
    default:
      throw new CosError('MethodNotAllowed');
  }
}

function put(
  request: CosRequest,
  bucket: OpenBucket,
  inUpload: boolean,
  around: Surroundings,
): Promise<Reply> {
  if (inUpload && isCopy(request)) return copyPart(request, bucket, around);
  if (inUpload) return uploadPart(request, bucket);
  if (isCopy(request)) return copyObject(request, bucket, around);
  return putObject(request, bucket);
}
