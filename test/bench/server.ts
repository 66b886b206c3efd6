/**
 * A bare object server, a process of its own, so that it is not what is measured: it keeps nothing, hashes
 * nothing, and answers what a client of COS or S3 wants to hear. ETags come from the Content-MD5 that was sent,
 * CRC-64s from the length: all parts are the same block repeated.
 *
 * Options: --port N, --delay MS before each answer, --crc64 DECIMAL and --block BYTES of the repeated block;
 * --files N of --size BYTES, or one of --large BYTES, below stock/ to be fetched.
 * GET /-/counts answers what arrived since the last time.
 */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { parseArgs } from 'node:util';
import { combineCrc64 } from '../../src/cos/crc64.ts';
import { BLOCK } from './block.ts';
import { createStock } from './stock.ts';

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
}

const { values } = parseArgs({
  options: {
    port: { type: 'string', default: '0' },
    delay: { type: 'string', default: '0' },
    crc64: { type: 'string', default: '0' },
    block: { type: 'string', default: '0' },
    files: { type: 'string', default: '0' },
    size: { type: 'string', default: '0' },
    large: { type: 'string', default: '0' },
  },
});
const delay = Number(values.delay);
const block = { crc64: values.crc64, size: Number(values.block) };

const sums = new Map<number, string>();
const stock = createStock(
  { files: Number(values.files), size: Number(values.size), large: Number(values.large), block: BLOCK },
  crc64Of,
);

let counts = zero();
/** Bytes by upload ID: what Complete must know for the whole's CRC-64. */
const uploads = new Map<string, number>();

const server = createServer({ keepAliveTimeout: 60_000, noDelay: true }, (request, response) => {
  if (request.url === '/-/counts') {
    response.end(JSON.stringify(counts));
    counts = zero();
    return;
  }
  counts.requests++;
  let size = 0;
  const texts: Buffer[] = [];
  request.on('data', (piece: Buffer) => {
    size += piece.length;
    if (request.method === 'POST') texts.push(piece);
  });
  request.on('end', () => {
    const answer = () => reply(request, response, size, texts);
    if (delay === 0) answer();
    else setTimeout(answer, delay);
  });
});
server.on('checkContinue', (request, response) => {
  response.writeContinue();
  server.emit('request', request, response);
});
server.listen(Number(values.port), '127.0.0.1', () => {
  process.stdout.write(`${(server.address() as AddressInfo).port}\n`);
});
process.on('SIGTERM', () => process.exit(0));

function zero(): Counts {
  return { requests: 0, puts: 0, copies: 0, deletes: 0, deleted: 0, bytes: 0 };
}

function reply(request: IncomingMessage, response: ServerResponse, size: number, texts: Buffer[]): void {
  const { method, headers } = request;
  response.setHeader('x-cos-request-id', 'bench');
  if (stock.answer(request, response)) return;
  if (method === 'HEAD') {
    response.writeHead(404).end();
  } else if (method === 'DELETE') {
    counts.deletes++;
    counts.deleted++;
    response.writeHead(204).end();
  } else if (method === 'PUT' && headers['x-cos-copy-source'] === undefined) {
    take(request, response, size);
    response.writeHead(200, { 'Content-Length': 0 }).end();
  } else {
    const body = document(request, response, Buffer.concat(texts).toString());
    const text = `<?xml version="1.0" encoding="UTF-8"?>${body}`;
    response.writeHead(200, { 'Content-Type': 'application/xml', 'Content-Length': Buffer.byteLength(text) });
    response.end(text);
  }
}

function take(request: IncomingMessage, response: ServerResponse, size: number): void {
  counts.puts++;
  counts.bytes += size;
  const { url = '' } = request;
  const md5 = request.headers['content-md5'];
  const etag = typeof md5 === 'string' ? Buffer.from(md5, 'base64').toString('hex') : `part-${size}`;
  response.setHeader('ETag', `"${etag}"`);
  const question = url.indexOf('?');
  const uploadId = question < 0 ? null : new URLSearchParams(url.slice(question)).get('uploadId');
  if (uploadId === null) return;
  uploads.set(uploadId, (uploads.get(uploadId) ?? 0) + size);
  response.setHeader('x-cos-hash-crc64ecma', crc64Of(size));
}

/** The XML that a request asks for. */
function document(request: IncomingMessage, response: ServerResponse, sent: string): string {
  const { method, url, headers } = request;
  const query = new URL(url ?? '/', 'http://bench').searchParams;
  if (method === 'PUT') return copied(headers);
  if (method !== 'POST') return EMPTY_LISTING;
  if (query.has('delete')) return deleted(sent);
  if (query.has('uploads')) return begun();
  return completed(response, query.get('uploadId') ?? '');
}

const EMPTY_LISTING =
  '<ListBucketResult><Name>bench</Name><Prefix></Prefix><KeyCount>0</KeyCount>' +
  '<MaxKeys>1000</MaxKeys><IsTruncated>false</IsTruncated></ListBucketResult>';

function copied(headers: IncomingMessage['headers']): string {
  counts.copies++;
  const etag = String(headers['x-cos-copy-source-if-match']).replaceAll('"', '');
  const root = headers['x-cos-copy-source-range'] === undefined ? 'CopyObjectResult' : 'CopyPartResult';
  return `<${root}><ETag>"${etag}"</ETag><LastModified>2026-01-01T00:00:00Z</LastModified></${root}>`;
}

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

function completed(response: ServerResponse, uploadId: string): string {
  const size = uploads.get(uploadId) ?? 0;
  uploads.delete(uploadId);
  // Nothing was sent where all parts were copied: then the ETag says what it is.
  if (size > 0) response.setHeader('x-cos-hash-crc64ecma', crc64Of(size));
  const result = '<Bucket>bench</Bucket><Key>key</Key><ETag>"whole-2"</ETag>';
  return `<CompleteMultipartUploadResult>${result}</CompleteMultipartUploadResult>`;
}

/** The CRC-64 of that many bytes of the repeated block; 0 where they are no whole number of blocks. */
function crc64Of(size: number): string {
  if (block.size === 0 || size % block.size !== 0) return '0';
  const known = sums.get(size);
  if (known !== undefined) return known;
  let sum = '0';
  for (let done = 0; done < size; done += block.size) sum = combineCrc64(sum, block.crc64, block.size);
  sums.set(size, sum);
  return sum;
}
