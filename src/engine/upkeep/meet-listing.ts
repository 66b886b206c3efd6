import { eachLimit } from 'async';
import type { Config } from '../../config/schema.ts';
import type { ListedObject, ObjectStore } from '../../cos/store.ts';
import { othersThan } from '../local/shard.ts';
import { readAhead } from '../requests/read-ahead.ts';
import type { Requests } from '../requests/requests.ts';

/** An entry of ours and the object of its key; one of them may be missing. */
export interface Meeting<T, O extends ListedObject = ListedObject> {
  /** Relative to the prefix. */
  path: string;
  entry: T | undefined;
  object: O | undefined;
}

/** What is listed, and how. */
export interface ListingOptions {
  config: Config;
  prefix: string;
  store: ObjectStore;
  requests: Requests;
  /** Is told now and then how many objects were listed so far. */
  onListed(objects: number): void;
  signal: AbortSignal;
}

/** Work that needs a request or a file's content is collected up to this many. */
const BATCH = 256;
const LISTED_REPORT = 1_000;

/**
 * Meets entries of ours (ascending by path) with all objects under the prefix, or with all of the configured shard.
 * @param visit answers the rest of its work where that needs a request or a file's content: it is done
 *   thread_num at a time
 * @returns how many objects there are
 * @throws Failure where COS cannot be asked; the signal's reason when aborted
 */
export async function meetAll<T extends { path: string }>(
  options: ListingOptions,
  entries: AsyncIterable<T> | Iterable<T>,
  visit: (meeting: Meeting<T>) => (() => Promise<void>) | undefined,
): Promise<number> {
  const { config, prefix, onListed, signal } = options;
  let objects = 0;
  let waiting: (() => Promise<void>)[] = [];
  const finishWaiting = async () => {
    await eachLimit(waiting, config.threadNum, async (work: () => Promise<void>) => work());
    waiting = [];
  };
  for await (const meeting of meetListing(entries, listAll(options), prefix)) {
    signal.throwIfAborted();
    if (meeting.object && ++objects % LISTED_REPORT === 0) onListed(objects);
    const more = visit(meeting);
    if (more && waiting.push(more) >= BATCH) await finishWaiting();
  }
  await finishWaiting();
  signal.throwIfAborted();
  return objects;
}

/** All objects under a prefix that are no other shard's. @throws Failure */
async function* listAll({ config, prefix, store, requests }: ListingOptions): AsyncGenerator<ListedObject> {
  const isOthers = othersThan(config.shard);
  const objects = readAhead<ListedObject, string>(marker => requests.send(() => store.list(prefix, marker)));
  for await (const object of objects) if (!isOthers(object.key.slice(prefix.length))) yield object;
}

/**
 * COS lists in the order of UTF-8 bytes, and ours is that of UTF-16 units. The two agree on all
 * paths without these units; the few others wait in a map for their counterpart.
 */
const ORDERED_OTHERWISE = /[\ud800-\uffff]/;

/**
 * Meets entries of ours (ascending by path) with the objects of a listing, in one pass and
 * without holding either as a whole.
 * @param objects in COS's order
 */
export async function* meetListing<T extends { path: string }, O extends ListedObject>(
  entries: AsyncIterable<T> | Iterable<T>,
  objects: AsyncIterable<O>,
  prefix: string,
): AsyncGenerator<Meeting<T, O>> {
  const waitingEntries = new Map<string, T>();
  const waitingObjects = new Map<string, O>();
  const iterator = iteratorOf(entries);

  async function nextEntry(): Promise<T | undefined> {
    for (;;) {
      const { done, value } = await iterator.next();
      if (done) return undefined;
      if (!ORDERED_OTHERWISE.test(value.path)) return value;
      waitingEntries.set(value.path, value);
    }
  }

  try {
    let entry = await nextEntry();
    for await (const object of objects) {
      const path = object.key.slice(prefix.length);
      if (ORDERED_OTHERWISE.test(path)) {
        // With no entry left all of its counterparts are known.
        if (entry) waitingObjects.set(path, object);
        else yield { path, entry: taken(waitingEntries, path), object };
        continue;
      }
      for (; entry && entry.path < path; entry = await nextEntry()) {
        yield { path: entry.path, entry, object: undefined };
      }
      const isMet = entry?.path === path;
      yield { path, entry: isMet ? entry : undefined, object };
      if (isMet) entry = await nextEntry();
    }
    for (; entry; entry = await nextEntry()) yield { path: entry.path, entry, object: undefined };

    for (const [path, waiting] of waitingEntries) {
      yield { path, entry: waiting, object: taken(waitingObjects, path) };
    }
    for (const [path, object] of waitingObjects) yield { path, entry: undefined, object };
  } finally {
    // A scan that is left in the middle would keep its threads, and they the program.
    await iterator.return?.();
  }
}

function taken<T>(waiting: Map<string, T>, path: string): T | undefined {
  const entry = waiting.get(path);
  waiting.delete(path);
  return entry;
}

function iteratorOf<T>(entries: AsyncIterable<T> | Iterable<T>): AsyncIterator<T> | Iterator<T> {
  return Symbol.asyncIterator in entries ? entries[Symbol.asyncIterator]() : entries[Symbol.iterator]();
}
