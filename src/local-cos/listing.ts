import { compareUtf8, firstWhere } from './key-index.ts';

export interface ListQuery {
  prefix: string;
  delimiter: string;
  /** Only entries after this one; a common prefix equal to it is not repeated. */
  marker: string;
  maxKeys: number;
}

export interface ListPage {
  keys: string[];
  commonPrefixes: string[];
  truncated: boolean;
  /** The last entry of a truncated page. */
  nextMarker: string;
}

/**
 * One page of a bucket's listing, as GET Bucket gives it: cloud.tencent.com/document/product/436/7734.
 * @param sorted all keys in UTF-8 order
 * @param isThere asked for each key that would be listed; false leaves it out
 */
export function listPage(
  sorted: readonly string[],
  query: ListQuery,
  isThere: (key: string) => boolean,
): ListPage {
  const { prefix, delimiter, marker, maxKeys } = query;
  const page: ListPage = { keys: [], commonPrefixes: [], truncated: false, nextMarker: '' };
  if (maxKeys === 0) return page;
  let at = firstWhere(sorted, 0, key => compareUtf8(key, marker) > 0 && compareUtf8(key, prefix) >= 0);
  while (at < sorted.length) {
    const key = sorted[at]!;
    if (!key.startsWith(prefix)) break;
    const group = commonPrefix(key, prefix, delimiter);
    const skipped = group === undefined ? !isThere(key) : group === marker;
    if (!skipped) {
      if (page.keys.length + page.commonPrefixes.length === maxKeys) {
        page.truncated = true;
        return page;
      }
      if (group === undefined) page.keys.push(key);
      else page.commonPrefixes.push(group);
      page.nextMarker = group ?? key;
    }
    at = group === undefined ? at + 1 : firstWhere(sorted, at, later => !later.startsWith(group));
  }
  page.nextMarker = '';
  return page;
}

/** The group a key belongs to: up to and with the delimiter after the prefix; undefined for none. */
export function commonPrefix(key: string, prefix: string, delimiter: string): string | undefined {
  if (delimiter === '') return undefined;
  const end = key.indexOf(delimiter, prefix.length);
  return end < 0 ? undefined : key.slice(0, end + delimiter.length);
}
