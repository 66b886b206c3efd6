import { closeSync } from 'node:fs';
import { LARGEST_PUT, type StagedBody, type StageTarget, stageStream } from '../body.ts';
import type { OpenObject } from '../bucket.ts';
import { checkCustomerKey, etagOf, hidesMd5 } from '../encryption.ts';
import { CosError } from '../errors.ts';
import { readRange } from '../file-bytes.ts';
import { copiedHeaders } from '../kept-headers.ts';
import { checkConditions, contentHeaders, quoted, readRangeHeader } from '../object-headers.ts';
import { isDenied } from '../policy.ts';
import type { Reply } from '../reply.ts';
import { bucketOfHost, type CosRequest, decode, header } from '../request.ts';
import type { OpenBucket } from '../storage.ts';
import type { Surroundings } from '../surroundings.ts';
import { xmlDocument } from '../xml.ts';
import { partHeaders, partNumber, uploadOf } from './uploads.ts';

export function isCopy(request: CosRequest): boolean {
  return header(request, 'x-cos-copy-source') !== undefined;
}

/** PUT Object - Copy: cloud.tencent.com/document/product/436/10881. */
export async function copyObject(
  request: CosRequest,
  { objects }: OpenBucket,
  around: Surroundings,
): Promise<Reply> {
  refuseInFileSystem(around);
  const source = readSource(request, around);
  const onItself =
    source.bucket.objects === objects && source.key === request.key && source.version === undefined;
  const replaced = header(request, 'x-cos-metadata-directive')?.toLowerCase() === 'replaced';
  if (onItself && !replaced && !header(request, 'x-cos-storage-class')) {
    throw new CosError('InvalidRequest', 'Copying an object onto itself must replace its metadata.');
  }
  const opened = await openSource(source);
  const { headers, staged } = await using(opened, async () => {
    checkSource(request, source, opened);
    if (opened.object.size > LARGEST_PUT) throw new CosError('EntityTooLarge');
    return {
      headers: copiedHeaders(opened.object.headers, request, objects.traits),
      staged: await stageCopy(request, opened, 0, opened.object.size, objects.newTemporary()),
    };
  });
  // A copy has its source's ETag, unless one of the two hides the MD5.
  const etag = hidesMd5(opened.object.headers) ? staged.md5 : opened.object.etag;
  const copy = objects.commit(request.key, staged, headers, etagOf(etag, headers));
  return {
    status: 200,
    headers: { ...contentHeaders(copy), ...sourceVersionHeader(source) },
    xml: xmlDocument('CopyObjectResult', {
      ETag: quoted(copy.etag),
      CRC64: copy.crc,
      LastModified: new Date(copy.modified).toISOString(),
      VersionId: copy.version,
    }),
  };
}

/** Upload Part - Copy: cloud.tencent.com/document/product/436/8287. */
export async function copyPart(
  request: CosRequest,
  bucket: OpenBucket,
  around: Surroundings,
): Promise<Reply> {
  refuseInFileSystem(around);
  const upload = uploadOf(request, bucket);
  const number = partNumber(request);
  const source = readSource(request, around);
  const opened = await openSource(source);
  const staged = await using(opened, async () => {
    checkSource(request, source, opened);
    checkCustomerKey(request, upload.headers);
    const { start, end } = sourceRange(request, opened.object.size);
    return stageCopy(request, opened, start, end, bucket.objects.newTemporary());
  });
  const part = bucket.uploads.addPart(upload, number, staged);
  return {
    status: 200,
    headers: { ...partHeaders(upload, part), ...sourceVersionHeader(source) },
    xml: xmlDocument('CopyPartResult', {
      ETag: quoted(part.md5),
      CRC64: part.crc,
      LastModified: new Date(part.modified).toISOString(),
    }),
  };
}

/** A bucket that is a file system copies nothing. @throws CosError MethodNotAllowed */
function refuseInFileSystem({ traits }: Surroundings): void {
  if (traits.kind === 'OFS') throw new CosError('MethodNotAllowed');
}

/** @throws CosError PreconditionFailed, InvalidObjectState, SsecDecryptHeaderInvalid */
function checkSource(
  request: CosRequest,
  { bucket, key }: ReturnType<typeof readSource>,
  { object }: OpenObject,
): void {
  checkConditions(request, object, 'x-cos-copy-source-');
  bucket.objects.thaws.checkReadable(key, object);
  checkCustomerKey(request, object.headers, 'copy-source-');
}

function sourceRange(request: CosRequest, size: number): { start: number; end: number } {
  const text = header(request, 'x-cos-copy-source-range');
  if (text === undefined) return { start: 0, end: size };
  const match = /^bytes=\d+-(\d+)$/.exec(text);
  if (!match || Number(match[1]) >= size) throw new CosError('InvalidRange');
  return readRangeHeader(text, size) ?? { start: 0, end: size };
}

/** Where x-cos-copy-source points: `<host that names a bucket>/<percent-encoded key>`. */
function readSource(request: CosRequest, { storage, defaultBucket, traits }: Surroundings) {
  const [text, version] = (header(request, 'x-cos-copy-source') ?? '')
    .replace(/^https?:\/\//, '')
    .split(/\?versionId=/i) as [string, string?];
  const at = text.indexOf('/');
  const name = at > 0 ? bucketOfHost(text.slice(0, at), defaultBucket) : undefined;
  const key = decode(text.slice(at + 1));
  if (name === undefined || key === '')
    throw new CosError('InvalidArgument', 'x-cos-copy-source is not valid.');
  if (isDenied(traits.deny, 'GetObject', key)) throw new CosError('AccessDenied');
  return { bucket: storage.find(name), key, version: version || undefined };
}

/** @throws CosError NoSuchCopySource */
async function openSource({ bucket, key, version }: ReturnType<typeof readSource>): Promise<OpenObject> {
  try {
    return await bucket.objects.open(key, version);
  } catch (error) {
    if (error instanceof CosError && error.code === 'NoSuchKey') throw new CosError('NoSuchCopySource');
    throw error;
  }
}

function sourceVersionHeader({ version }: { version: string | undefined }) {
  return version === undefined ? {} : { 'x-cos-copy-source-version-id': version };
}

async function stageCopy(
  request: CosRequest,
  { fd }: OpenObject,
  start: number,
  end: number,
  target: StageTarget,
): Promise<StagedBody> {
  // A big copy takes long and says nothing on the connection meanwhile.
  request.message.socket.setTimeout(0);
  return stageStream(readRange(fd, start, fd < 0 ? start : end), target);
}

async function using<T>({ fd }: OpenObject, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } finally {
    if (fd >= 0) closeSync(fd);
  }
}
