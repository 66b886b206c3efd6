import { closeSync, unlinkSync } from 'node:fs';
import { stageBody } from '../body.ts';
import { checkCustomerKey, etagOf } from '../encryption.ts';
import { CosError } from '../errors.ts';
import { keptHeaders } from '../kept-headers.ts';
import {
  checkConditions,
  contentHeaders,
  objectHeaders,
  readRangeHeader,
  versionHeader,
} from '../object-headers.ts';
import type { Reply } from '../reply.ts';
import { type CosRequest, header, versionParameter } from '../request.ts';
import type { OpenBucket } from '../storage.ts';
import { removeObject } from './remove-object.ts';

/** PUT Object: cloud.tencent.com/document/product/436/7749. */
export async function putObject(request: CosRequest, { objects }: OpenBucket): Promise<Reply> {
  const headers = keptHeaders(request, objects.traits);
  const staged = await stageBody(request.message, objects.newTemporary);
  // Asked only now: what matters is whether the key is taken when the body is there.
  // A bucket that keeps versions overwrites nothing: there the header has no effect.
  const forbidden = objects.versioning === undefined && header(request, 'x-cos-forbid-overwrite') === 'true';
  if (forbidden && objects.has(request.key)) {
    unlinkSync(staged.path);
    throw new CosError('FileAlreadyExists');
  }
  const object = objects.commit(request.key, staged, headers, etagOf(staged.md5, headers));
  const version = object.version === undefined ? {} : versionHeader(objects, object);
  return { status: 200, headers: { ...contentHeaders(object), ...version } };
}

/** GET Object and HEAD Object, with conditions and Range: cloud.tencent.com/document/product/436/7753, 7745. */
export async function getObject(request: CosRequest, { objects }: OpenBucket): Promise<Reply> {
  const { object, fd } = await objects.open(request.key, versionParameter(request));
  try {
    checkCustomerKey(request, object.headers);
    checkConditions(request, object, '');
    if (request.method === 'GET') objects.thaws.checkReadable(request.key, object);
    const range = readRangeHeader(header(request, 'range'), object.size);
    const headers = {
      ...objectHeaders(object, request),
      ...versionHeader(objects, object),
      ...objects.thaws.headersOf(request.key, object),
    };
    if (!range) return { status: 200, headers, file: { fd, start: 0, end: object.size } };
    headers['Content-Range'] = `bytes ${range.start}-${range.end - 1}/${object.size}`;
    return { status: 206, headers, file: { fd, ...range } };
  } catch (error) {
    if (fd >= 0) closeSync(fd);
    throw error;
  }
}

/** DELETE Object: cloud.tencent.com/document/product/436/7743. */
export function deleteObject(request: CosRequest, { objects }: OpenBucket): Reply {
  const id = versionParameter(request);
  const { version, isMarker } = removeObject(objects, request.key, id);
  return {
    status: 204,
    headers: {
      ...(version !== undefined && { 'x-cos-version-id': version }),
      ...(isMarker && { 'x-cos-delete-marker': 'true' }),
    },
  };
}
