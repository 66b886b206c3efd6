import { randomBytes } from 'node:crypto';
import { closeSync, createReadStream } from 'node:fs';
import type { OutgoingHttpHeaders, ServerResponse } from 'node:http';
import { pipeline } from 'node:stream/promises';
import type { CosError } from './errors.ts';
import { xmlDocument } from './xml.ts';

/** What a handler answers: a status, headers, and XML or a piece of an open file, which is closed when sent. */
export interface Reply {
  status: number;
  headers?: OutgoingHttpHeaders;
  xml?: string;
  /** Bytes from start to end (exclusive). */
  file?: { fd: number; start: number; end: number };
}

const PROCESS = randomBytes(6).toString('hex');
let requests = 0;

export function newRequestId(): string {
  const time = Math.floor(Date.now() / 1000).toString(16);
  return Buffer.from(`${time}_${PROCESS}_${(requests++).toString(16)}`).toString('base64');
}

/** Sends a reply; to HEAD without its body. */
export async function send(response: ServerResponse, reply: Reply, isHead: boolean): Promise<void> {
  const { file } = reply;
  if (!file) return sendXml(response, reply, isHead);
  if (isHead || file.start >= file.end || response.destroyed) {
    if (file.fd >= 0) closeSync(file.fd);
    response.writeHead(reply.status, { 'Content-Length': file.end - file.start, ...reply.headers }).end();
    return;
  }
  response.writeHead(reply.status, { 'Content-Length': file.end - file.start, ...reply.headers });
  const { fd, start, end } = file;
  const stream = createReadStream('', { fd, start, end: end - 1, highWaterMark: 256 * 1024 });
  await pipeline(stream, response, { end: false });
  // A file cut short under our hands: better a broken connection than a body that seems whole.
  if (stream.bytesRead === end - start) response.end();
  else response.destroy();
}

function sendXml(response: ServerResponse, { status, headers, xml }: Reply, isHead: boolean): void {
  if (xml === undefined || isHead) {
    const length = status === 204 || status === 304 ? {} : { 'Content-Length': 0 };
    response.writeHead(status, { ...length, ...headers }).end();
    return;
  }
  const body = Buffer.from(xml);
  response
    .writeHead(status, { 'Content-Type': 'application/xml', 'Content-Length': body.length, ...headers })
    .end(body);
}

/** COS's error document. */
export function errorReply(error: CosError, resource: string, requestId: string): Reply {
  const { code, status, message, headers } = error;
  if (status === 304) return { status, headers };
  const trace = Buffer.from(`${requestId}_trace`).toString('base64');
  return {
    status,
    headers,
    xml: xmlDocument('Error', {
      Code: code,
      Message: message,
      Resource: resource,
      RequestId: requestId,
      TraceId: trace,
    }),
  };
}
