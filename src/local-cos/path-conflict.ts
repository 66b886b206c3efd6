import { compareUtf8, firstWhere } from './key-index.ts';

/**
 * Whether a key cannot be had in a bucket that is a file system, which has no file where a folder is and no
 * folder where a file is.
 * @param keys all keys, in UTF-8 order
 */
export function isPathTaken(key: string, keys: readonly string[]): boolean {
  const at = (wanted: string) => keys[firstWhere(keys, 0, one => compareUtf8(one, wanted) >= 0)];
  const names = key.split('/').slice(0, -1);
  const parents = names.map((_, i) => names.slice(0, i + 1).join('/'));
  if (parents.some(parent => at(parent) === parent)) return true;
  return !key.endsWith('/') && at(`${key}/`)?.startsWith(`${key}/`) === true;
}
