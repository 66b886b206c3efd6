import { Failure } from '../failure.ts';
import { confirmationOf } from './confirmation.ts';
import { unproved } from './errors.ts';
import type { HttpAnswer } from './http/answer.ts';
import type { HttpRequest } from './http/http.ts';
import type { BodySink, GetWanted, ObjectHead } from './store.ts';

const PARTIAL = 206;

/** GET Object (436/7753). @throws Failure where the answer is another, or not as long as it should be */
export async function getObject(
  ask: (request: HttpRequest) => Promise<HttpAnswer>,
  { key, versionId, etag, range, size }: GetWanted,
  sink: BodySink,
): Promise<ObjectHead> {
  const headers: Record<string, string> = {};
  if (etag !== undefined && versionId === undefined) headers['If-Match'] = `"${etag}"`;
  if (range) headers.Range = `bytes=${range.first}-${range.last}`;
  let received = 0;
  let isPart = false;
  let head: ObjectHead | undefined;
  const notAsked = (message: string) =>
    unproved('ContentMismatch', message, head ?? { status: 0, requestId: '' });
  await ask({
    method: 'GET',
    key,
    query: versionQuery(versionId),
    headers,
    sink: {
      begin(status, fields) {
        isPart = status === PARTIAL;
        head = headIn({ status, headers: fields });
      },
      write(piece) {
        received += piece.length;
        // Who knows no ranges sends all of it.
        if (received > size || (range && !isPart)) throw notAsked('the answer is not what was asked for');
        return sink.write(piece);
      },
    },
  });
  if (!head || received !== size) throw notAsked(`${received} bytes came, ${size} were asked for`);
  // A version stays what it is, but for the one without an ID of its own (`null`).
  if (etag !== undefined && head.etag !== etag) {
    throw new Failure('stale', {
      code: 'PreconditionFailed',
      status: head.status,
      requestId: head.requestId,
    });
  }
  return head;
}

export function versionQuery(versionId: string | undefined): HttpRequest['query'] {
  return versionId === undefined ? {} : { versionId };
}

/** @throws Failure where the answer has no ETag: it is not COS's */
export function headIn(answer: Pick<HttpAnswer, 'status' | 'headers'>): ObjectHead {
  const confirmation = confirmationOf(answer);
  if (confirmation.etag === '') throw unproved('UnexpectedAnswer', 'the answer has no ETag', confirmation);
  return {
    ...confirmation,
    size: Number(answer.headers['content-length'] ?? Number.NaN),
    lastModified: Date.parse(String(answer.headers['last-modified'])),
    mtime: mtimeIn(answer.headers['x-cos-meta-mtime']),
  };
}

/** Seconds since 1970 with up to nine decimals, as rclone writes it, in ms. */
export function mtimeIn(header: string | string[] | undefined): number | undefined {
  const text = String(header ?? '').trim();
  const [, whole, fraction = ''] = /^(-?\d{1,12})(\.\d{1,9})?$/.exec(text) ?? [];
  if (whole === undefined) return undefined;
  const beyond = Number(`0${fraction}`) * 1000;
  return Number(whole) * 1000 + (whole.startsWith('-') ? -beyond : beyond);
}
