import { CosError } from './errors.ts';
import type { Reply } from './reply.ts';
import { type CosRequest, parameter } from './request.ts';
import { bucketLocation, deleteObjects, headBucket, listBuckets, listObjects } from './routes/buckets.ts';
import { copyObject, copyPart, isCopy } from './routes/copy.ts';
import { deleteObject, getObject, putObject } from './routes/objects.ts';
import {
  abortUpload,
  completeUpload,
  initiateUpload,
  listParts,
  listUploads,
  uploadPart,
} from './routes/uploads.ts';
import type { OpenBucket, Storage } from './storage.ts';

export interface Surroundings {
  storage: Storage;
  defaultBucket: string;
  region: string;
}

const LONGEST_KEY = 850;
/** Parts of COS's API that are not here: their requests must not be taken for the plain ones. */
const NOT_HERE = new Set(
  (
    'accelerate acl append cors domain domaincertificate encryption intelligent-tiering inventory lifecycle ' +
    'logging notification object-lock origin policy referer replication restore retention select symlink tagging ' +
    'torrent versioning versions website'
  ).split(' '),
);

/** Answers a request whose signature holds. @throws CosError */
export async function route(request: CosRequest, around: Surroundings): Promise<Reply> {
  if (request.query.some(([name, value]) => value === '' && NOT_HERE.has(name)))
    throw new CosError('NotImplemented');
  if (Buffer.byteLength(request.key) > LONGEST_KEY) throw new CosError('KeyTooLong');
  if (request.bucket === undefined) return routeService(request, around);
  if (request.key === '') return routeBucket(request, request.bucket, around);
  return routeObject(request, around.storage.find(request.bucket), around);
}

function routeService(request: CosRequest, { storage, region }: Surroundings): Reply {
  if (request.method !== 'GET' || request.key !== '') throw new CosError('MethodNotAllowed');
  return listBuckets(storage, region);
}

async function routeBucket(
  request: CosRequest,
  name: string,
  { storage, region }: Surroundings,
): Promise<Reply> {
  if (request.method === 'PUT') {
    storage.create(name);
    return { status: 200, headers: { Location: `/${name}` } };
  }
  const bucket = storage.find(name);
  switch (request.method) {
    case 'GET':
      if (parameter(request, 'location') !== undefined) return bucketLocation(region);
      if (parameter(request, 'uploads') !== undefined) return listUploads(request, bucket);
      return listObjects(request, bucket);
    case 'HEAD':
      return headBucket(region);
    case 'DELETE':
      storage.remove(name);
      return { status: 204 };
    case 'POST':
      if (parameter(request, 'delete') !== undefined) return deleteObjects(request, bucket);
      throw new CosError('NotImplemented');
    default:
      throw new CosError('MethodNotAllowed');
  }
}

async function routeObject(request: CosRequest, bucket: OpenBucket, around: Surroundings): Promise<Reply> {
  const inUpload = parameter(request, 'uploadId') !== undefined;
  switch (request.method) {
    case 'GET':
      return inUpload ? listParts(request, bucket) : getObject(request, bucket);
    case 'HEAD':
      return getObject(request, bucket);
    case 'PUT':
      return put(request, bucket, inUpload, around);
    case 'POST':
      if (inUpload) return completeUpload(request, bucket);
      if (parameter(request, 'uploads') !== undefined) return initiateUpload(request, bucket);
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
  const { storage, defaultBucket } = around;
  if (inUpload && isCopy(request)) return copyPart(request, bucket, storage, defaultBucket);
  if (inUpload) return uploadPart(request, bucket);
  if (isCopy(request)) return copyObject(request, bucket, storage, defaultBucket);
  return putObject(request, bucket);
}
