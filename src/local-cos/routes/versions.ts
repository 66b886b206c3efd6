import { readXmlBody } from '../body.ts';
import { CosError } from '../errors.ts';
import { storageClassOf } from '../kept-headers.ts';
import { quoted } from '../object-headers.ts';
import { isMarker, type Version, versionId } from '../records.ts';
import type { Reply } from '../reply.ts';
import { type CosRequest, numberParameter, parameter } from '../request.ts';
import type { OpenBucket } from '../storage.ts';
import { parseXml, type XmlNode, xmlDocument } from '../xml.ts';
import { encoderOf, OWNER } from './listing-format.ts';

/** PUT Bucket versioning: cloud.tencent.com/document/product/436/19889. */
export async function putVersioning(request: CosRequest, { objects }: OpenBucket): Promise<Reply> {
  const { Status } = parseXml(await readXmlBody(request.message), 'VersioningConfiguration');
  if (Status !== 'Enabled' && Status !== 'Suspended') throw new CosError('MalformedXML');
  objects.versioning = Status;
  return { status: 200 };
}

/** GET Bucket versioning: cloud.tencent.com/document/product/436/19888. */
export function getVersioning({ objects }: OpenBucket): Reply {
  return { status: 200, xml: xmlDocument('VersioningConfiguration', { Status: objects.versioning }) };
}

/** GET Bucket Object versions: cloud.tencent.com/document/product/436/35521. */
export function listVersions(request: CosRequest, { objects }: OpenBucket): Reply {
  const { name, encode } = encoderOf(request);
  const query = {
    prefix: parameter(request, 'prefix') ?? '',
    delimiter: parameter(request, 'delimiter') ?? '',
    keyMarker: parameter(request, 'key-marker') ?? '',
    versionIdMarker: parameter(request, 'version-id-marker') ?? '',
    maxKeys: numberParameter(request, 'max-keys', 1000, 1000),
  };
  const page = objects.listVersions(query);
  const idOf = (version: Version) => (objects.versioning === undefined ? '' : versionId(version));
  const nodes = page.versions.map(({ key, version, isLatest }) => ({
    isMarker: isMarker(version),
    node: versionNode(encode(key), idOf(version), version, isLatest),
  }));
  return {
    status: 200,
    xml: xmlDocument('ListVersionsResult', {
      EncodingType: name,
      Name: objects.name,
      Prefix: encode(query.prefix),
      KeyMarker: encode(query.keyMarker),
      VersionIdMarker: query.versionIdMarker,
      MaxKeys: query.maxKeys,
      IsTruncated: page.truncated,
      NextKeyMarker: page.truncated ? encode(page.nextKeyMarker) : undefined,
      NextVersionIdMarker: page.truncated ? page.nextVersionIdMarker : undefined,
      Delimiter: query.delimiter === '' ? undefined : encode(query.delimiter),
      CommonPrefixes: page.commonPrefixes.map(prefix => ({ Prefix: encode(prefix) })),
      Version: nodes.filter(({ isMarker }) => !isMarker).map(({ node }) => node),
      DeleteMarker: nodes.filter(({ isMarker }) => isMarker).map(({ node }) => node),
    }),
  };
}

function versionNode(key: string, id: string, version: Version, isLatest: boolean): XmlNode {
  const about = {
    Key: key,
    VersionId: id,
    IsLatest: isLatest,
    LastModified: new Date(version.modified).toISOString(),
  };
  if (isMarker(version)) return { ...about, Owner: OWNER };
  const { etag, size, headers } = version;
  return { ...about, ETag: quoted(etag), Size: size, StorageClass: storageClassOf(headers), Owner: OWNER };
}
