import { closeSync, fstatSync, mkdirSync, openSync, rmdirSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import type { StagedBody } from './body.ts';
import { CosError } from './errors.ts';
import { rehash } from './file-bytes.ts';
import { Journal } from './journal.ts';
import { KeyIndex } from './key-index.ts';
import { type ListPage, type ListQuery, listPage } from './listing.ts';
import { ObjectFiles, type Place } from './object-files.ts';

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
}

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
  readonly #folder: string;
  readonly #hidden: string;
  readonly #files: ObjectFiles;
  readonly #journal: Journal;
  readonly #objects = new Map<string, StoredObject>();
  readonly #index = new KeyIndex();
  #temporaries = 0;
  #closed = false;

  /**
   * @param folder holds the objects; made if missing
   * @param hidden holds what has no plain path, the journal, uploads and temporary files
   */
  constructor(name: string, folder: string, hidden: string) {
    this.name = name;
    this.#folder = folder;
    this.#hidden = hidden;
    mkdirSync(folder, { recursive: true });
    rmSync(join(hidden, 'tmp'), { recursive: true, force: true });
    mkdirSync(join(hidden, 'tmp'), { recursive: true });
    mkdirSync(this.uploadsFolder, { recursive: true });
    this.created = statSync(folder).birthtimeMs;
    this.#files = new ObjectFiles(folder, join(hidden, 'hashed'));
    this.#journal = new Journal(join(hidden, 'objects.journal'));
    this.#load();
  }

  get uploadsFolder(): string {
    return join(this.#hidden, 'uploads');
  }

  get isEmpty(): boolean {
    return this.#objects.size === 0;
  }

  /** A temporary file to be made, on the same file system as everything of the bucket. */
  newTemporary = (): { path: string } => ({ path: join(this.#hidden, 'tmp', String(this.#temporaries++)) });

  has(key: string): boolean {
    return this.#objects.has(key);
  }

  /**
   * Gives a staged body its place as an object, replacing what was there.
   * @returns the object as stored
   * @throws CosError NoSuchBucket when the bucket was deleted while the body came in
   */
  commit(key: string, staged: StagedBody, headers: KeptHeaders, etag = staged.md5): StoredObject {
    if (this.#closed) {
      rmSync(staged.path, { force: true });
      throw new CosError('NoSuchBucket');
    }
    const before = this.#objects.get(key);
    const { size, crc, mtime } = staged;
    const place = this.#files.settle(key, staged, before?.place);
    const object: StoredObject = { size, etag, crc, modified: Date.now(), headers, place, mtime };
    this.#record(key, object);
    if (before) this.#files.drop(before.place, place);
    return object;
  }

  /** Removes an object; nothing happens when there is none. */
  remove(key: string): void {
    const object = this.#objects.get(key);
    if (!object) return;
    this.#recordGone(key);
    this.#files.drop(object.place);
    this.#files.prune(key, folderKey => this.#objects.has(folderKey));
  }

  /**
   * Opens an object's bytes for reading; what is read is that object, whatever happens to the key meanwhile.
   * A file that somebody changed by hand is taken as the object's new content.
   * @throws CosError NoSuchKey
   */
  async open(key: string): Promise<OpenObject> {
    for (let attempt = 0; attempt < 5; attempt++) {
      const object = this.#objects.get(key);
      if (!object) throw new CosError('NoSuchKey');
      const { place } = object;
      if (place.kind === 'folder') return { object, fd: -1 };
      if (!this.#isThere(key)) throw new CosError('NoSuchKey');
      const fd = openSync(this.#files.pathOf(place), 'r');
      const stat = fstatSync(fd);
      if (stat.size === object.size && stat.mtimeMs === object.mtime) return { object, fd };
      try {
        const content = await rehash(fd);
        if (this.#objects.get(key) === object) this.#adopt(key, object, content);
      } finally {
        closeSync(fd);
      }
    }
    throw new CosError('InternalError');
  }

  /** One page of the listing; objects whose file somebody removed by hand are forgotten on the way. */
  list(query: ListQuery): { page: ListPage; objectOf: (key: string) => StoredObject } {
    const page = listPage(this.#index.keys(), query, key => this.#isThere(key));
    return { page, objectOf: key => this.#objects.get(key)! };
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
    const lines = this.#journal.load(entry => {
      const { key, gone, ...object } = Object(entry) as StoredObject & { key?: string; gone?: true };
      if (typeof key !== 'string') return;
      if (gone) this.#forget(key);
      else this.#remember(key, object);
    });
    if (lines > 2 * this.#objects.size + 1000) this.#journal.rewrite(this.#entries());
  }

  *#entries(): Generator<unknown> {
    for (const [key, object] of this.#objects) yield { key, ...object };
  }

  #record(key: string, object: StoredObject): void {
    this.#journal.append({ key, ...object });
    this.#remember(key, object);
  }

  #recordGone(key: string): void {
    this.#journal.append({ key, gone: true });
    this.#forget(key);
  }

  #remember(key: string, object: StoredObject): void {
    if (!this.#objects.has(key)) this.#index.add(key);
    this.#objects.set(key, object);
    this.#files.claim(key, object.place);
  }

  #forget(key: string): void {
    const object = this.#objects.get(key);
    if (!object) return;
    this.#objects.delete(key);
    this.#index.remove(key);
    this.#files.release(object.place);
  }

  #isThere(key: string): boolean {
    if (this.#files.has(this.#objects.get(key)!.place)) return true;
    this.#recordGone(key);
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
    this.#record(key, { ...object, mtime, ...(!same && { size, etag: md5, crc, modified: Date.now() }) });
  }
}
