import { readEncryption } from './encryption.ts';
import { CosError } from './errors.ts';
import type { KeptHeaders } from './records.ts';
import { type CosRequest, header } from './request.ts';
import type { Traits } from './traits.ts';

const KEPT = new Set([
  'cache-control',
  'content-disposition',
  'content-encoding',
  'content-language',
  'content-type',
  'expires',
  'x-cos-acl',
  'x-cos-storage-class',
  'x-cos-tagging',
]);
/** Kept, but told by requests of their own and not by GET and HEAD Object. */
const TOLD_APART = new Set(['x-cos-acl', 'x-cos-tagging']);
const ACLS = new Set(['default', 'private', 'public-read', 'authenticated-read', 'bucket-owner-read']);
const CLASSES = ['STANDARD', 'STANDARD_IA', 'INTELLIGENT_TIERING', 'ARCHIVE', 'DEEP_ARCHIVE'];
/** Headers of requests that are understood beside those that are kept. */
const UNDERSTOOD =
  /^x-cos-(acl|storage-class|tagging|meta-.*|server-side-encryption.*|copy-source.*|(metadata|tagging)-directive|forbid-overwrite|security-token|traffic-limit|content-sha1)$/;
const TRAFFIC_LIMIT = { least: 819_200, most: 838_860_800 };
/** Not part of an object's metadata: a copy has its own. */
const OWN_OF_A_COPY = /^x-cos-(acl|storage-class|server-side-encryption.*)$/;

/**
 * Refuses what would otherwise be taken and forgotten: a header of COS's that is not here, a limit out of bounds.
 * @throws CosError NotImplemented, InvalidArgument
 */
export function checkHeaders(request: CosRequest): void {
  for (const name in request.message.headers) {
    const isCos = name.startsWith('x-cos-') || name.startsWith('x-ci-') || name === 'pic-operations';
    if (isCos && !UNDERSTOOD.test(name))
      throw new CosError('NotImplemented', `This server does not implement the header ${name}.`);
  }
  const limit = header(request, 'x-cos-traffic-limit');
  if (limit === undefined) return;
  const { least, most } = TRAFFIC_LIMIT;
  if (!/^\d+$/.test(limit) || Number(limit) < least || Number(limit) > most)
    throw new CosError('InvalidArgument', `x-cos-traffic-limit is a number from ${least} to ${most}.`);
}

/**
 * The headers of a request that stay with the object.
 * @throws CosError InvalidArgument, NotSupportedStorageClass, the two of a class of the other kind of bucket, and
 *   as readEncryption does
 */
export function keptHeaders(request: CosRequest, traits: Traits): KeptHeaders {
  const kept: KeptHeaders = {};
  for (const name in request.message.headers) {
    const value = KEPT.has(name) || name.startsWith('x-cos-meta-') ? header(request, name) : undefined;
    if (value !== undefined) kept[name] = value;
  }
  const acl = kept['x-cos-acl'];
  if (acl !== undefined && !ACLS.has(acl)) throw new CosError('InvalidArgument', 'x-cos-acl is not valid.');
  const storageClass = classOf(kept['x-cos-storage-class'], traits.kind === 'MAZ');
  if (storageClass !== undefined) kept['x-cos-storage-class'] = storageClass;
  return { ...kept, ...readEncryption(request, traits.encryption) };
}

/** In a bucket of several zones all classes are those of several zones. */
function classOf(given: string | undefined, isMaz: boolean): string | undefined {
  if (given === undefined) return isMaz ? 'MAZ_STANDARD' : undefined;
  if (!CLASSES.includes(given.replace(/^MAZ_/, ''))) throw new CosError('NotSupportedStorageClass');
  if (isMaz && !given.startsWith('MAZ_')) throw new CosError('OAZOperationNotSupportOnMAZBucket');
  if (!isMaz && given.startsWith('MAZ_')) throw new CosError('MAZOperationNotSupportOnOAZBucket');
  return given;
}

/** The headers of a copy: the source's metadata or the request's own, the request's ACL, class and encryption. */
export function copiedHeaders(source: KeptHeaders, request: CosRequest, traits: Traits): KeptHeaders {
  const given = keptHeaders(request, traits);
  const withTags = isCopyDirective(request, 'x-cos-tagging-directive');
  const withMeta = isCopyDirective(request, 'x-cos-metadata-directive');
  const isCopied = (name: string) =>
    name === 'x-cos-tagging' ? withTags : withMeta && !OWN_OF_A_COPY.test(name);
  const entries = Object.entries(source).filter(([name]) => isCopied(name));
  const own = Object.entries(given).filter(([name]) => !isCopied(name));
  return Object.fromEntries([...entries, ...own]);
}

function isCopyDirective(request: CosRequest, name: string): boolean {
  const directive = (header(request, name) ?? 'Copy').toLowerCase();
  if (directive !== 'copy' && directive !== 'replaced')
    throw new CosError('InvalidArgument', `${name} is Copy or Replaced.`);
  return directive === 'copy';
}

/** What GET and HEAD Object tell of them. */
export function toldHeaders(kept: KeptHeaders): KeptHeaders {
  const told = Object.entries(kept).filter(([name]) => !TOLD_APART.has(name));
  const tags = kept['x-cos-tagging'];
  const count = tags === undefined ? {} : { 'x-cos-tagging-count': String(tags.split('&').length) };
  // COS names the class only where it is not the usual one.
  const usual = kept['x-cos-storage-class'] === 'STANDARD' ? ['x-cos-storage-class'] : [];
  return { ...Object.fromEntries(told.filter(([name]) => !usual.includes(name))), ...count };
}

export function storageClassOf(headers: KeptHeaders): string {
  return headers['x-cos-storage-class'] ?? 'STANDARD';
}
