import { mkdirSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { Bucket } from './bucket.ts';
import { CosError } from './errors.ts';
import { Multipart } from './multipart.ts';
import type { Traits } from './traits.ts';

export interface OpenBucket {
  objects: Bucket;
  uploads: Multipart;
}

/** What a bucket name may be; the last part of a real one is the APPID. */
const NAME = /^(?=.{1,63}$)[a-z0-9]([a-z0-9-]*[a-z0-9])?$/;
const NAME_WITH_APPID = /^(?=.{1,63}$)[a-z0-9]([a-z0-9-]*[a-z0-9])?-\d{1,12}$/;

/** Whether a name can be a bucket's (and so a folder's) at all. */
export function isBucketName(name: string): boolean {
  return NAME.test(name);
}

/** Whether it is one that COS would take too. */
export function isBucketNameWithAppid(name: string): boolean {
  return NAME_WITH_APPID.test(name);
}

/** All buckets below one folder: DIR/<bucket> with the objects, DIR/.local-cos/<bucket> with the rest. */
export class Storage {
  readonly #dir: string;
  readonly #traits: Traits;
  readonly #buckets = new Map<string, OpenBucket>();

  /** Opens the buckets that are there. */
  constructor(dir: string, traits: Traits) {
    this.#dir = dir;
    this.#traits = traits;
    mkdirSync(join(dir, '.local-cos'), { recursive: true });
    for (const entry of readdirSync(dir, { withFileTypes: true })) {
      if (entry.isDirectory() && isBucketName(entry.name)) this.#open(entry.name);
    }
  }

  list(): OpenBucket[] {
    return [...this.#buckets.values()].sort((a, b) => (a.objects.name < b.objects.name ? -1 : 1));
  }

  /** @throws CosError NoSuchBucket */
  find(name: string): OpenBucket {
    const bucket = this.#buckets.get(name);
    if (!bucket) throw new CosError('NoSuchBucket');
    return bucket;
  }

  /** Makes the bucket unless it is there. */
  ensure(name: string): void {
    if (!this.#buckets.has(name)) this.#open(name);
  }

  /** @throws CosError InvalidBucketName, BucketAlreadyOwnedByYou */
  create(name: string): void {
    if (this.#buckets.has(name)) throw new CosError('BucketAlreadyOwnedByYou');
    if (!isBucketNameWithAppid(name)) throw new CosError('InvalidBucketName');
    this.#open(name);
  }

  /** @throws CosError NoSuchBucket, BucketNotEmpty */
  remove(name: string): void {
    const { objects, uploads } = this.find(name);
    if (!objects.isEmpty || !uploads.isEmpty) throw new CosError('BucketNotEmpty');
    this.#buckets.delete(name);
    objects.destroy();
  }

  close(): void {
    for (const { objects } of this.#buckets.values()) objects.close();
  }

  #open(name: string): void {
    const hidden = join(this.#dir, '.local-cos', name);
    const objects = new Bucket(name, join(this.#dir, name), hidden, this.#traits);
    this.#buckets.set(name, { objects, uploads: new Multipart(objects) });
  }
}
