import { readXmlBody } from '../body.ts';
import { checkCustomerKey, encryptionHeaders } from '../encryption.ts';
import { CosError } from '../errors.ts';
import { keptHeaders, storageClassOf } from '../kept-headers.ts';
import { compareUtf8 } from '../key-index.ts';
import { contentHeaders, quoted, unquoted, versionHeader } from '../object-headers.ts';
import type { Part, Upload } from '../parts.ts';
import type { Reply } from '../reply.ts';
import { type CosRequest, numberParameter, parameter } from '../request.ts';
import type { OpenBucket } from '../storage.ts';
import { parseXml, xmlDocument } from '../xml.ts';
import { encoderOf, OWNER } from './listing-format.ts';

/** Initiate Multipart Upload: cloud.tencent.com/document/product/436/7746. */
export function initiateUpload(request: CosRequest, { objects, uploads }: OpenBucket): Reply {
  const upload = uploads.initiate(request.key, keptHeaders(request, objects.traits));
  return {
    status: 200,
    headers: encryptionHeaders(upload.headers),
    xml: xmlDocument('InitiateMultipartUploadResult', {
      Bucket: objects.name,
      Key: upload.key,
      UploadId: upload.id,
    }),
  };
}

/** The upload a request's uploadId names. @throws CosError NoSuchUpload */
export function uploadOf(request: CosRequest, { uploads }: OpenBucket): Upload {
  return uploads.find(parameter(request, 'uploadId') ?? '', request.key);
}

/** @throws CosError InvalidArgument */
export function partNumber(request: CosRequest): number {
  const text = parameter(request, 'partNumber') ?? '';
  const number = Number(text);
  if (!/^\d{1,5}$/.test(text) || number < 1 || number > 10_000) {
    throw new CosError('InvalidArgument', 'Part number must be a whole number between 1 and 10000.');
  }
  return number;
}

/** Upload Part: cloud.tencent.com/document/product/436/7750. */
export async function uploadPart(request: CosRequest, bucket: OpenBucket): Promise<Reply> {
  const upload = uploadOf(request, bucket);
  const number = partNumber(request);
  checkCustomerKey(request, upload.headers);
  const part = await bucket.uploads.receivePart(upload, number, request.message);
  return { status: 200, headers: partHeaders(upload, part) };
}

/** What answers tell of a part. */
export function partHeaders(upload: Upload, part: Part) {
  return {
    ETag: quoted(part.md5),
    'x-cos-hash-crc64ecma': part.crc,
    ...encryptionHeaders(upload.headers),
  };
}

/** Complete Multipart Upload: cloud.tencent.com/document/product/436/7742. */
export async function completeUpload(request: CosRequest, bucket: OpenBucket): Promise<Reply> {
  const content = parseXml(await readXmlBody(request.message), 'CompleteMultipartUpload');
  const listed = ((content.Part ?? []) as Record<string, unknown>[]).map(part => ({
    number: Number(part.PartNumber),
    etag: unquoted(String(part.ETag)),
  }));
  if (listed.some(part => !Number.isSafeInteger(part.number))) throw new CosError('MalformedXML');
  const upload = uploadOf(request, bucket);
  // Joining big parts takes long and says nothing on the connection meanwhile.
  request.message.socket.setTimeout(0);
  const object = await bucket.uploads.complete(upload, listed);
  return {
    status: 200,
    headers: { ...contentHeaders(object), ...versionHeader(bucket.objects, object) },
    xml: xmlDocument('CompleteMultipartUploadResult', {
      Location: `http://${request.host}/${encodeURIComponent(request.key).replaceAll('%2F', '/')}`,
      Bucket: bucket.objects.name,
      Key: request.key,
      ETag: quoted(object.etag),
    }),
  };
}

/** Abort Multipart Upload: cloud.tencent.com/document/product/436/7740. */
export function abortUpload(request: CosRequest, bucket: OpenBucket): Reply {
  bucket.uploads.abort(uploadOf(request, bucket));
  return { status: 204 };
}

