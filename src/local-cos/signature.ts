import { createHash, createHmac, timingSafeEqual } from 'node:crypto';
import type { IncomingHttpHeaders } from 'node:http';
import { CosError } from './errors.ts';
import type { Keys } from './keys.ts';

export interface SignedRequest {
  method: string;
  /** Percent-decoded, with its leading slash. */
  path: string;
  query: readonly (readonly [name: string, value: string])[];
  headers: IncomingHttpHeaders;
}

/** How far in the future a signature may start, in seconds. */
const TOLERATED_SKEW = 15 * 60;
const FIELDS = [
  'q-sign-algorithm',
  'q-ak',
  'q-sign-time',
  'q-key-time',
  'q-header-list',
  'q-url-param-list',
  'q-signature',
] as const;
type Field = (typeof FIELDS)[number];

/**
 * Lets a request pass whose signature, in the Authorization header or the query, is the one its bytes must have.
 * Scheme: cloud.tencent.com/document/product/436/7778.
 * @param now seconds since 1970
 * @returns the names that are signed, in lower case
 * @throws CosError AccessDenied (anonymous, expired), InvalidRequest (signed as for S3), InvalidAccessKeyId,
 *   ExpiredToken, RequestTimeTooSkewed, SignatureDoesNotMatch
 */
export function verifySignature(
  request: SignedRequest,
  keys: Pick<Keys, 'secretKeyOf'>,
  now: number,
): { headers: string[]; parameters: string[] } {
  refuseForeignSignature(request);
  const fields = signatureFields(request);
  if (fields.get('q-sign-algorithm') !== 'sha1') throw new CosError('SignatureDoesNotMatch');
  const secretKey = keys.secretKeyOf(fields.get('q-ak'), tokenOf(request));
  checkWindow(fields.get('q-sign-time') ?? '', now);
  checkWindow(fields.get('q-key-time') ?? '', now);

  const given = Buffer.from(fields.get('q-signature') ?? '', 'latin1');
  const expected = Buffer.from(signatureOf(request, fields, secretKey), 'latin1');
  if (given.length !== expected.length || !timingSafeEqual(given, expected)) {
    throw new CosError('SignatureDoesNotMatch');
  }
  const list = (name: Field) => (fields.get(name) ?? '').toLowerCase().split(';').map(decodeURIComponent);
  return { headers: list('q-header-list'), parameters: list('q-url-param-list') };
}

/** @throws CosError InvalidRequest */
function refuseForeignSignature({ headers, query }: SignedRequest): void {
  const isForeign =
    /^\s*AWS/i.test(headers.authorization ?? '') ||
    query.some(([name]) => /^(x-amz-(signature|algorithm)|awsaccesskeyid)$/i.test(name));
  if (!isForeign) return;
  const message = "this server speaks COS's own signature, not that of S3: use a client made for COS";
  throw new CosError('InvalidRequest', message);
}

/** The token of temporary keys, in the header or in the query of a pre-signed URL. */
function tokenOf({ headers, query }: SignedRequest): string | undefined {
  const header = headers['x-cos-security-token'];
  return header?.toString() ?? query.find(([name]) => name.toLowerCase() === 'x-cos-security-token')?.[1];
}

function signatureFields(request: SignedRequest): Map<Field, string> {
  const text = request.headers.authorization ?? request.query.find(([name]) => name === 'sign')?.[1];
  const pairs = text === undefined ? request.query : text.trim().split('&').map(splitPair);
  const fields = new Map<Field, string>();
  for (const [name, value] of pairs) {
    if ((FIELDS as readonly string[]).includes(name)) fields.set(name as Field, value);
  }
  if (fields.size === 0) throw new CosError('AccessDenied');
  return fields;
}

function splitPair(pair: string): [string, string] {
  const at = pair.indexOf('=');
  return at < 0 ? [pair, ''] : [pair.slice(0, at), pair.slice(at + 1)];
}

function checkWindow(window: string, now: number): void {
  const match = /^(\d{1,15});(\d{1,15})$/.exec(window);
  if (!match) throw new CosError('AccessDenied', 'The time in the signature is not valid.');
  if (Number(match[2]) < now) throw new CosError('AccessDenied', 'Request has expired');
  if (Number(match[1]) > now + TOLERATED_SKEW) throw new CosError('RequestTimeTooSkewed');
}

function signatureOf(request: SignedRequest, fields: Map<Field, string>, secretKey: string): string {
  const headers = Object.entries(request.headers).map(
    ([name, value]) => [name, wireText(Array.isArray(value) ? value.join(', ') : (value ?? ''))] as const,
  );
  const httpString = [
    request.method.toLowerCase(),
    request.path,
    signedPairs(request.query, fields.get('q-url-param-list') ?? ''),
    signedPairs(headers, fields.get('q-header-list') ?? ''),
    '',
  ].join('\n');
  const digest = createHash('sha1').update(httpString, 'utf8').digest('hex');
  const signKey = createHmac('sha1', secretKey)
    .update(fields.get('q-key-time') ?? '')
    .digest('hex');
  const stringToSign = `sha1\n${fields.get('q-sign-time')}\n${digest}\n`;
  return createHmac('sha1', signKey).update(stringToSign).digest('hex');
}

/** Node hands header bytes over as Latin-1; clients sign the characters they meant, mostly UTF-8. */
function wireText(value: string): string {
  if (!/[\x80-\xff]/.test(value)) return value;
  const utf8 = Buffer.from(value, 'latin1').toString('utf8');
  return utf8.includes('\ufffd') ? value : utf8;
}

/** The listed names with their values as the signature sees them; a listed name the request lacks is left out. */
function signedPairs(pairs: readonly (readonly [string, string])[], list: string): string {
  if (list === '') return '';
  const values = new Map(pairs.map(([name, value]) => [encode(name).toLowerCase(), value]));
  return list
    .toLowerCase()
    .split(';')
    .filter(name => values.has(name))
    .sort()
    .map(name => `${name}=${encode(values.get(name)!)}`)
    .join('&');
}

function encode(text: string): string {
  // A lone surrogate cannot be percent-encoded; it cannot have been signed either.
  return encodeURIComponent(text.toWellFormed()).replace(
    /[!'()*]/g,
    char => `%${char.charCodeAt(0).toString(16).toUpperCase()}`,
  );
}
