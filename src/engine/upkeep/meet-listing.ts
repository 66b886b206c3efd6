import type { ListedObject, ObjectStore } from '../../cos/store.ts';
import { Failure } from '../../failure.ts';
import type { Requests } from '../requests/requests.ts';

/** An entry of ours and the object of its key; one of them may be missing. */
export interface Meeting<T> {
  /** Relative to the prefix. */
  path: string;
  entry: T | undefined;
  object: ListedObject | undefined;
}

/** Lists all objects under a prefix, page by page. @throws Failure */
export async function* listAll(
  store: ObjectStore,
  requests: Requests,
  prefix: string,
): AsyncGenerator<ListedObject> {
  for (let marker: string | undefined, isFirst = true; isFirst || marker !== undefined; isFirst = false) {
    const page = await requests.send(() => store.list(prefix, marker));
    yield* page.objects;
    if (page.nextMarker !== undefined && page.nextMarker === marker) throw notSorted(marker);
    marker = page.nextMarker;
  }
}

/**
 * COS lists in the order of UTF-8 bytes, and ours is that of UTF-16 units. The two agree on all
 * paths without these units; the few others wait in a map for their counterpart.
 */
const ORDERED_OTHERWISE = /[\ud800-\uffff]/;

/**
 * Meets entries of ours (ascending by path) with the objects of a listing, in one pass and
 * without holding either as a whole.
 * @throws Failure where the listing is not in COS's order
 */
export async function* meetListing<T extends { path: string }>(
  entries: AsyncIterable<T> | Iterable<T>,
  objects: AsyncIterable<ListedObject>,
  prefix: string,
): AsyncGenerator<Meeting<T>> {
  const waitingEntries = new Map<string, T>();
  const waitingObjects = new Map<string, ListedObject>();
  const iterator = iteratorOf(entries);
  let last: string | undefined;

  async function nextEntry(): Promise<T | undefined> {
    for (;;) {
      const { done, value } = await iterator.next();
      if (done) return undefined;
      if (!ORDERED_OTHERWISE.test(value.path)) return value;
      waitingEntries.set(value.path, value);
    }
  }

  let entry = await nextEntry();
  for await (const object of objects) {
    const path = object.key.slice(prefix.length);
    if (ORDERED_OTHERWISE.test(path)) {
      waitingObjects.set(path, object);
      continue;
    }
    if (last !== undefined && path <= last) throw notSorted(object.key);
    last = path;
    for (; entry && entry.path < path; entry = await nextEntry()) {
      yield { path: entry.path, entry, object: undefined };
    }
    const isMet = entry?.path === path;
    yield { path, entry: isMet ? entry : undefined, object };
    if (isMet) entry = await nextEntry();
  }
  for (; entry; entry = await nextEntry()) yield { path: entry.path, entry, object: undefined };

  for (const [path, waiting] of waitingEntries) {
    yield { path, entry: waiting, object: waitingObjects.get(path) };
    waitingObjects.delete(path);
  }
  for (const [path, object] of waitingObjects) yield { path, entry: undefined, object };
}

function iteratorOf<T>(entries: AsyncIterable<T> | Iterable<T>): AsyncIterator<T> | Iterator<T> {
  return Symbol.asyncIterator in entries ? entries[Symbol.asyncIterator]() : entries[Symbol.iterator]();
}

function notSorted(key: string): Failure {
  return new Failure('thisFile', { code: 'ListingNotSorted', message: key });
}
