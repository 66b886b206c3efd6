import { closeSync, fstatSync, mkdirSync, openSync, rmdirSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import type { StagedBody } from './body.ts';
import { CosError } from './errors.ts';
import { rehash } from './file-bytes.ts';
import { Journal } from './journal.ts';
import { compareUtf8, merge } from './key-index.ts';
import { type ListPage, type ListQuery, listPage } from './listing.ts';
import { ObjectFiles, type Place } from './object-files.ts';
import { keysThen, Past } from './past.ts';
import { isPathTaken } from './path-conflict.ts';
import {
  type DeleteMarker,
  type Entry,
  isMarker,
  type KeptHeaders,
  NULL_VERSION,
  Records,
  type StoredObject,
  type Version,
  type Versioning,
  versionId,
} from './records.ts';
import { Thaws } from './thaw.ts';
import type { Traits } from './traits.ts';
import { VersionIds } from './version-ids.ts';
import { type VersionPage, type VersionQuery, versionPage } from './version-listing.ts';

export interface OpenObject {
  object: StoredObject;
  /** To be closed by the caller; -1 for a folder object, which has no bytes. */
  fd: number;
}

/**
 * One bucket: the objects' bytes in a folder a person can look into, everything else in a hidden folder.
 * Every change is a synchronous step (rename, journal line, record), so requests that run side by side
 * never see half of one.
 */
export class Bucket {
  readonly name: string;
  /** When the bucket was made, ms since 1970. */
  readonly created: number;
  readonly traits: Traits;
  readonly thaws = new Thaws();
  readonly #folder: string;
  readonly #hidden: string;
  readonly #files: ObjectFiles;
  readonly #journal: Journal;
  readonly #records: Records;
  readonly #ids = new VersionIds();
  readonly #past = new Past();
  #temporaries = 0;
  #closed = false;

  /**
   * @param folder holds the objects; made if missing
   * @param hidden holds what has no plain path, the journal, uploads and temporary files
   */
  constructor(name: string, folder: string, hidden: string, traits: Traits) {
    this.name = name;
    this.traits = traits;
    this.#folder = folder;
    this.#hidden = hidden;
    mkdirSync(folder, { recursive: true });
    rmSync(join(hidden, 'tmp'), { recursive: true, force: true });
    mkdirSync(join(hidden, 'tmp'), { recursive: true });
    mkdirSync(this.uploadsFolder, { recursive: true });
    this.created = statSync(folder).birthtimeMs;
    this.#files = new ObjectFiles(folder, join(hidden, 'hashed'));
    this.#records = new Records(this.#files);
    this.#journal = new Journal(join(hidden, 'objects.journal'));
    this.#load();
  }

  get uploadsFolder(): string {
    return join(this.#hidden, 'uploads');
  }

  get isEmpty(): boolean {
    return this.#records.isEmpty;
  }

  /** Whether versions are kept; undefined where they never were. */
  get versioning(): Versioning | undefined {
    return this.#records.versioning;
  }

  set versioning(versioning: Versioning) {
    this.#change({ versioning });
  }

  /** A temporary file to be made, on the same file system as everything of the bucket. */
  newTemporary = (): { path: string } => ({ path: join(this.#hidden, 'tmp', String(this.#temporaries++)) });

  has(key: string): boolean {
    return this.#records.current(key) !== undefined;
  }

  /**
   * Gives a staged body its place as an object, replacing what was there.
   * @returns the object as stored
   * @throws CosError NoSuchBucket when the bucket was deleted while the body came in; PathConflict
   */
  commit(key: string, staged: StagedBody, headers: KeptHeaders, etag = staged.md5): StoredObject {
    const refusal = this.#closed ? 'NoSuchBucket' : this.#isPathTaken(key) ? 'PathConflict' : undefined;
    if (refusal) {
      rmSync(staged.path, { force: true });
      throw new CosError(refusal);
    }
    const { size, crc, mtime } = staged;
    const version = this.#newVersion();
    const before = this.#keepBefore(key, version);
    const place = this.#files.settle(key, staged, this.#records.current(key)?.place);
    const object: StoredObject = {
      ...{ size, etag, crc, modified: Date.now(), headers, place, mtime },
      ...(version !== NULL_VERSION && { version }),
    };
    this.#replace({ key, ...object, before }, object);
    return object;
  }

  /**
   * Removes the current object; in a bucket that keeps versions a delete marker hides it.
   * @returns the marker, if one was made
   */
  remove(key: string): DeleteMarker | undefined {
    const current = this.#records.current(key);
    if (this.versioning === undefined) {
      if (current) this.#removeOf(key, current);
      return undefined;
    }
    const marker: DeleteMarker = { marker: true, version: this.#newVersion(), modified: Date.now() };
    this.#replace({ key, ...marker, before: this.#keepBefore(key, marker.version) }, marker);
    this.#prune(key);
    return marker;
  }

  /**
   * Removes one version for good; the one before it becomes the current one where it was that.
   * @returns what was removed; undefined when there is no such version
   */
  removeVersion(key: string, id: string): Version | undefined {
    const removed = this.#records.versionsOf(key).find(version => versionId(version) === id);
    if (removed) this.#removeOf(key, removed);
    return removed;
  }

  /**
   * Opens an object's bytes for reading; what is read is that object, whatever happens to the key meanwhile.
   * A file that somebody changed by hand is taken as the object's new content.
   * @param id a version's; absent: the current one
   * @throws CosError NoSuchKey, NoSuchVersion
   */
  async open(key: string, id?: string): Promise<OpenObject> {
    const version = id === undefined ? this.#records.current(key) : this.#versionOf(key, id);
    return version === this.#records.current(key) ? this.#openCurrent(key) : this.#openOlder(key, version);
  }

  #versionOf(key: string, id: string): Version {
    const version = this.#records.versionsOf(key).find(one => versionId(one) === id);
    if (!version) throw new CosError('NoSuchVersion');
    return version;
  }

  /** Kept versions lie where nobody edits: what is there is the version, or it is gone. */
  #openOlder(key: string, version: Version | undefined): OpenObject {
    const isThere = version && !isMarker(version) && this.#files.has(version.place);
    if (!isThere) throw this.#noSuchKey(key, version);
    const { place } = version;
    return { object: version, fd: place.kind === 'folder' ? -1 : openSync(this.#files.pathOf(place), 'r') };
  }

  /** A delete marker says that it is one. */
  #noSuchKey(key: string, version = this.#records.versionsOf(key)[0]): CosError {
    const isDeleted = version !== undefined && isMarker(version);
    const headers = isDeleted ? { 'x-cos-delete-marker': 'true', 'x-cos-version-id': version.version } : {};
    return new CosError('NoSuchKey', undefined, headers);
  }

  async #openCurrent(key: string): Promise<OpenObject> {
    for (let attempt = 0; attempt < 5; attempt++) {
      const object = this.#records.current(key);
      if (!object) throw this.#noSuchKey(key);
      const { place } = object;
      if (place.kind === 'folder') return { object, fd: -1 };
      if (!this.#isThere(key)) throw this.#noSuchKey(key);
      const fd = openSync(this.#files.pathOf(place), 'r');
      const stat = fstatSync(fd);
      if (stat.size === object.size && stat.mtimeMs === object.mtime) return { object, fd };
      try {
        const content = await rehash(fd);
        if (this.#records.current(key) === object) this.#adopt(key, object, content);
      } finally {
        closeSync(fd);
      }
    }
    throw new CosError('InternalError');
  }

  /** One page of the listing; objects whose file somebody removed by hand are forgotten on the way. */
  list(query: ListQuery): { page: ListPage; objectOf: (key: string) => StoredObject } {
    const then = this.#past.before(this.traits.listingLag);
    const keys = keysThen(this.#records.keys(), then);
    const page = listPage(keys, query, key => then.has(key) || this.#isThere(key));
    return { page, objectOf: key => then.get(key) ?? this.#records.current(key)! };
  }

  /** One page of the listing of all versions. */
  listVersions(query: VersionQuery): VersionPage {
    const deleted = [...this.#records.deletedKeys()].sort(compareUtf8);
    const keys = merge(this.#records.keys(), deleted);
    return versionPage(keys, key => this.#records.versionsOf(key), query);
  }

  close(): void {
    this.#closed = true;
    this.#journal.close();
  }

  /** Removes the bucket's folders. Objects must be gone; a file somebody else put there keeps its folder. */
  destroy(): void {
    this.close();
    rmSync(this.#hidden, { recursive: true, force: true });
    try {
      rmdirSync(this.#folder);
    } catch {
      // Not empty: foreign files are not ours to remove.
    }
  }

  #load(): void {
    const lines = this.#journal.load(line => {
      const entry = Object(line) as Entry;
      if (('versioning' in entry && entry.versioning) || typeof (entry as { key?: string }).key === 'string')
        this.#records.apply(entry);
    });
    if (lines > 2 * this.#records.lines + 1000) this.#journal.rewrite(this.#records.entries());
  }

  #change(entry: Entry): void {
    if (this.traits.listingLag > 0 && 'key' in entry)
      this.#past.note(entry.key, this.#records.current(entry.key));
    this.#journal.append(entry);
    this.#records.apply(entry);
  }

  #isPathTaken(key: string): boolean {
    return this.traits.kind === 'OFS' && isPathTaken(key, this.#records.keys());
  }

  #newVersion(): string {
    return this.versioning === 'Enabled' ? this.#ids.next() : NULL_VERSION;
  }

  /** Whether a version stays when one with this ID follows it. */
  #isKept(version: Version, id: string): boolean {
    return versionId(version) !== id;
  }

  /** Moves the current object's bytes aside when a version with this ID is to follow it. */
  #keepBefore(key: string, id: string): Place | undefined {
    const current = this.#records.current(key);
    const isKept = current && this.#isKept(current, id) && this.#isThere(key);
    return isKept ? this.#files.keep(key, current.place) : undefined;
  }

  /** Records a new version, and drops the bytes of those it replaces: all with its ID. */
  #replace(entry: Entry & { key: string }, added: Version): void {
    const replaced = this.#records.versionsOf(entry.key).filter(one => !this.#isKept(one, versionId(added)));
    const current = this.#records.current(entry.key);
    this.#change(entry);
    const successor = isMarker(added) ? undefined : added.place;
    for (const version of new Set([...replaced, ...(current ? [current] : [])])) {
      if (!isMarker(version)) this.#files.drop(version.place, successor);
    }
  }

  #removeOf(key: string, removed: Version): void {
    const versions = this.#records.versionsOf(key);
    const current = this.#records.current(key);
    const next = versions.find(version => version !== removed);
    const isPromoted = next !== undefined && next !== current && !isMarker(next);
    const after = isPromoted ? this.#restore(key, next, current) : undefined;
    this.#change({ key, gone: true, version: versionId(removed), after });
    if (isPromoted) this.#files.drop(next.place, after);
    if (!isMarker(removed)) this.#files.drop(removed.place, after);
    if (!this.has(key)) this.#prune(key);
  }

  /** Gives an older version's bytes the place of a current one. */
  #restore(key: string, { place, size }: StoredObject, current: StoredObject | undefined) {
    const { path } = this.newTemporary();
    this.#files.restage(place, path);
    return this.#files.settle(key, { path, size }, current?.place);
  }

  #prune(key: string): void {
    this.#files.prune(key, folderKey => this.has(folderKey));
  }

  /** Somebody may have removed the file by hand: then the object is gone with it. */
  #isThere(key: string): boolean {
    const current = this.#records.current(key)!;
    if (this.#files.has(current.place)) return true;
    this.#change({ key, gone: true, version: versionId(current) });
    return false;
  }

  #adopt(
    key: string,
    object: StoredObject,
    content: Pick<StagedBody, 'size' | 'md5' | 'crc' | 'mtime'>,
  ): void {
    const { size, md5, crc, mtime } = content;
    // A file that was only touched, or copied with its folder, is the same object still.
    const same = size === object.size && crc === object.crc;
    this.#change({ key, ...object, mtime, ...(!same && { size, etag: md5, crc, modified: Date.now() }) });
  }
}
