import { createHash } from 'node:crypto';
import type { Failure } from '../failure.ts';
import type { Access } from './access.ts';
import { createClock } from './clock.ts';
import { confirmationOf, etagIn } from './confirmation.ts';
import { unproved } from './errors.ts';
import { codeOf, isId, messageOf } from './form.ts';
import { getObject, headIn, versionQuery } from './get-object.ts';
import type { HttpAnswer } from './http/answer.ts';
import { type Ask, createHttp, type HttpRequest } from './http/http.ts';
import { encodeStrictly } from './http/signature.ts';
import { listAllParts, listAllUploads, listPage, listVersionPage } from './listings.ts';
import { putObject } from './put-object.ts';
import type { Confirmation, CopySource, Deletion, Headers, ObjectStore } from './store.ts';
import { elementsAt, textAt, type XmlElement, xmlDocument, xmlOf } from './xml.ts';

/** Opens a store on one bucket. Nothing is asked of COS yet. */
export function openStore(access: Access): ObjectStore {
  const clock = createClock();
  const http = createHttp(access, clock);
  const ask: Ask = http.send;

  return {
    access: { ...access, clock },

    put: (key, body, md5, headers) => putObject(ask, key, body, md5, headers),

    putPart: async (key, uploadId, number, body) =>
      confirmationOf(
        await ask({
          method: 'PUT',
          key,
          query: { partNumber: String(number), uploadId },
          headers: {},
          body,
        }),
      ),

    copy: async (key, source, headers) =>
      copied(
        await ask({
          method: 'PUT',
          key,
          query: {},
          headers: { ...withDirectives(headers), ...copyFrom(access, source) },
        }),
        'CopyObjectResult',
      ),

    copyPart: async (key, uploadId, number, source, first, last) =>
      copied(
        await ask({
          method: 'PUT',
          key,
          query: { partNumber: String(number), uploadId },
          headers: { ...copyFrom(access, source), 'x-cos-copy-source-range': `bytes=${first}-${last}` },
        }),
        'CopyPartResult',
      ),

    startUpload: async (key, headers) => {
      const answer = await ask({ method: 'POST', key, query: { uploads: '' }, headers });
      const uploadId = textAt(xmlOf(answer.text, 'InitiateMultipartUploadResult'), 'UploadId');
      if (!uploadId || !isId(uploadId))
        throw unproved('UnexpectedAnswer', 'the answer has no upload ID', confirmationOf(answer));
      return uploadId;
    },

    listParts: (key, uploadId) => listAllParts(ask, key, uploadId),

    completeUpload: async (key, uploadId, parts) => {
      const Part = parts.map(({ number, etag }) => ({ PartNumber: number, ETag: `"${etag}"` }));
      const answer = await askWithXml(
        ask,
        key,
        { uploadId },
        xmlDocument('CompleteMultipartUpload', { Part }),
      );
      const etag = textAt(xmlOf(answer.text, 'CompleteMultipartUploadResult'), 'ETag');
      const confirmation = confirmationOf(answer);
      return { ...confirmation, etag: etagIn(etag, confirmation) };
    },

    abortUpload: async (key, uploadId) => {
      try {
        const answer = await ask({ method: 'DELETE', key, query: { uploadId }, headers: {} });
        requireNoContent(confirmationOf(answer));
      } catch (error) {
        if ((error as Failure).code !== 'NoSuchUpload') throw error;
      }
    },

    listUploads: prefix => listAllUploads(ask, prefix),

    deleteMany: keys => deleteMany(ask, keys),

    list: (prefix, marker) => listPage(ask, prefix, marker),

    listVersions: (prefix, marker) => listVersionPage(ask, prefix, marker),

    versioning: async () => {
      const answer = await ask({ method: 'GET', key: '', query: { versioning: '' }, headers: {} });
      const configuration = xmlOf(answer.text, 'VersioningConfiguration');
      if (!configuration)
        throw unproved('UnexpectedAnswer', 'the answer does not say', confirmationOf(answer));
      const status = textAt(configuration, 'Status');
      return status === 'Enabled' || status === 'Suspended' ? status : 'off';
    },

    bucketKind: async () => {
      const { headers } = await ask({ method: 'HEAD', key: '', query: {}, headers: {} });
      return {
        isMaz: headers['x-cos-bucket-az-type'] === 'MAZ',
        isOfs: headers['x-cos-bucket-arch'] === 'OFS',
      };
    },

    get: (wanted, sink) => getObject(ask, wanted, sink),

    thaw: async (key, versionId, days) => {
      const request = xmlDocument('RestoreRequest', { Days: days, CASJobParameters: { Tier: 'Standard' } });
      await askWithXml(ask, key, { restore: '', ...versionQuery(versionId) }, request);
    },

    head: async (key, versionId) => {
      try {
        const answer = await ask({ method: 'HEAD', key, query: versionQuery(versionId), headers: {} });
        return headIn(answer);
      } catch (error) {
        const { kind, status } = error as Failure;
        if (kind !== 'unreachable' && status === 404) return undefined;
        throw error;
      }
    },

    close: () => http.close(),
  };
}

