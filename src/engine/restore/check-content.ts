import { unproved } from '../../cos/errors.ts';
import type { ObjectHead } from '../../cos/store.ts';
import type { Failure } from '../../failure.ts';

const MD5 = /^[0-9a-f]{32}$/i;

/** Whether an ETag has the form of an MD5; it is one unless COS encrypts with a key of KMS or the customer. */
export function isMd5(etag: string): boolean {
  return MD5.test(etag);
}

/**
 * Makes sure that the bytes that came are those that COS holds: by the ETag where it is their MD5, else by the
 * CRC-64, which always is of the content.
 * @throws Failure (transient): they are fetched again
 */
export async function checkContent(
  head: ObjectHead,
  read: { md5?: string; crc64(): Promise<string> | string },
): Promise<void> {
  if (read.md5 !== undefined && head.etag.toLowerCase() === read.md5) return;
  const isProved = head.crc64 !== undefined && (await read.crc64()) === head.crc64;
  if (!isProved) throw contentMismatch(head);
}

export function contentMismatch(head: ObjectHead): Failure {
  return unproved('ContentMismatch', undefined, head);
}
