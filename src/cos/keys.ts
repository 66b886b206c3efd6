import { Failure } from '../failure.ts';

/** Longest object key in bytes of UTF-8. Source: COS "Specifications and limits". */
export const MAX_KEY_BYTES = 850;

/** Control characters that COS refuses in a key. Source: COS "Object overview" (436/13324). */
const REFUSED_CHARACTERS = /[\u0018-\u001b]/;

/**
 * The object key of a file; a folder's path ends with `/`.
 * @param prefix from prefixOf
 * @param path relative to local_path, with `/` between its parts
 * @throws Failure (thisFile) where COS accepts no such key
 */
export function keyOf(prefix: string, path: string): string {
  const key = prefix + path;
  if (key.length * 3 > MAX_KEY_BYTES && Buffer.byteLength(key) > MAX_KEY_BYTES) {
    throw new Failure('thisFile', { code: 'KeyTooLong' });
  }
  if (REFUSED_CHARACTERS.test(key) || key.startsWith('\\')) {
    throw new Failure('thisFile', { code: 'InvalidObjectName' });
  }
  return key;
}