/** List Parts: cloud.tencent.com/document/product/436/7747. */
export function listParts(request: CosRequest, bucket: OpenBucket): Reply {
  const upload = uploadOf(request, bucket);
  const marker = numberParameter(request, 'part-number-marker', 0, 10_000);
  const most = numberParameter(request, 'max-parts', 1000, 1000);
  const encoding = encoderOf(request);
  const later = [...upload.parts.values()]
    .filter(part => part.number > marker)
    .sort((a, b) => a.number - b.number);
  const page = later.slice(0, most);
  const truncated = most > 0 && later.length > page.length;
  return {
    status: 200,
    xml: xmlDocument('ListPartsResult', {
      Bucket: bucket.objects.name,
      EncodingType: encoding.name,
      Key: encoding.encode(upload.key),
      UploadId: upload.id,
      Initiator: OWNER,
      Owner: OWNER,
      PartNumberMarker: marker,
      NextPartNumberMarker: truncated ? page.at(-1)!.number : undefined,
      StorageClass: storageClassOf(upload.headers),
      MaxParts: most,
      IsTruncated: truncated,
      Part: page.map(part => ({
        PartNumber: part.number,
        LastModified: new Date(part.modified).toISOString(),
        ETag: quoted(part.md5),
        Size: part.size,
      })),
    }),
  };
}

/** List Multipart Uploads: cloud.tencent.com/document/product/436/7736. */
export function listUploads(request: CosRequest, { objects, uploads }: OpenBucket): Reply {
  const prefix = parameter(request, 'prefix') ?? '';
  const delimiter = parameter(request, 'delimiter') ?? '';
  const keyMarker = parameter(request, 'key-marker') ?? '';
  const idMarker = parameter(request, 'upload-id-marker') ?? '';
  const most = numberParameter(request, 'max-uploads', 1000, 1000);
  const { name, encode } = encoderOf(request);

  const listed: Upload[] = [];
  const groups: string[] = [];
  let truncated = false;
  let last: Upload | undefined;
  for (const upload of uploads.list(prefix)) {
    if (!isAfter(upload, keyMarker, idMarker)) continue;
    const end = delimiter === '' ? -1 : upload.key.indexOf(delimiter, prefix.length);
    const group = end < 0 ? undefined : upload.key.slice(0, end + delimiter.length);
    if (group === undefined || group !== groups.at(-1)) {
      if (listed.length + groups.length >= most) {
        truncated = most > 0;
        break;
      }
      if (group === undefined) listed.push(upload);
      else groups.push(group);
    }
    last = upload;
  }
  return {
    status: 200,
    xml: xmlDocument('ListMultipartUploadsResult', {
      Bucket: objects.name,
      EncodingType: name,
      KeyMarker: encode(keyMarker),
      UploadIdMarker: idMarker,
      NextKeyMarker: truncated ? encode(last!.key) : undefined,
      NextUploadIdMarker: truncated ? last!.id : undefined,
      MaxUploads: most,
      IsTruncated: truncated,
      Prefix: encode(prefix),
      Delimiter: delimiter === '' ? undefined : encode(delimiter),
      Upload: listed.map(upload => ({
        Key: encode(upload.key),
        UploadId: upload.id,
        StorageClass: storageClassOf(upload.headers),
        Initiator: OWNER,
        Owner: OWNER,
        Initiated: new Date(upload.initiated).toISOString(),
      })),
      CommonPrefixes: groups.map(group => ({ Prefix: encode(group) })),
    }),
  };
}

/** With a key marker alone the marked key's own uploads are passed over; with an upload ID only the earlier ones. */
function isAfter(upload: Upload, keyMarker: string, idMarker: string): boolean {
  if (keyMarker === '') return true;
  const order = compareUtf8(upload.key, keyMarker);
  return order > 0 || (order === 0 && idMarker !== '' && compareUtf8(upload.id, idMarker) > 0);
}
