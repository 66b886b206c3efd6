/**
 * A bare object server, a process of its own, so that it is not what is measured: it keeps nothing, hashes
 * nothing, and answers what a client of COS or S3 wants to hear. It reads HTTP by itself, for node:http takes more
 * of a core than a client that sends small files. ETags come from the Content-MD5 that was sent, CRC-64s from the
 * length: all parts are the same block repeated.
 *
 * Options: --port N, --delay MS before each answer; --listed N files of a sparse tree, below listed/, of which
 * --in-folder M are in each folder.
 * GET /-/counts answers what arrived since the last time, and what it cost.
 */
import { type AddressInfo, createServer, type Socket } from 'node:net';
import { parseArgs } from 'node:util';
import { crc64OfBlocks } from './block.ts';
import { createListing } from './listing.ts';

/** What arrived since it was last asked for. */
export interface Counts {
  requests: number;
  puts: number;
  copies: number;
  deletes: number;
  /** Objects that deletions named. */
  deleted: number;
  /** bytes of bodies of PUT */
  bytes: number;
  /** seconds that this server computed, user and system */
  cpu: number;
}

const { values } = parseArgs({
  options: {
    port: { type: 'string', default: '0' },
    delay: { type: 'string', default: '0' },
    listed: { type: 'string', default: '0' },
    'in-folder': { type: 'string' },
  },
});
const delay = Number(values.delay);
const listing = createListing(Number(values.listed), values['in-folder']);

let counts = zero();
let computed = process.cpuUsage();
/** Bytes by upload ID: what Complete must know for the whole's CRC-64. */
const uploads = new Map<string, number>();
/** Sizes of objects that were put together: rclone asks for them afterwards. */
const completedSizes = new Map<string, number>();

/** A request as far as it is read. */
interface Request {
  method: string;
  url: string;
  /** The head as it came. */
  head: string;
  /** bytes of the body, and those that are still to come */
  size: number;
  left: number;
  /** The body, of a POST only. */
  pieces: Buffer[];
}

const HEAD_END = '\r\n\r\n';
const OK = 'HTTP/1.1 200 OK\r\nx-cos-request-id: bench\r\n';
const NO_BODY = 'Content-Length: 0\r\n\r\n';
const NOT_FOUND = `HTTP/1.1 404 Not Found\r\nx-cos-request-id: bench\r\n${NO_BODY}`;
const NO_CONTENT = 'HTTP/1.1 204 No Content\r\nx-cos-request-id: bench\r\n\r\n';

const server = createServer({ noDelay: true }, serve);
server.listen(Number(values.port), '127.0.0.1', () => {
  process.stdout.write(`${(server.address() as AddressInfo).port}\n`);
});
process.on('SIGTERM', () => process.exit(0));

function serve(socket: Socket): void {
  let unread: Buffer | undefined;
  let request: Request | undefined;

  socket.on('error', () => {});
  socket.on('data', (piece: Buffer) => {
    let rest = unread ? Buffer.concat([unread, piece]) : piece;
    unread = undefined;
    for (;;) {
      if (!request) {
        const end = rest.indexOf(HEAD_END);
        if (end < 0) break;
        request = requestOf(rest.toString('latin1', 0, end));
        rest = rest.subarray(end + HEAD_END.length);
        if (/\r\nexpect: *100-continue/i.test(request.head)) socket.write('HTTP/1.1 100 Continue\r\n\r\n');
      }
      const taken = Math.min(rest.length, request.left);
      if (request.method === 'POST' && taken > 0) request.pieces.push(rest.subarray(0, taken));
      request.left -= taken;
      rest = rest.subarray(taken);
      if (request.left > 0) return;
      answer(socket, request);
      request = undefined;
    }
    if (rest.length > 0) unread = rest;
  });
}

function requestOf(head: string): Request {
  const [method = '', url = ''] = head.slice(0, head.indexOf('\r\n')).split(' ');
  const size = Number(headerOf(head, 'length') ?? 0);
  return { method, url, head, size, left: size, pieces: [] };
}

