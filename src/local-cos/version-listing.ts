import { compareUtf8, firstWhere } from './key-index.ts';
import { commonPrefix } from './listing.ts';
import { type Version, versionId } from './records.ts';

export interface VersionQuery {
  prefix: string;
  delimiter: string;
  /** Only what comes after this key, or after `versionIdMarker` among its versions. */
  keyMarker: string;
  /** '' for none. */
  versionIdMarker: string;
  maxKeys: number;
}

export interface VersionPage {
  versions: { key: string; version: Version; isLatest: boolean }[];
  commonPrefixes: string[];
  truncated: boolean;
  /** The last entry of a truncated page; a common prefix has no version ID. */
  nextKeyMarker: string;
  nextVersionIdMarker: string;
}

/**
 * One page of all versions, as GET Bucket Object versions gives it: cloud.tencent.com/document/product/436/35521.
 * @param keys all keys that have a version, in UTF-8 order
 */
export function versionPage(
  keys: readonly string[],
  versionsOf: (key: string) => readonly Version[],
  query: VersionQuery,
): VersionPage {
  const { prefix, delimiter, keyMarker, maxKeys } = query;
  const page: VersionPage = {
    versions: [],
    commonPrefixes: [],
    truncated: false,
    nextKeyMarker: '',
    nextVersionIdMarker: '',
  };
  const isFull = () => page.versions.length + page.commonPrefixes.length >= maxKeys;
  let at = firstWhere(keys, 0, key => compareUtf8(key, keyMarker) >= 0 && compareUtf8(key, prefix) >= 0);
  for (let next = at + 1; at < keys.length && keys[at]!.startsWith(prefix); at = next, next = at + 1) {
    const key = keys[at]!;
    const group = key === keyMarker ? undefined : commonPrefix(key, prefix, delimiter);
    if (group !== undefined) {
      next = firstWhere(keys, at, later => !later.startsWith(group));
      if (group === keyMarker) continue;
      if (isFull()) return cut(page, maxKeys);
      page.commonPrefixes.push(group);
      page.nextKeyMarker = group;
      page.nextVersionIdMarker = '';
      continue;
    }
    for (const { version, isLatest } of remaining(key, versionsOf(key), query)) {
      if (isFull()) return cut(page, maxKeys);
      page.versions.push({ key, version, isLatest });
      page.nextKeyMarker = key;
      page.nextVersionIdMarker = versionId(version);
    }
  }
  return { ...page, nextKeyMarker: '', nextVersionIdMarker: '' };
}

function cut(page: VersionPage, maxKeys: number): VersionPage {
  return { ...page, truncated: maxKeys > 0 };
}

function remaining(key: string, versions: readonly Version[], { keyMarker, versionIdMarker }: VersionQuery) {
  const numbered = versions.map((version, i) => ({ version, isLatest: i === 0 }));
  const order = keyMarker === '' ? 1 : compareUtf8(key, keyMarker);
  if (order !== 0) return order > 0 ? numbered : [];
  if (versionIdMarker === '') return [];
  // A marked version that is gone is found nowhere: then its key comes whole again rather than in part.
  return numbered.slice(versions.findIndex(version => versionId(version) === versionIdMarker) + 1);
}
