import { requestIdIn, unproved } from './errors.ts';
import { isEtag } from './form.ts';
import type { Confirmation } from './store.ts';

/** What of an answer tells what COS took. */
interface Answer {
  status: number;
  headers: Readonly<Record<string, string | string[] | undefined>>;
}

/**
 * Reads the confirmation out of an answer's headers.
 * @throws Failure where its ETag is none
 */
export function confirmationOf(answer: Answer): Confirmation {
  const header = (name: string) => {
    const value = answer.headers[name];
    return Array.isArray(value) ? value[0] : value;
  };
  const proof = { status: answer.status, requestId: requestIdIn(answer.headers) ?? '' };
  return { ...proof, etag: etagIn(header('etag'), proof), crc64: header('x-cos-hash-crc64ecma') };
}

/**
 * An ETag without its quotation marks; empty where there is none.
 * @throws Failure where it is none: it would be recorded
 */
export function etagIn(text: string | undefined, answer: { status: number; requestId: string }): string {
  const etag = (text ?? '').replace(/^(?:W\/)?"|"$/g, '');
  if (etag !== '' && !isEtag(etag))
    throw unproved('UnexpectedAnswer', 'the answer has an ETag that is none', answer);
  return etag;
}

const MD5_HEX = /^[0-9a-f]{32}$/i;

/**
 * Makes sure that the bytes COS confirmed are the bytes that were read.
 * COS's ETag is the MD5 of a plainly stored object and something else of an encrypted one;
 * its CRC-64 always is of the content.
 * @param read what was computed from the bytes on their way; a CRC-64 only where it is asked for
 * @throws Failure where they differ, or where the answer proves nothing
 */
export async function verify(
  answer: Confirmation,
  read: { md5?: string; crc64: () => string | Promise<string> },
): Promise<void> {
  if (read.md5 !== undefined && answer.etag.toLowerCase() === read.md5) return;
  if (answer.crc64 !== undefined) {
    const crc64 = await read.crc64();
    if (answer.crc64 === crc64) return;
    throw unproved(
      'ChecksumMismatch',
      `x-cos-hash-crc64ecma is ${answer.crc64}, the bytes sent have ${crc64}`,
      answer,
    );
  }
  if (read.md5 !== undefined && MD5_HEX.test(answer.etag)) {
    throw unproved('ChecksumMismatch', `ETag is ${answer.etag}, the bytes sent have ${read.md5}`, answer);
  }
  throw unproved('ChecksumMismatch', 'the answer has neither a CRC-64 nor the MD5 as ETag', answer);
}
