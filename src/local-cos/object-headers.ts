import type { OutgoingHttpHeaders } from 'node:http';
import type { Bucket } from './bucket.ts';
import { encryptionHeaders } from './encryption.ts';
import { CosError } from './errors.ts';
import { toldHeaders } from './kept-headers.ts';
import { type StoredObject, versionId } from './records.ts';
import { type CosRequest, header, parameter } from './request.ts';

/** What every answer about a stored object's content tells: ETag, CRC-64, encryption. */
export function contentHeaders(object: StoredObject): OutgoingHttpHeaders {
  return {
    ETag: quoted(object.etag),
    'x-cos-hash-crc64ecma': object.crc,
    ...encryptionHeaders(object.headers),
  };
}

/** The ID of an object's version, where the bucket has versions. */
export function versionHeader(bucket: Bucket, object: StoredObject): OutgoingHttpHeaders {
  return bucket.versioning === undefined ? {} : { 'x-cos-version-id': versionId(object) };
}

/** What tells a reader which content it is about, also where none is sent: RFC 9110, 15.4.5. */
function validators(object: StoredObject): OutgoingHttpHeaders {
  return { ...contentHeaders(object), 'Last-Modified': httpDate(object.modified) };
}

/** The headers of GET and HEAD Object; response-* parameters of the query take the place of kept ones. */
export function objectHeaders(object: StoredObject, request: CosRequest): OutgoingHttpHeaders {
  const headers: OutgoingHttpHeaders = {
    'content-type': 'application/octet-stream',
    ...toldHeaders(object.headers),
    ...validators(object),
    'Accept-Ranges': 'bytes',
  };
  for (const name of [
    'content-type',
    'content-language',
    'expires',
    'cache-control',
    'content-disposition',
    'content-encoding',
  ]) {
    const value = parameter(request, `response-${name}`);
    if (value) headers[name] = headerText(value);
  }
  return headers;
}

/** Text from a query made fit for a header: its UTF-8 bytes, and no line may end in it. */
function headerText(text: string): string {
  return Buffer.from(text.replaceAll(/[\x00-\x08\x0a-\x1f\x7f]/g, ' ')).toString('latin1');
}

export function quoted(etag: string): string {
  return `"${etag}"`;
}

export function unquoted(etag: string): string {
  return etag.trim().replace(/^(W\/)?"(.*)"$/, '$2');
}

function httpDate(time: number): string {
  return new Date(time).toUTCString();
}

/**
 * Holds a request's conditions against an object.
 * @param prefix '' for GET and HEAD, 'x-cos-copy-source-' for a copy's source
 * @throws CosError PreconditionFailed, NotModified (only for GET and HEAD)
 */
export function checkConditions(
  request: CosRequest,
  object: StoredObject,
  prefix: '' | 'x-cos-copy-source-',
): void {
  const refuse = (code: 'NotModified' | 'PreconditionFailed') =>
    prefix === '' ? new CosError(code, undefined, validators(object)) : new CosError('PreconditionFailed');
  const ifMatch = header(request, `${prefix}if-match`);
  const ifNoneMatch = header(request, `${prefix}if-none-match`);
  if (ifMatch !== undefined && !names(ifMatch, object.etag)) throw refuse('PreconditionFailed');
  if (ifNoneMatch !== undefined && names(ifNoneMatch, object.etag)) throw refuse('NotModified');

  // Dates have whole seconds, and count only where no ETag condition was given.
  const modified = Math.floor(object.modified / 1000) * 1000;
  const before = dateHeader(request, `${prefix}if-unmodified-since`);
  const since = dateHeader(request, `${prefix}if-modified-since`);
  if (ifMatch === undefined && modified > before) throw refuse('PreconditionFailed');
  if (ifNoneMatch === undefined && modified <= since) throw refuse('NotModified');
}

function names(list: string, etag: string): boolean {
  return list.split(',').some(entry => entry.trim() === '*' || unquoted(entry) === etag);
}

/** NaN, which every comparison denies, when there is no such header or it is no date. */
function dateHeader(request: CosRequest, name: string): number {
  return Date.parse(header(request, name) ?? '');
}

/**
 * The bytes a Range header asks for, end exclusive; undefined for all (also where the header makes no sense).
 * @throws CosError InvalidRange
 */
export function readRangeHeader(
  text: string | undefined,
  size: number,
): { start: number; end: number } | undefined {
  const match = /^bytes=(\d*)-(\d*)$/.exec(text?.trim() ?? '');
  if (!match || (match[1] === '' && match[2] === '')) return undefined;
  if (match[1] === '') {
    const length = Math.min(Number(match[2]), size);
    if (length === 0) throw unsatisfiable(size);
    return { start: size - length, end: size };
  }
  const start = Number(match[1]);
  const last = match[2] === '' ? size - 1 : Number(match[2]);
  if (last < start && match[2] !== '') return undefined;
  if (start >= size) throw unsatisfiable(size);
  return { start, end: Math.min(last + 1, size) };
}

/** Tells the size, so that a reader can ask again: RFC 9110, 15.5.17. */
function unsatisfiable(size: number): CosError {
  return new CosError('InvalidRange', undefined, { 'Content-Range': `bytes */${size}` });
}
