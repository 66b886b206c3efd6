import type { Confirmation, ObjectStore } from '../../cos/store.ts';
import { type Failure, isRefusal } from '../../failure.ts';

/** What can be found out of an object. */
export interface Found extends Confirmation {
  /** bytes */
  size: number;
  /** ms since 1970; NaN where COS did not say */
  lastModified: number;
}

/**
 * The object under a key; undefined where there is none. Where HEAD is not allowed, the bucket's listing may be; but
 * a listing lags: one without the object says nothing.
 * @throws Failure, HEAD's own where neither tells
 */
export async function objectAt(store: ObjectStore, key: string): Promise<Found | undefined> {
  try {
    return await store.head(key);
  } catch (error) {
    const refusal = error as Failure;
    if (!isRefusal(refusal)) throw refusal;
    const { items } = await store.list(key, undefined).catch(() => {
      throw refusal;
    });
    const listed = items.find(object => object.key === key);
    if (!listed) throw refusal;
    const lastModified = Date.parse(listed.lastModified);
    return { ...listed, lastModified, status: 200, requestId: '', crc64: undefined };
  }
}
