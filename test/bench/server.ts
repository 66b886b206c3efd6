/**
 * A bare object server, a process of its own, so that it is not what is measured: it keeps nothing, hashes
 * nothing, and answers what a client of COS or S3 wants to hear. ETags come from the Content-MD5 that was sent,
 * CRC-64s from the length: all parts are the same block repeated.
 *
 * Options: --port N, --delay MS before each answer; --listed N files of a sparse tree, below listed/, of which
 * --in-folder M are in each folder.
 * GET /-/counts answers what arrived since the last time, and what it cost.
 */
import { parseArgs } from 'node:util';
import { crc64OfBlocks } from './block.ts';
import { NO_BODY, NOT_FOUND, OK, pathOf, queryOf, type Request, serve, withBody } from './light-http.ts';
import { createListing } from './listing.ts';

const { values } = parseArgs({
  options: {
    port: { type: 'string', default: '0' },
    delay: { type: 'string', default: '0' },
    listed: { type: 'string', default: '0' },
    'in-folder': { type: 'string' },
  },
});
const listing = createListing(Number(values.listed), values['in-folder']);

const NO_CONTENT = 'HTTP/1.1 204 No Content\r\nx-cos-request-id: bench\r\n\r\n';

/** Bytes sent and copied by upload ID: what Complete must know for the whole's size and CRC-64. */
const uploads = new Map<string, { sent: number; copied: number }>();
/** Sizes of objects that were put together: rclone asks for them afterwards. */
const completedSizes = new Map<string, number>();

const options = { port: Number(values.port), delay: Number(values.delay) };
const counts = serve(options, (socket, request) => void socket.write(answerTo(request), 'latin1'));

const HEADERS = {
  md5: /\r\ncontent-md5: *([^\r]*)/i,
  source: /\r\nx-cos-copy-source: *([^\r]*)/i,
  sourceEtag: /\r\nx-cos-copy-source-if-match: *([^\r]*)/i,
  sourceRange: /\r\nx-cos-copy-source-range: *([^\r]*)/i,
} as const;

function headerOf(head: string, name: keyof typeof HEADERS): string | undefined {
  return HEADERS[name].exec(head)?.[1];
}

function answerTo(request: Request): string {
  const { method, url, head } = request;
  if (method === 'HEAD') {
    const size = completedSizes.get(pathOf(url));
    return size === undefined ? NOT_FOUND : `${OK}ETag: "whole-2"\r\nContent-Length: ${size}\r\n\r\n`;
  }
  if (method === 'DELETE') {
    counts.deletes++;
    counts.deleted++;
    return NO_CONTENT;
  }
  const isCopy = method === 'PUT' && headerOf(head, 'source') !== undefined;
  return method === 'PUT' && !isCopy ? taken(request) : documentFor(request);
}

function taken({ url, head, size }: Request): string {
  counts.puts++;
  counts.bytes += size;
  const md5 = headerOf(head, 'md5');
  const etag = md5 === undefined ? `part-${size}` : Buffer.from(md5, 'base64').toString('hex');
  const uploadId = url.includes('?') ? queryOf(url).get('uploadId') : null;
  if (uploadId === null) return `${OK}ETag: "${etag}"\r\n${NO_BODY}`;
  begunAs(uploadId).sent += size;
  return `${OK}ETag: "${etag}"\r\nx-cos-hash-crc64ecma: ${crc64OfBlocks(size)}\r\n${NO_BODY}`;
}

/** The XML that a request asks for. */
function documentFor({ method, url, head, pieces }: Request): string {
  const query = queryOf(url);
  if (method === 'PUT') return withXml(copied(head, query.get('uploadId')));
  if (method !== 'POST') return withXml(listing(query));
  if (query.has('delete')) return withXml(deleted(Buffer.concat(pieces).toString('latin1')));
  if (query.has('uploads')) return withXml(begun());
  return completed(pathOf(url), query.get('uploadId') ?? '');
}

function withXml(xml: string, headers = ''): string {
  return withBody(`<?xml version="1.0" encoding="UTF-8"?>${xml}`, headers);
}

function copied(head: string, uploadId: string | null): string {
  counts.copies++;
  const etag = (headerOf(head, 'sourceEtag') ?? '').replaceAll('"', '');
  const range = headerOf(head, 'sourceRange');
  const root = range === undefined ? 'CopyObjectResult' : 'CopyPartResult';
  const [, first, last] = /^bytes=(\d+)-(\d+)/.exec(range ?? '') ?? [];
  if (uploadId !== null) begunAs(uploadId).copied += Number(last) - Number(first) + 1;
  return `<${root}><ETag>"${etag}"</ETag><LastModified>2026-01-01T00:00:00Z</LastModified></${root}>`;
}

/** The keys are answered as the bytes they came in. */
function deleted(sent: string): string {
  const keys = [...sent.matchAll(/<Key>(.*?)<\/Key>/g)].map(([, key]) => key);
  counts.deletes++;
  counts.deleted += keys.length;
  return `<DeleteResult>${keys.map(key => `<Deleted><Key>${key}</Key></Deleted>`).join('')}</DeleteResult>`;
}

function begunAs(uploadId: string): { sent: number; copied: number } {
  const known = uploads.get(uploadId) ?? { sent: 0, copied: 0 };
  uploads.set(uploadId, known);
  return known;
}

function begun(): string {
  const uploadId = `upload-${counts.requests}-${uploads.size}`;
  uploads.set(uploadId, { sent: 0, copied: 0 });
  const result = `<Bucket>bench</Bucket><Key>key</Key><UploadId>${uploadId}</UploadId>`;
  return `<InitiateMultipartUploadResult>${result}</InitiateMultipartUploadResult>`;
}

function completed(path: string, uploadId: string): string {
  const { sent, copied } = begunAs(uploadId);
  uploads.delete(uploadId);
  completedSizes.set(path, sent + copied);
  const result = '<Bucket>bench</Bucket><Key>key</Key><ETag>"whole-2"</ETag>';
  const xml = `<CompleteMultipartUploadResult>${result}</CompleteMultipartUploadResult>`;
  // Of what was copied the content is not known: then the ETag says what it is.
  return withXml(xml, copied === 0 ? `x-cos-hash-crc64ecma: ${crc64OfBlocks(sent)}\r\n` : '');
}
