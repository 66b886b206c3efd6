import type { Bucket } from '../bucket.ts';
import { isMarker } from '../records.ts';

export interface Removal {
  /** ID of the version that was removed or of the delete marker that was made; undefined without versioning. */
  version: string | undefined;
  /** Whether a delete marker was made or removed. */
  isMarker: boolean;
}

/** Removes the current object (id undefined) or one version for good; what is not there is no error. */
export function removeObject(objects: Bucket, key: string, id: string | undefined): Removal {
  if (id === undefined) {
    const marker = objects.remove(key);
    return { version: marker?.version, isMarker: marker !== undefined };
  }
  const removed = objects.removeVersion(key, id);
  return { version: id, isMarker: removed !== undefined && isMarker(removed) };
}
