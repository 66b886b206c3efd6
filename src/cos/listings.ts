import { Failure } from '../failure.ts';
import { confirmationOf, etagIn } from './confirmation.ts';
import { unproved } from './errors.ts';
import { isId } from './form.ts';
import type { Ask } from './http/http.ts';
import type {
  ListedObject,
  ListedVersion,
  ObjectPage,
  PendingUpload,
  UploadedPart,
  VersionMarker,
  VersionPage,
} from './store.ts';
import { elementsAt, textAt, type XmlElement, xmlOf } from './xml.ts';

/** Longest listing page. Source: COS "Specifications and limits". */
const MAX_KEYS = '1000';
/** Highest part number. Source: as above. */
const MOST_PARTS = 10_000;
/** What a version is asked for by that was there before the bucket kept versions. Source: 436/19888. */
const NO_VERSION_ID = 'null';

/** GET Bucket (436/7734). @throws Failure where the answer is no listing: that is not an empty one */
export async function listPage(ask: Ask, prefix: string, marker: string | undefined): Promise<ObjectPage> {
  const query = { prefix, 'max-keys': MAX_KEYS, 'encoding-type': 'url' };
  const page = await askForPage(
    ask,
    '',
    marker === undefined ? query : { ...query, marker },
    'ListBucketResult',
  );
  const items = elementsAt(page.element, 'Contents').map(object => listedObject(object, prefix, page));
  requireOrder(items, marker, 1);
  if (!page.isTruncated) return { items, next: undefined };
  const given = textAt(page.element, 'NextMarker');
  const next = given ? decoded(given, page) : items.at(-1)?.key;
  if (next === undefined || !isAfter(next, marker)) throw page.broken('the listing does not go on');
  return { items, next };
}

function listedObject(
  object: XmlElement,
  prefix: string,
  page: ListingAnswer,
  size = sizeIn(object, page),
): ListedObject {
  return {
    key: keyIn(object, prefix, page),
    etag: page.etagIn(textAt(object, 'ETag')),
    size,
    lastModified: textAt(object, 'LastModified') ?? '',
    storageClass: textAt(object, 'StorageClass') ?? '',
  };
}

function keyIn(element: XmlElement, prefix: string, page: ListingAnswer): string {
  const key = decoded(textAt(element, 'Key'), page);
  if (key === '' || !key.startsWith(prefix))
    throw page.broken('the listing has a key that was not asked for');
  return key;
}

/** @throws Failure where keys do not ascend by as much; the same key twice is 0 */
function requireOrder(items: readonly ListedObject[], marker: string | undefined, step: 0 | 1): void {
  let last = marker ?? '';
  for (const { key } of items) {
    if (compareKeys(key, last) < step)
      throw new Failure('thisFile', { code: 'ListingNotSorted', message: key });
    last = key;
  }
}

function sizeIn(element: XmlElement, page: ListingAnswer): number {
  const text = textAt(element, 'Size') ?? '';
  const size = Number(text);
  if (!/^\d+$/.test(text) || !Number.isSafeInteger(size))
    throw page.broken('the listing has a size that is none');
  return size;
}

/** GET Bucket Object versions (436/35521), one page. @throws Failure where the answer is no such listing */
export async function listVersionPage(
  ask: Ask,
  prefix: string,
  marker: VersionMarker | undefined,
): Promise<VersionPage> {
  const page = await askForPage(
    ask,
    '',
    {
      versions: '',
      prefix,
      'max-keys': MAX_KEYS,
      'encoding-type': 'url',
      ...(marker && { 'key-marker': marker.key, 'version-id-marker': marker.versionId }),
    },
    'ListVersionsResult',
  );
  const items = versionsIn(page, prefix);
  requireOrder(items, marker?.key, 0);
  if (!page.isTruncated) return { items, next: undefined };
  const next = {
    key: decoded(textAt(page.element, 'NextKeyMarker'), page),
    versionId: textAt(page.element, 'NextVersionIdMarker') ?? '',
  };
  if (!goesOn([next.key, next.versionId], [marker?.key, marker?.versionId])) {
    throw page.broken('the listing does not go on');
  }
  return { items, next };
}

