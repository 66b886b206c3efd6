import type { ListedObject, ListedVersion, ObjectStore, VersionMarker } from '../../cos/store.ts';
import { readAhead } from '../requests/read-ahead.ts';
import type { Requests } from '../requests/requests.ts';

/** An object that may be brought back, as it is or as it was. */
export interface RestorableObject extends ListedObject {
  /** undefined for the object as it is. */
  versionId?: string;
}

/**
 * The objects under a prefix, in COS's order. While a page is worked through the next one is on its way.
 * @param at ms since 1970: as they were at that moment; undefined for as they are
 * @throws Failure
 */
export function objectsAt(
  store: ObjectStore,
  requests: Requests,
  prefix: string,
  at: number | undefined,
): AsyncGenerator<RestorableObject> {
  if (at === undefined)
    return readAhead<RestorableObject, string>(marker => requests.send(() => store.list(prefix, marker)));
  return newestAt(
    readAhead<ListedVersion, VersionMarker>(marker =>
      requests.send(() => store.listVersions(prefix, marker)),
    ),
    at,
  );
}

/** Of each key the newest version that is not younger than a moment, where that is no deletion. */
async function* newestAt(
  versions: AsyncIterable<ListedVersion>,
  at: number,
): AsyncGenerator<RestorableObject> {
  let decided: string | undefined;
  for await (const version of versions) {
    if (version.key === decided || Date.parse(version.lastModified) > at) continue;
    decided = version.key;
    const { isDeletion, ...object } = version;
    if (!isDeletion) yield object;
  }
}