const HEADERS = {
  length: /\r\ncontent-length: *(\d+)/i,
  md5: /\r\ncontent-md5: *([^\r]*)/i,
  source: /\r\nx-cos-copy-source: *([^\r]*)/i,
  sourceEtag: /\r\nx-cos-copy-source-if-match: *([^\r]*)/i,
  sourceRange: /\r\nx-cos-copy-source-range: *([^\r]*)/i,
} as const;

function headerOf(head: string, name: keyof typeof HEADERS): string | undefined {
  return HEADERS[name].exec(head)?.[1];
}

function answer(socket: Socket, request: Request): void {
  if (request.url === '/-/counts') {
    const { user, system } = process.cpuUsage(computed);
    computed = process.cpuUsage();
    socket.end(withBody(JSON.stringify({ ...counts, cpu: (user + system) / 1e6 })));
    counts = zero();
    return;
  }
  counts.requests++;
  if (delay === 0) socket.write(answerTo(request), 'latin1');
  else setTimeout(() => socket.write(answerTo(request), 'latin1'), delay);
}

function zero(): Counts {
  return { requests: 0, puts: 0, copies: 0, deletes: 0, deleted: 0, bytes: 0, cpu: 0 };
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
  uploads.set(uploadId, (uploads.get(uploadId) ?? 0) + size);
  return `${OK}ETag: "${etag}"\r\nx-cos-hash-crc64ecma: ${crc64OfBlocks(size)}\r\n${NO_BODY}`;
}

/** Strings are sent as Latin-1: each of their characters is a byte. */
function withBody(body: string, headers = ''): string {
  return `${OK}${headers}Content-Type: application/xml\r\nContent-Length: ${body.length}\r\n\r\n${body}`;
}

/** The XML that a request asks for. */
function documentFor({ method, url, head, pieces }: Request): string {
  const query = queryOf(url);
  if (method === 'PUT') return withXml(copied(head));
  if (method !== 'POST') return withXml(listing(query));
  if (query.has('delete')) return withXml(deleted(Buffer.concat(pieces).toString('latin1')));
  if (query.has('uploads')) return withXml(begun());
  return completed(pathOf(url), query.get('uploadId') ?? '');
}

function withXml(xml: string, headers = ''): string {
  return withBody(`<?xml version="1.0" encoding="UTF-8"?>${xml}`, headers);
}

function queryOf(url: string): URLSearchParams {
  return new URLSearchParams(url.slice(url.indexOf('?') + 1));
}

function pathOf(url: string): string {
  return url.split('?')[0] ?? '';
}

function copied(head: string): string {
  counts.copies++;
  const etag = (headerOf(head, 'sourceEtag') ?? '').replaceAll('"', '');
  const root = headerOf(head, 'sourceRange') === undefined ? 'CopyObjectResult' : 'CopyPartResult';
  return `<${root}><ETag>"${etag}"</ETag><LastModified>2026-01-01T00:00:00Z</LastModified></${root}>`;
}

/** The keys are answered as the bytes they came in. */
function deleted(sent: string): string {
  const keys = [...sent.matchAll(/<Key>(.*?)<\/Key>/g)].map(([, key]) => key);
  counts.deletes++;
  counts.deleted += keys.length;
  return `<DeleteResult>${keys.map(key => `<Deleted><Key>${key}</Key></Deleted>`).join('')}</DeleteResult>`;
}

function begun(): string {
  const uploadId = `upload-${counts.requests}-${uploads.size}`;
  uploads.set(uploadId, 0);
  const result = `<Bucket>bench</Bucket><Key>key</Key><UploadId>${uploadId}</UploadId>`;
  return `<InitiateMultipartUploadResult>${result}</InitiateMultipartUploadResult>`;
}

function completed(path: string, uploadId: string): string {
  const size = uploads.get(uploadId) ?? 0;
  uploads.delete(uploadId);
  completedSizes.set(path, size);
  const result = '<Bucket>bench</Bucket><Key>key</Key><ETag>"whole-2"</ETag>';
  const xml = `<CompleteMultipartUploadResult>${result}</CompleteMultipartUploadResult>`;
  // Nothing was sent where all parts were copied: then the ETag says what it is.
  return withXml(xml, size > 0 ? `x-cos-hash-crc64ecma: ${crc64OfBlocks(size)}\r\n` : '');
}
