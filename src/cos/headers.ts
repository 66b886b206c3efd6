import { lookup } from 'mime-types';
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
 * the name's extension unless one is configured.
 */
export function objectHeaders(attributes: ObjectAttributes, key: string): Headers {
  const headers: Record<string, string> = {};
  if (!key.endsWith('/')) headers['content-type'] = lookup(key) || 'application/octet-stream';
  if (attributes.storageClass) headers['x-cos-storage-class'] = headerSafe(attributes.storageClass);
  if (attributes.acl) headers['x-cos-acl'] = headerSafe(attributes.acl);
  if (attributes.serverSideEncryption) {
    headers['x-cos-server-side-encryption'] = headerSafe(attributes.serverSideEncryption);
  }
  for (const [name, value] of Object.entries(attributes.meta)) {
    headers[`x-cos-meta-${name.toLowerCase()}`] = headerSafe(value);
  }
  for (const [name, value] of Object.entries(attributes.headers)) {
    headers[name.toLowerCase()] = headerSafe(value);
  }
  return headers;
}

/** HTTP header values are ASCII; COS takes other characters percent-encoded. */
function headerSafe(value: string): string {
  return /^[\x20-\x7e]*$/.test(value) ? value : encodeURIComponent(value);
}
