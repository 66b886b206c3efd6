import { closeSync, unlinkSync } from 'node:fs';
import { stageBody } from '../body.ts';
import { CosError } from '../errors.ts';
import {
  checkConditions,
  contentHeaders,
  keptHeaders,
  objectHeaders,
  readRangeHeader,
} from '../object-headers.ts';
import type { Reply } from '../reply.ts';
import { type CosRequest, header } from '../request.ts';
import type { OpenBucket } from '../storage.ts';

/** PUT Object: cloud.tencent.com/document/product/436/7749. */
export async function putObject(request: CosRequest, { objects }: OpenBucket): Promise<Reply> {
  const headers = keptHeaders(request);
  const staged = await stageBody(request.message, objects.newTemporary);
  // Asked only now: what matters is whether the key is taken when the body is there.
  if (header(request, 'x-cos-forbid-overwrite') === 'true' && objects.has(request.key)) {
    unlinkSync(staged.path);
    throw new CosError('FileAlreadyExists');
  }
  return { status: 200, headers: contentHeaders(objects.commit(request.key, staged, headers)) };
}

/** GET Object and HEAD Object, with conditions and Range: cloud.tencent.com/document/product/436/7753, 7745. */
export async function getObject(request: CosRequest, { objects }: OpenBucket): Promise<Reply> {
  const { object, fd } = await objects.open(request.key);
  try {
    checkConditions(request, object, '');
    const range = readRangeHeader(header(request, 'range'), object.size);
    const headers = objectHeaders(object, request);
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
  objects.remove(request.key);
  return { status: 204 };
}