function askWithXml(ask: Ask, key: string, query: HttpRequest['query'], xml: string): Promise<HttpAnswer> {
  const body = Buffer.from(xml);
  const md5 = createHash('md5').update(body).digest('base64');
  return ask({
    method: 'POST',
    key,
    query,
    headers: { 'Content-Type': 'application/xml', 'Content-MD5': md5 },
    body,
  });
}

/** A copy has nothing of its source but the content. */
function withDirectives(headers: Headers): Headers {
  const tags = headers['x-cos-tagging'] === undefined ? {} : { 'x-cos-tagging-directive': 'Replaced' };
  return { ...headers, ...tags, 'x-cos-metadata-directive': 'Replaced' };
}

/** An address with a port, or of numbers, is no host of COS's own. */
const ADDRESS = /:\d+$|^[\d.]+$|^\[/;

/** COS knows a bucket by its own host name, whatever name it is asked by. */
function copyFrom({ bucket, region, host, signHost }: Access, { key, etag }: CopySource): Headers {
  const path = key.split('/').map(encodeStrictly).join('/');
  const isOwn = region !== '' && !ADDRESS.test(host);
  const bucketHost = !isOwn ? (signHost ?? host) : `${bucket}.cos.${region}.myqcloud.com`;
  return { 'x-cos-copy-source': `${bucketHost}/${path}`, 'x-cos-copy-source-If-Match': `"${etag}"` };
}

function copied(answer: HttpAnswer, root: string): Confirmation {
  const result = xmlOf(answer.text, root);
  const confirmation = confirmationOf(answer);
  if (!result) throw unproved('UnexpectedAnswer', 'the answer does not say what was copied', confirmation);
  const crc64 = confirmation.crc64 ?? textAt(result, 'CRC64');
  return { ...confirmation, crc64, etag: etagIn(textAt(result, 'ETag'), confirmation) };
}

/** Characters that an XML document cannot carry, or not unchanged. */
const NOT_FOR_XML = /[\u0000-\u001f\u007f-\u009f\ufffe\uffff]/;

/** What DELETE Object (436/7743), whether there was one or not, and Abort (436/7740) are answered with. */
const NO_CONTENT = 204;

/** @throws Failure for another success: it is what somebody says who is not COS */
function requireNoContent(answer: Confirmation): void {
  if (answer.status === NO_CONTENT) return;
  throw unproved('UnexpectedAnswer', 'the answer does not say that it was deleted', answer);
}

async function deleteMany(ask: Ask, keys: readonly string[]): Promise<Deletion> {
  const inXml = keys.filter(key => !NOT_FOR_XML.test(key));
  const alone = new Set(keys.filter(key => NOT_FOR_XML.test(key)));
  const deletion: Deletion = { requestId: '', status: 0, failed: new Map() };
  if (inXml.length > 0) {
    const request = xmlDocument('Delete', { Object: inXml.map(Key => ({ Key })), Quiet: false });
    const answer = await askWithXml(ask, '', { delete: '' }, request);
    const { status, requestId } = confirmationOf(answer);
    const result = xmlOf(answer.text, 'DeleteResult');
    if (!result)
      throw unproved('UnexpectedAnswer', 'the answer does not say what was deleted', { status, requestId });
    Object.assign(deletion, { status, requestId });
    for (const key of notIn(result, inXml, deletion)) alone.add(key);
  }
  for (const key of alone) {
    const answer = confirmationOf(await ask({ method: 'DELETE', key, query: {}, headers: {} }));
    requireNoContent(answer);
    deletion.requestId ||= answer.requestId;
    deletion.status ||= answer.status;
  }
  return deletion;
}

/** Notes the keys that COS did not delete, and answers those of which it says nothing. */
function notIn(result: XmlElement, keys: readonly string[], deletion: Deletion): string[] {
  const deleted = new Set(elementsAt(result, 'Deleted').map(element => textAt(element, 'Key')));
  for (const error of elementsAt(result, 'Error')) {
    const key = textAt(error, 'Key');
    if (key === undefined) continue;
    deletion.failed.set(key, {
      code: codeOf(textAt(error, 'Code')) || 'UnexpectedAnswer',
      message: messageOf(textAt(error, 'Message')),
    });
  }
  return keys.filter(key => !deleted.has(key) && !deletion.failed.has(key));
}
