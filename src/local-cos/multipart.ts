import { createHash, randomBytes } from 'node:crypto';
import {
  closeSync,
  fstatSync,
  ftruncateSync,
  linkSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import type { IncomingMessage } from 'node:http';
import { join } from 'node:path';
import { contentLength, type StagedBody, stageBody, writeFully } from './body.ts';
import type { Bucket } from './bucket.ts';
import { combineCrc64 } from './crc64.ts';
import { etagOf } from './encryption.ts';
import { CosError } from './errors.ts';
import { readRange } from './file-bytes.ts';
import { compareUtf8 } from './key-index.ts';
import { jointFile, loadParts, type Part, recordName, stretchFor, type Upload } from './parts.ts';
import type { KeptHeaders, StoredObject } from './records.ts';

/** Every part but the last must have this size at least, in bytes. */
const SMALLEST_PART = 1024 ** 2;
const MOST_PARTS = 10_000;

/**
 * The multipart uploads under way in a bucket. An upload is a folder with a description and one file a part,
 * whose name says the part's number, MD5 and CRC-64: making that file records the part.
 */
export class Multipart {
  readonly #bucket: Bucket;
  readonly #uploads = new Map<string, Upload>();

  constructor(bucket: Bucket) {
    this.#bucket = bucket;
    for (const id of readdirSync(bucket.uploadsFolder)) {
      const upload = loadUpload(join(bucket.uploadsFolder, id), id);
      if (upload) this.#uploads.set(id, upload);
      else rmSync(join(bucket.uploadsFolder, id), { recursive: true, force: true });
    }
  }

  get isEmpty(): boolean {
    return this.#uploads.size === 0;
  }

  initiate(key: string, headers: KeptHeaders): Upload {
    const initiated = Date.now();
    const id = `${initiated}${randomBytes(25).toString('hex')}`;
    const upload = newUpload(join(this.#bucket.uploadsFolder, id), id, { key, headers, initiated });
    mkdirSync(upload.folder);
    writeFileSync(jointFile(upload), '');
    writeFileSync(descriptionOf(upload.folder), JSON.stringify({ key, headers, initiated }));
    this.#uploads.set(id, upload);
    return upload;
  }

  /** @throws CosError NoSuchUpload */
  find(id: string, key: string): Upload {
    const upload = this.#uploads.get(id);
    if (upload?.key !== key) throw new CosError('NoSuchUpload');
    return upload;
  }

  /** Uploads whose key has the prefix, by key and then by age. */
  list(prefix: string): Upload[] {
    return [...this.#uploads.values()]
      .filter(upload => upload.key.startsWith(prefix))
      .sort((a, b) => compareUtf8(a.key, b.key) || compareUtf8(a.id, b.id));
  }

  /**
   * Takes a part in from a request's body, into the joint file where it fits.
   * @throws CosError as stageBody does; NoSuchUpload when the upload ended meanwhile
   */
  async receivePart(upload: Upload, number: number, request: IncomingMessage): Promise<Part> {
    const stretch = stretchFor(upload, number, contentLength(request));
    if (!stretch) return this.addPart(upload, number, await stageBody(request, this.#bucket.newTemporary));
    upload.taken.add(number);
    upload.writing++;
    try {
      return this.addPart(upload, number, await stageBody(request, () => stretch), stretch.at);
    } catch (error) {
      upload.taken.delete(number);
      throw error;
    } finally {
      upload.writing--;
    }
  }

  /**
   * Records a staged body as a part, in place of an earlier one of the same number.
   * @param offset where it lies in the joint file, if it does
   * @throws CosError NoSuchUpload when the upload ended meanwhile
   */
  addPart(upload: Upload, number: number, staged: StagedBody, offset?: number): Part {
    if (this.#uploads.get(upload.id) !== upload) {
      if (offset === undefined) rmSync(staged.path, { force: true });
      throw new CosError('NoSuchUpload');
    }
    const { size, crc, mtime } = staged;
    const md5 = etagOf(staged.md5, upload.headers);
    const record = join(upload.folder, recordName(number, { ...staged, md5 }, offset));
    if (offset === undefined) renameSync(staged.path, record);
    else writeFileSync(record, '');
    const before = upload.parts.get(number);
    const part: Part = { number, size, md5, crc, modified: mtime, record, offset };
    upload.parts.set(number, part);
    if (before && before.record !== record) rmSync(before.record, { force: true });
    return part;
  }

  abort(upload: Upload): void {
    this.#uploads.delete(upload.id);
    rmSync(upload.folder, { recursive: true, force: true });
  }

  /**
   * Makes the parts the object.
   * @param listed what the client says the object consists of
   * @throws CosError InvalidPartOrder, InvalidPart, EntityTooSmall, MalformedXML
   */
  async complete(upload: Upload, listed: readonly { number: number; etag: string }[]): Promise<StoredObject> {
    const parts = chooseParts(upload, listed);
    // While the parts are joined nobody may add to them, and a second Complete finds nothing.
    this.#uploads.delete(upload.id);
    try {
      const { path } = this.#bucket.newTemporary();
      const joined = linkJoint(upload, parts, path) ?? (await copyParts(upload, parts, path));
      const object = this.#bucket.commit(
        upload.key,
        joined,
        upload.headers,
        multipartEtag(parts, upload.headers),
      );
      rmSync(upload.folder, { recursive: true, force: true });
      return object;
    } catch (error) {
      this.#uploads.set(upload.id, upload);
      throw error;
    }
  }
}

function descriptionOf(folder: string): string {
  return join(folder, 'upload.json');
}

function newUpload(folder: string, id: string, about: Pick<Upload, 'key' | 'headers' | 'initiated'>): Upload {
  return { id, ...about, folder, parts: new Map(), stretch: undefined, taken: new Set(), writing: 0 };
}

function loadUpload(folder: string, id: string): Upload | undefined {
  try {
    const { key, headers, initiated } = JSON.parse(readFileSync(descriptionOf(folder), 'utf8'));
    const upload = newUpload(folder, id, { key, headers, initiated });
    loadParts(upload);
    return upload;
  } catch {
    return undefined;
  }
}

function chooseParts(upload: Upload, listed: readonly { number: number; etag: string }[]): Part[] {
  if (listed.length === 0 || listed.length > MOST_PARTS) throw new CosError('MalformedXML');
  let previous = 0;
  for (const { number } of listed) {
    if (number <= previous) throw new CosError('InvalidPartOrder');
    previous = number;
  }
  // In order and each once, they have no gap when the last one's number is how many they are.
  if (previous !== listed.length) throw new CosError('InvalidPart', 'The part numbers are not continuous.');
  const parts = listed.map(({ number, etag }) => {
    const part = upload.parts.get(number);
    if (part?.md5 !== etag) throw new CosError('InvalidPart');
    return part;
  });
  if (parts.slice(0, -1).some(part => part.size < SMALLEST_PART)) throw new CosError('EntityTooSmall');
  return parts;
}

function multipartEtag(parts: readonly Part[], headers: KeptHeaders): string {
  const md5 = createHash('md5');
  for (const part of parts) md5.update(part.md5, 'hex');
  return `${etagOf(md5.digest('hex'), headers)}-${parts.length}`;
}

/**
 * The joint file itself as the object, when it holds exactly these parts one after the other. It is linked and
 * not moved, so that a Complete that fails later can be repeated.
 */
function linkJoint(upload: Upload, parts: readonly Part[], path: string): StagedBody | undefined {
  // A body that is still being written would go on into the object.
  if (upload.writing > 0) return undefined;
  let size = 0;
  for (const part of parts) {
    if (part.offset !== size) return undefined;
    size += part.size;
  }
  // Stretches behind the end belong to parts that were not listed; a failure after this leaves them torn.
  if (parts.length !== upload.parts.size) return undefined;
  try {
    linkSync(jointFile(upload), path);
  } catch {
    return undefined;
  }
  const fd = openSync(path, 'r+');
  try {
    ftruncateSync(fd, size);
    return { path, size, mtime: fstatSync(fd).mtimeMs, md5: '', crc: combineCrc64(parts) };
  } finally {
    closeSync(fd);
  }
}

async function copyParts(upload: Upload, parts: readonly Part[], path: string): Promise<StagedBody> {
  const target = openSync(path, 'wx');
  try {
    let size = 0;
    for (const part of parts) {
      await copyPart(upload, part, target, size);
      size += part.size;
    }
    return { path, size, mtime: fstatSync(target).mtimeMs, md5: '', crc: combineCrc64(parts) };
  } catch (error) {
    rmSync(path, { force: true });
    throw error;
  } finally {
    closeSync(target);
  }
}

/** @throws CosError InvalidPart when somebody cut the part's file short */
async function copyPart(upload: Upload, part: Part, target: number, at: number): Promise<void> {
  const source = openSync(part.offset === undefined ? part.record : jointFile(upload), 'r');
  const start = part.offset ?? 0;
  let copied = 0;
  try {
    for await (const chunk of readRange(source, start, start + part.size)) {
      await writeFully(target, chunk, at + copied);
      copied += chunk.length;
    }
  } finally {
    closeSync(source);
  }
  if (copied !== part.size) throw new CosError('InvalidPart');
}
