import { createHash, randomBytes } from 'node:crypto';
import { CosError } from './errors.ts';
import type { KeptHeaders } from './records.ts';
import { type CosRequest, header } from './request.ts';
import type { Traits } from './traits.ts';

const METHOD = 'x-cos-server-side-encryption';
const KMS_KEY = `${METHOD}-cos-kms-key-id`;
const CUSTOMER = `${METHOD}-customer`;
const CUSTOMER_MD5 = `${CUSTOMER}-key-md5`;
/** The key that the account has for KMS where none is named. */
const DEFAULT_KMS_KEY = '00000000-0000-4000-8000-000000000000';

/**
 * What of a request's encryption stays with the object. Bytes lie on the disk as they are: what clients see of
 * an encryption is here, not the encryption. Source: cloud.tencent.com/document/product/436/7728 (SSE headers).
 * @param fallback the bucket's
 * @throws CosError SSEContentNotSupported, InvalidArgument
 */
export function readEncryption(request: CosRequest, fallback: Traits['encryption']): KeptHeaders {
  const algorithm = header(request, `${CUSTOMER}-algorithm`);
  if (algorithm !== undefined) {
    if (algorithm !== 'AES256') throw new CosError('SSEContentNotSupported');
    return { [`${CUSTOMER}-algorithm`]: algorithm, [CUSTOMER_MD5]: customerKeyMd5(request, CUSTOMER) ?? '' };
  }
  const method = header(request, METHOD) ?? fallback;
  if (method === undefined) return {};
  if (method === 'AES256') return { [METHOD]: method };
  if (method !== 'cos/kms') throw new CosError('SSEContentNotSupported');
  return { [METHOD]: method, [KMS_KEY]: header(request, KMS_KEY) ?? DEFAULT_KMS_KEY };
}

/** What answers tell of an object's encryption. */
export function encryptionHeaders(kept: KeptHeaders): KeptHeaders {
  return Object.fromEntries(Object.entries(kept).filter(([name]) => name.startsWith(METHOD)));
}

/** Whether ETags are not the content's MD5: with KMS, and with a key of the customer's. */
export function hidesMd5(kept: KeptHeaders): boolean {
  return kept[METHOD] === 'cos/kms' || CUSTOMER_MD5 in kept;
}

/** The ETag of bytes that came in one piece. */
export function etagOf(md5: string, kept: KeptHeaders): string {
  return hidesMd5(kept) ? randomBytes(16).toString('hex') : md5;
}

/**
 * Lets a request pass that brings the key an object was encrypted with, where it was with one of the customer's.
 * @param of '' for the object itself, 'copy-source-' for a copy's source
 * @throws CosError SsecDecryptHeaderInvalid, InvalidArgument
 */
export function checkCustomerKey(request: CosRequest, kept: KeptHeaders, of: '' | 'copy-source-' = ''): void {
  const given = customerKeyMd5(request, CUSTOMER.replace('x-cos-', `x-cos-${of}`));
  if (kept[CUSTOMER_MD5] !== undefined && kept[CUSTOMER_MD5] !== given)
    throw new CosError('SsecDecryptHeaderInvalid');
}

function customerKeyMd5(request: CosRequest, prefix: string): string | undefined {
  const key = header(request, `${prefix}-key`);
  const md5 = header(request, `${prefix}-key-md5`);
  if (key === undefined && md5 === undefined) return undefined;
  const bytes = Buffer.from(key ?? '', 'base64');
  if (bytes.length !== 32 || createHash('md5').update(bytes).digest('base64') !== md5)
    throw new CosError('InvalidArgument', 'The encryption key or its MD5 is not valid.');
  return md5;
}
