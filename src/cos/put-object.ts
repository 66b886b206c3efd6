import { confirmationOf } from './confirmation.ts';
import type { Ask } from './http/http.ts';
import type { Confirmation, Headers, PartBody } from './store.ts';

/**
 * PUT Object (436/7749). Content-MD5 makes COS refuse other bytes than these.
 * @throws Failure
 */
export function putObject(
  ask: Ask,
  key: string,
  body: Uint8Array | PartBody,
  md5: Buffer,
  headers: Headers,
): Promise<Confirmation> {
  const withMd5 = { ...headers, 'Content-MD5': md5.toString('base64') };
  return ask({ method: 'PUT', key, query: {}, headers: withMd5, body }).then(confirmationOf);
}