/** Ascending by key, the newest of a key first; where a second holds several, the latest of all comes first. */
function versionsIn(page: ListingAnswer, prefix: string): ListedVersion[] {
  const listed = (name: 'Version' | 'DeleteMarker') =>
    elementsAt(page.element, name).map(element => ({
      version: {
        // The mark of a deletion has no size.
        ...listedObject(element, prefix, page, name === 'DeleteMarker' ? 0 : undefined),
        versionId: textAt(element, 'VersionId') || NO_VERSION_ID,
        isDeletion: name === 'DeleteMarker',
      },
      isLatest: textAt(element, 'IsLatest') === 'true',
    }));
  const [versions, deletions] = [listed('Version'), listed('DeleteMarker')];
  // Each of the two is in order; the document may have one behind the other.
  const all =
    deletions.length === 0
      ? versions
      : [...deletions, ...versions].sort((a, b) => {
          if (a.version.key !== b.version.key) return compareKeys(a.version.key, b.version.key);
          const later = Date.parse(b.version.lastModified) - Date.parse(a.version.lastModified);
          return later || Number(b.isLatest) - Number(a.isLatest);
        });
  return all.map(({ version }) => {
    // What has no time was never there.
    if (Number.isNaN(Date.parse(version.lastModified)))
      throw page.broken('the listing has a time that is none');
    return version;
  });
}

/** Pages that come again would never end. */
function isAfter(key: string, marker = ''): boolean {
  return compareKeys(key, marker) > 0;
}

/** Of markers that are a key and an ID: one key may have several pages. */
function goesOn(
  [key = '', id]: readonly (string | undefined)[],
  [lastKey, lastId]: readonly (string | undefined)[],
): boolean {
  return key === lastKey ? id !== lastId : isAfter(key, lastKey);
}

/** COS's order is that of UTF-8 bytes. */
function compareKeys(a: string, b: string): number {
  return Buffer.compare(Buffer.from(a), Buffer.from(b));
}

/** List Parts (436/7747), all pages. */
export async function listAllParts(ask: Ask, key: string, uploadId: string): Promise<UploadedPart[]> {
  const parts: UploadedPart[] = [];
  let marker = 0;
  for (;;) {
    const query = { uploadId, 'max-parts': MAX_KEYS, 'part-number-marker': String(marker) };
    const page = await askForPage(ask, key, query, 'ListPartsResult');
    for (const part of elementsAt(page.element, 'Part')) {
      parts.push({
        number: Number(textAt(part, 'PartNumber')),
        etag: page.etagIn(textAt(part, 'ETag')),
        size: sizeIn(part, page),
      });
    }
    if (!page.isTruncated) return parts;
    const next = Number(textAt(page.element, 'NextPartNumberMarker'));
    if (!(next > marker && next <= MOST_PARTS)) throw page.broken('the list of parts does not go on');
    marker = next;
  }
}

/** List Multipart Uploads (436/7736), all pages. */
export async function listAllUploads(ask: Ask, prefix: string): Promise<PendingUpload[]> {
  const uploads: PendingUpload[] = [];
  let marker: Record<string, string> = {};
  for (;;) {
    const query = { uploads: '', prefix, 'max-uploads': MAX_KEYS, 'encoding-type': 'url', ...marker };
    const page = await askForPage(ask, '', query, 'ListMultipartUploadsResult');
    for (const upload of elementsAt(page.element, 'Upload')) {
      const uploadId = textAt(upload, 'UploadId') ?? '';
      if (!isId(uploadId)) throw page.broken('the list has an upload ID that is none');
      uploads.push({
        key: keyIn(upload, prefix, page),
        uploadId,
        initiated: textAt(upload, 'Initiated') ?? '',
      });
    }
    if (!page.isTruncated) return uploads;
    const next = {
      'key-marker': decoded(textAt(page.element, 'NextKeyMarker'), page),
      'upload-id-marker': textAt(page.element, 'NextUploadIdMarker') ?? '',
    };
    const last = [marker['key-marker'], marker['upload-id-marker']];
    if (!goesOn([next['key-marker'], next['upload-id-marker']], last)) {
      throw page.broken('the list of uploads does not go on');
    }
    marker = next;
  }
}

interface ListingAnswer {
  element: XmlElement;
  isTruncated: boolean;
  broken(message: string): Error;
  etagIn(text: string | undefined): string;
}

async function askForPage(
  ask: Ask,
  key: string,
  query: Record<string, string>,
  root: string,
): Promise<ListingAnswer> {
  const answer = await ask({ method: 'GET', key, query, headers: {} });
  const confirmation = confirmationOf(answer);
  const broken = (message: string) => unproved('UnexpectedAnswer', message, confirmation);
  const element = xmlOf(answer.text, root);
  const truncated = textAt(element, 'IsTruncated');
  if (!element || (truncated !== 'true' && truncated !== 'false')) throw broken(`the answer is no ${root}`);
  return {
    element,
    isTruncated: truncated === 'true',
    broken,
    etagIn: text => etagIn(text, confirmation),
  };
}

function decoded(text: string | undefined, page: ListingAnswer): string {
  try {
    return decodeURIComponent(text ?? '');
  } catch {
    throw page.broken('the listing has a key that is not percent-encoded');
  }
}
