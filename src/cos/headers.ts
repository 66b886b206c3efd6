import { lookup } from 'mime-types';
import { isOfRequests } from './http/own-headers.ts';
import type { Headers } from './store.ts';

/** What the configuration puts on every uploaded object. */
export interface ObjectAttributes {
  storageClass: string | undefined;
  acl: string | undefined;
  serverSideEncryption: string | undefined;
  headers: Readonly<Record<string, string>>;
  meta: Readonly<Record<string, string>>;
}

/**
 * The request headers that give an object its attributes. A Content-Type is guessed from
 * the name's extension unless one is configured; a folder's object has no storage class of its own.
 * @param mtime the file's, in ns since 1970, where it is to go with the object
 */
export function objectHeaders(attributes: ObjectAttributes, key: string, mtime?: bigint): Headers {
  const headers: Record<string, string> = {};
  const isFolder = key.endsWith('/');
  if (!isFolder) headers['content-type'] = lookup(key) || 'application/octet-stream';
  if (attributes.storageClass) headers[STORAGE_CLASS] = headerSafe(attributes.storageClass);
  if (attributes.acl) headers['x-cos-acl'] = headerSafe(attributes.acl);
  if (attributes.serverSideEncryption) {
    headers['x-cos-server-side-encryption'] = headerSafe(attributes.serverSideEncryption);
  }
  if (mtime !== undefined) headers['x-cos-meta-mtime'] = secondsOf(mtime);
  for (const [name, value] of Object.entries(attributes.meta)) {
    headers[`${META}${name.toLowerCase()}`] = metaSafe(value);
  }
  for (const [given, value] of Object.entries(attributes.headers)) {
    const name = given.toLowerCase();
    if (!isOfRequests(name)) headers[name] = name.startsWith(META) ? metaSafe(value) : headerSafe(value);
  }
  if (isFolder) delete headers[STORAGE_CLASS];
  return headers;
}

const STORAGE_CLASS = 'x-cos-storage-class';
const META = 'x-cos-meta-';
const NOT_ASCII = /[^\x20-\x7e]+/g;

/**
 * HTTP header values are ASCII: COS takes other characters percent-encoded, and what is ASCII as it is
 * (436/13361: `attachment; filename*=UTF-8''%E4%B8%AD.txt`).
 */
export function headerSafe(value: string): string {
  return value.replace(NOT_ASCII, encodeURIComponent);
}

/** Whoever reads it back decodes it: a percent sign must not look like an encoded character. */
function metaSafe(value: string): string {
  return headerSafe(value) === value ? value : headerSafe(value.replaceAll('%', '%25'));
}

const NS_PER_SECOND = 1_000_000_000n;

/** Seconds since 1970 with up to nine decimals, as rclone writes and reads them. */
function secondsOf(ns: bigint): string {
  const abs = ns < 0n ? -ns : ns;
  const fraction = String(abs % NS_PER_SECOND)
    .padStart(9, '0')
    .replace(/0+$/, '');
  const seconds = `${ns < 0n ? '-' : ''}${abs / NS_PER_SECOND}`;
  return fraction === '' ? seconds : `${seconds}.${fraction}`;
}
