import { confirmationOf, etagIn } from './confirmation.ts';
import { unverified } from './errors.ts';
import { isId } from './form.ts';
import type { Ask } from './http/http.ts';
import type { ObjectPage, PendingUpload, UploadedPart } from './store.ts';
import { elementsAt, textAt, type XmlElement, xmlOf } from './xml.ts';

/** Longest listing page. Source: COS "Specifications and limits". */
const MAX_KEYS = '1000';

/** GET Bucket (436/7734). @throws Failure where the answer is no listing: that is not an empty one */
export async function listPage(ask: Ask, prefix: string, marker: string | undefined): Promise<ObjectPage> {
  const query = { prefix, 'max-keys': MAX_KEYS, 'encoding-type': 'url' };
  const page = await askForPage(
    ask,
    '',
    marker === undefined ? query : { ...query, marker },
    'ListBucketResult',
  );
  const objects = elementsAt(page.element, 'Contents').map(object => ({
    key: decoded(textAt(object, 'Key'), page),
    etag: page.etagIn(textAt(object, 'ETag')),
    size: Number(textAt(object, 'Size')),
    lastModified: textAt(object, 'LastModified') ?? '',
  }));
  if (!page.isTruncated) return { objects, nextMarker: undefined };
  const given = textAt(page.element, 'NextMarker');
  const next = given ? decoded(given, page) : objects.at(-1)?.key;
  if (next === undefined || next === marker) throw page.broken('the listing does not go on');
  return { objects, nextMarker: next };
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
        size: Number(textAt(part, 'Size')),
      });
    }
    if (!page.isTruncated) return parts;
    const next = Number(textAt(page.element, 'NextPartNumberMarker'));
    if (!(next > marker)) throw page.broken('the list of parts does not go on');
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
        key: decoded(textAt(upload, 'Key'), page),
        uploadId,
        initiated: textAt(upload, 'Initiated') ?? '',
      });
    }
    if (!page.isTruncated) return uploads;
    const next = {
      'key-marker': decoded(textAt(page.element, 'NextKeyMarker'), page),
      'upload-id-marker': textAt(page.element, 'NextUploadIdMarker') ?? '',
    };
    if (
      next['key-marker'] === marker['key-marker'] &&
      next['upload-id-marker'] === marker['upload-id-marker']
    ) {
      throw page.broken('the list of uploads does not go on');
    }
    marker = next;
  }
}

interface Page {
  element: XmlElement;
  isTruncated: boolean;
  broken(message: string): Error;
  etagIn(text: string | undefined): string;
}

async function askForPage(ask: Ask, key: string, query: Record<string, string>, root: string): Promise<Page> {
  const answer = await ask({ method: 'GET', key, query, headers: {} });
  const confirmation = confirmationOf(answer);
  const broken = (message: string) => unverified(message, confirmation);
  const element = xmlOf(answer.text, root);
  const truncated = textAt(element, 'IsTruncated');
  if (!element || truncated === undefined) throw broken(`the answer is no ${root}`);
  return {
    element,
    isTruncated: truncated === 'true',
    broken,
    etagIn: text => etagIn(text, confirmation),
  };
}

function decoded(text: string | undefined, page: Page): string {
  try {
    return decodeURIComponent(text ?? '');
  } catch {
    throw page.broken('the listing has a key that is not percent-encoded');
  }
}
