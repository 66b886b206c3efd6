import { storageClassOf } from '../kept-headers.ts';
import { quoted } from '../object-headers.ts';
import type { Reply } from '../reply.ts';
import { type CosRequest, numberParameter, parameter } from '../request.ts';
import type { OpenBucket, Storage } from '../storage.ts';
import type { Traits } from '../traits.ts';
import { xmlDocument } from '../xml.ts';
import { encoderOf, OWNER } from './listing-format.ts';

/** GET Service: cloud.tencent.com/document/product/436/8291. */
export function listBuckets(storage: Storage, region: string): Reply {
  return {
    status: 200,
    xml: xmlDocument('ListAllMyBucketsResult', {
      Owner: OWNER,
      Buckets: {
        Bucket: storage.list().map(({ objects }) => ({
          Name: objects.name,
          Location: region,
          CreationDate: new Date(objects.created).toISOString(),
          BucketType: 'cos',
        })),
      },
    }),
  };
}

/** GET Bucket, the listing: cloud.tencent.com/document/product/436/7734. */
export function listObjects(request: CosRequest, { objects }: OpenBucket): Reply {
  const { name, encode } = encoderOf(request);
  const query = {
    prefix: parameter(request, 'prefix') ?? '',
    delimiter: parameter(request, 'delimiter') ?? '',
    marker: parameter(request, 'marker') ?? '',
    maxKeys: numberParameter(request, 'max-keys', 1000, 1000),
  };
  const { page, objectOf } = objects.list(query);
  return {
    status: 200,
    xml: xmlDocument('ListBucketResult', {
      Name: objects.name,
      EncodingType: name,
      Prefix: encode(query.prefix),
      Marker: encode(query.marker),
      MaxKeys: query.maxKeys,
      Delimiter: query.delimiter === '' ? undefined : encode(query.delimiter),
      IsTruncated: page.truncated,
      NextMarker: page.truncated ? encode(page.nextMarker) : undefined,
      Contents: page.keys.map(key => {
        const object = objectOf(key);
        return {
          Key: encode(key),
          LastModified: new Date(object.modified).toISOString(),
          ETag: quoted(object.etag),
          Size: object.size,
          Owner: OWNER,
          StorageClass: storageClassOf(object.headers),
        };
      }),
      CommonPrefixes: page.commonPrefixes.map(prefix => ({ Prefix: encode(prefix) })),
    }),
  };
}

/** GET Bucket location: cloud.tencent.com/document/product/436/8275. */
export function bucketLocation(region: string): Reply {
  return { status: 200, xml: xmlDocument('LocationConstraint', region) };
}

/** HEAD Bucket: cloud.tencent.com/document/product/436/7735. */
export function headBucket(region: string, { kind }: Traits): Reply {
  return {
    status: 200,
    headers: {
      'x-cos-bucket-region': region,
      ...(kind === 'MAZ' && { 'x-cos-bucket-az-type': 'MAZ' }),
      ...(kind === 'OFS' && { 'x-cos-bucket-arch': 'OFS' }),
    },
  };
}
