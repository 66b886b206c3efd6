import { KeyIndex } from './key-index.ts';
import type { ObjectFiles, Place } from './object-files.ts';

/** Headers kept with an object, names in lower case. */
export type KeptHeaders = Record<string, string>;

export interface StoredObject {
  /** Bytes. */
  size: number;
  /** Without quotes. */
  etag: string;
  /** CRC-64, unsigned decimal. */
  crc: string;
  /** Last-Modified, ms since 1970. */
  modified: number;
  headers: KeptHeaders;
  place: Place;
  /** mtime of the file in ms as this server left it. */
  mtime: number;
  /** Version ID; absent for one made while the bucket kept no versions, whose ID is `null`. */
  version?: string;
}

/** What a deletion leaves in a bucket that keeps versions. */
export interface DeleteMarker {
  marker: true;
  version: string;
  /** ms since 1970. */
  modified: number;
}

export type Version = StoredObject | DeleteMarker;
export type Versioning = 'Enabled' | 'Suspended';

/** One change of a bucket, as its journal holds it. */
export type Entry =
  /** A newer version; `before` is where the bytes of the one it follows lie now, absent where it replaces that. */
  | ({ key: string; before?: Place | undefined } & Version)
  /** A version (absent: the current one) is gone; `after` is where the one that is current now lies. */
  | { key: string; gone: true; version?: string; after?: Place | undefined }
  | { versioning: Versioning };

export const NULL_VERSION = 'null';

export function versionId(version: Version): string {
  return version.version ?? NULL_VERSION;
}

export function isMarker(version: Version): version is DeleteMarker {
  return 'marker' in version;
}

/**
 * What a bucket holds. It changes by journal entries alone, so that reading a journal back leads to the state
 * in which it was written.
 */
export class Records {
  /** Absent where versions were never asked for. */
  versioning: Versioning | undefined;
  readonly #files: ObjectFiles;
  readonly #current = new Map<string, StoredObject>();
  /** All versions but the current one, newest first; a delete marker in front means that there is no current one. */
  readonly #older = new Map<string, Version[]>();
  readonly #index = new KeyIndex();
  /** Keys that have older versions only: seldom many. */
  readonly #hidden = new Set<string>();

  constructor(files: ObjectFiles) {
    this.#files = files;
  }

  get isEmpty(): boolean {
    return this.#current.size === 0 && this.#older.size === 0;
  }

  /** How many journal lines this takes. */
  get lines(): number {
    let lines = this.#current.size;
    for (const versions of this.#older.values()) lines += versions.length;
    return lines;
  }

  /** The keys that have a current object, in UTF-8 order; valid until the next change. */
  keys(): readonly string[] {
    return this.#index.keys();
  }

  /** Keys whose newest version is a delete marker, in no order. */
  deletedKeys(): ReadonlySet<string> {
    return this.#hidden;
  }

  current(key: string): StoredObject | undefined {
    return this.#current.get(key);
  }

  /** Newest first. */
  versionsOf(key: string): readonly Version[] {
    const current = this.#current.get(key);
    const older = this.#older.get(key) ?? [];
    return current ? [current, ...older] : older;
  }

  apply(entry: Entry): void {
    if ('versioning' in entry) this.versioning = entry.versioning;
    else if ('gone' in entry) this.#remove(entry);
    else this.#add(entry);
  }

  /** Entries that lead to this state. */
  *entries(): Generator<Entry> {
    if (this.versioning) yield { versioning: this.versioning };
    for (const key of [...this.#current.keys(), ...this.#hidden]) {
      let before: Place | undefined;
      for (const version of this.versionsOf(key).toReversed()) {
        yield { key, ...version, before };
        before = isMarker(version) ? undefined : version.place;
      }
    }
  }

  #add({ key, before, ...added }: { key: string; before?: Place | undefined } & Version): void {
    const version = added as Version;
    const current = this.#current.get(key);
    const older = [...(this.#older.get(key) ?? [])];
    if (current && before) older.unshift({ ...current, place: before });
    const others = older.filter(other => versionId(other) !== versionId(version));
    this.#set(
      key,
      isMarker(version) ? [version, ...others] : others,
      isMarker(version) ? undefined : version,
    );
  }

  #remove({ key, version, after }: { key: string; version?: string; after?: Place | undefined }): void {
    const current = this.#current.get(key);
    const older = this.#older.get(key) ?? [];
    const isCurrent = version === undefined || (current && versionId(current) === version);
    const others = isCurrent ? older : older.filter(other => versionId(other) !== version);
    const [next, ...rest] = others;
    if (after && next && !isMarker(next)) this.#set(key, rest, { ...next, place: after });
    else this.#set(key, others, isCurrent ? undefined : current);
  }

  #set(key: string, older: Version[], current: StoredObject | undefined): void {
    const before = this.#current.get(key);
    if (before) this.#files.release(before.place);
    if (current) {
      this.#current.set(key, current);
      this.#files.claim(key, current.place);
    } else this.#current.delete(key);
    if (!before && current) this.#index.add(key);
    if (before && !current) this.#index.remove(key);
    if (older.length > 0) this.#older.set(key, older);
    else this.#older.delete(key);
    if (older.length > 0 && !current) this.#hidden.add(key);
    else this.#hidden.delete(key);
  }
}
