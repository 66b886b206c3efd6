import type { IncomingMessage } from 'node:http';
import { CosError } from './errors.ts';

/** A request, read as COS reads it. */
export interface CosRequest {
  message: IncomingMessage;
  method: string;
  /** Percent-decoded, with its leading slash. */
  path: string;
  /** The path without its leading slash; empty for a bucket itself. */
  key: string;
  /** Decoded, in order. */
  query: readonly (readonly [name: string, value: string])[];
  host: string;
  /** The bucket the host names; undefined for the service itself. */
  bucket: string | undefined;
}

/** @throws CosError InvalidURI */
export function readRequest(message: IncomingMessage, defaultBucket: string): CosRequest {
  const url = originForm(message.url ?? '/');
  const at = url.indexOf('?');
  const path = decode(at < 0 ? url : url.slice(0, at));
  const host = message.headers.host ?? '';
  return {
    message,
    method: message.method ?? 'GET',
    path,
    key: path.slice(1),
    query: at < 0 ? [] : readQuery(url.slice(at + 1)),
    host,
    bucket: bucketOfHost(host, defaultBucket),
  };
}

/** The first value of a query parameter; '' for one without a value, undefined for none. */
export function parameter(request: CosRequest, name: string): string | undefined {
  return request.query.find(([candidate]) => candidate === name)?.[1];
}

/** The version a request is about; an empty ID, as listings of buckets without versions have it, is none. */
export function versionParameter(request: CosRequest): string | undefined {
  return parameter(request, 'versionId') || parameter(request, 'versionid') || undefined;
}

/** A header's value; an empty one counts as none. */
export function header(request: CosRequest, name: string): string | undefined {
  const value = request.message.headers[name];
  return (Array.isArray(value) ? value.join(', ') : value) || undefined;
}

/** A whole number from the query, cut to the largest allowed. */
export function numberParameter(
  request: CosRequest,
  name: string,
  fallback: number,
  largest: number,
): number {
  const text = parameter(request, name);
  if (text === undefined || text === '') return fallback;
  if (!/^\d{1,10}$/.test(text)) throw new CosError('InvalidArgument', `${name} must be a whole number.`);
  return Math.min(Number(text), largest);
}

/** The bucket a host name stands for: its first label, the default bucket for a bare address, none for the service. */
export function bucketOfHost(host: string, defaultBucket: string): string | undefined {
  const name = host.toLowerCase().replace(/:\d*$/, '');
  const bare = !name.includes('.') || name.startsWith('[') || /^\d+\.\d+\.\d+\.\d+$/.test(name);
  if (bare) return defaultBucket;
  const first = name.slice(0, name.indexOf('.'));
  return first === 'service' || first === 'cos' ? undefined : first;
}

/** Decodes percent-encoded UTF-8. @throws CosError InvalidURI */
export function decode(text: string): string {
  try {
    return decodeURIComponent(/[\x80-\xff]/.test(text) ? Buffer.from(text, 'latin1').toString('utf8') : text);
  } catch {
    throw new CosError('InvalidURI');
  }
}

/** A proxy's request line carries the whole URL. */
function originForm(url: string): string {
  if (url.startsWith('/')) return url;
  const match = /^https?:\/\/[^/?]*(.*)$/i.exec(url);
  if (!match) throw new CosError('InvalidURI');
  return match[1]!.startsWith('/') ? match[1]! : `/${match[1]}`;
}

function readQuery(text: string): [string, string][] {
  return text
    .split('&')
    .filter(pair => pair !== '')
    .map(pair => {
      const at = pair.indexOf('=');
      const [name, value] = at < 0 ? [pair, ''] : [pair.slice(0, at), pair.slice(at + 1)];
      return [decode(name.replaceAll('+', ' ')), decode(value.replaceAll('+', ' '))];
    });
}
