import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { resolve } from 'node:path';
import { makeFolder } from '../make-folder.ts';
import { prepareCrc64 } from './crc64.ts';
import { LOCAL_BUCKET, LOCAL_REGION } from './defaults.ts';
import { lockDir } from './dir-lock.ts';
import { asCosError, CosError } from './errors.ts';
import { type KeyPair, Keys, keysOfFolder } from './keys.ts';
import { checkPolicy, checkStrictly } from './policy.ts';
import { errorReply, newRequestId, type Reply, send } from './reply.ts';
import { readRequest } from './request.ts';
import { route } from './router.ts';
import { verifySignature } from './signature.ts';
import { isBucketName, Storage } from './storage.ts';
import type { Surroundings } from './surroundings.ts';
import { PLAIN, type Traits } from './traits.ts';

const ADDRESS = '127.0.0.1';
/** A connection on which nothing moves is closed after this, in ms. */
const IDLE_TIMEOUT = 120_000;
const KEEP_ALIVE = 65_000;
const LARGEST_HEADERS = 32 * 1024;

export interface LocalCos {
  url: string;
  port: number;
  dir: string;
  bucket: string;
  region: string;
  /** The pair that was given, or the folder's own. */
  secretId: string;
  secretKey: string;
  /** All pairs that are accepted. */
  keys: Keys;
  /** What buckets are like now: a change holds from the next request on. */
  traits: Traits;
  /** Ends all connections and releases the folder. */
  close(): Promise<void>;
}

export interface LocalCosOptions {
  /** Holds the buckets; made if missing. */
  dir: string;
  /** 0 or absent: any free one. */
  port?: number;
  /** Made at start; answers for hosts that name no bucket. */
  bucket?: string;
  region?: string;
  /** Absent: the folder's own pair, made at random. */
  keys?: KeyPair | undefined;
  /** What buckets are like where they are not plain ones. */
  traits?: Partial<Traits>;
  /** Called once a request is over; path without its signature, ms is its duration. */
  onRequest?: (r: { method: string; path: string; status: number; requestId: string; ms: number }) => void;
}

/**
 * Starts a COS server on the loopback interface, with its objects in a folder.
 * @throws Error with the code EADDRINUSE when the port is taken, EBUSY when another server uses the folder;
 *   TypeError for an impossible bucket name
 */
export async function startLocalCos(options: LocalCosOptions): Promise<LocalCos> {
  const { port = 0, bucket = LOCAL_BUCKET, region = LOCAL_REGION } = options;
  if (!isBucketName(bucket)) throw new TypeError(`not a bucket name: ${bucket}`);
  const dir = resolve(options.dir);
  await prepareCrc64();
  makeFolder(dir);
  const lock = await lockDir(dir);
  let storage: Storage | undefined;
  try {
    const traits: Traits = { ...PLAIN, ...options.traits };
    storage = new Storage(dir, traits);
    storage.ensure(bucket);
    const pair = options.keys ?? keysOfFolder(dir);
    const keys = new Keys(pair);
    const around = { storage, defaultBucket: bucket, region, traits };
    const http = await listenOn(port, (message, response) =>
      serve(message, response, around, keys, options.onRequest),
    );
    const close = async () => {
      await http.close();
      storage?.close();
      await lock.release();
    };
    const url = `http://${ADDRESS}:${http.port}`;
    return { url, port: http.port, dir, bucket, region, ...pair, keys, traits, close };
  } catch (error) {
    storage?.close();
    await lock.release();
    throw error;
  }
}

async function listenOn(
  port: number,
  handle: (message: IncomingMessage, response: ServerResponse) => Promise<void>,
): Promise<{ port: number; close: () => Promise<void> }> {
  const running = new Set<Promise<void>>();
  const server = createServer({ maxHeaderSize: LARGEST_HEADERS }, (message, response) => {
    const work = handle(message, response);
    running.add(work);
    work.finally(() => running.delete(work));
  });
  server.requestTimeout = 0;
  server.timeout = IDLE_TIMEOUT;
  server.keepAliveTimeout = KEEP_ALIVE;
  server.on('clientError', refuseUnreadable);
  await new Promise<void>((settle, reject) => {
    server.once('error', reject);
    server.listen(port, ADDRESS, () => {
      server.off('error', reject);
      settle();
    });
  });
  const close = async () => {
    const closed = new Promise(settle => server.close(settle));
    server.closeAllConnections();
    await closed;
    await Promise.allSettled(running);
  };
  return { port: (server.address() as AddressInfo).port, close };
}

/** Answers one request; never rejects. */
async function serve(
  message: IncomingMessage,
  response: ServerResponse,
  around: Surroundings,
  keys: Keys,
  onRequest: LocalCosOptions['onRequest'],
): Promise<void> {
  const start = performance.now();
  const requestId = newRequestId();
  const isHead = message.method === 'HEAD';
  response.setHeader('Server', 'tencent-cos');
  response.setHeader('x-cos-request-id', requestId);
  if (onRequest) {
    response.once('close', () => {
      const path = withoutSignature(message.url ?? '');
      onRequest({
        method: message.method ?? '',
        path,
        status: response.statusCode,
        requestId,
        ms: performance.now() - start,
      });
    });
  }
  try {
    await send(response, await answer(message, around, keys, requestId), isHead);
  } catch {
    // The connection broke, or the answer could not be written: nothing can be said on it any more.
    response.destroy();
  }
}

/** A URL for logs: what a pre-signed one grants must not stand there. */
function withoutSignature(url: string): string {
  const [path, query] = url.split('?', 2) as [string, string?];
  const rest = query?.split('&').filter(pair => !/^(q-|sign=|x-cos-security-token=)/i.test(pair));
  return rest?.length ? `${path}?${rest.join('&')}` : path;
}

async function answer(
  message: IncomingMessage,
  around: Surroundings,
  keys: Keys,
  requestId: string,
): Promise<Reply> {
  try {
    refuseOtherSites(message);
    const request = readRequest(message, around.defaultBucket);
    const { method, path, query } = request;
    const signed = verifySignature(
      { method, path, query, headers: message.headers },
      keys,
      Math.floor(Date.now() / 1000),
    );
    if (around.traits.strictSignatures) checkStrictly(request, signed);
    checkPolicy(request, around.traits.deny);
    return await route(request, around);
  } catch (error) {
    const resource = `${message.headers.host ?? ''}${(message.url ?? '').replace(/\?.*$/s, '')}`;
    return errorReply(asCosError(error), resource, requestId);
  }
}

/** A page in a browser must not reach what is meant for this machine's programs. @throws CosError AccessForbidden */
function refuseOtherSites({ headers, socket }: IncomingMessage): void {
  const own = [ADDRESS, 'localhost'].map(host => `http://${host}:${socket.localPort}`);
  if (headers.origin !== undefined && !own.includes(headers.origin)) throw new CosError('AccessForbidden');
}

/** Bytes that are no HTTP request, or one that ends before its body does. */
function refuseUnreadable(error: NodeJS.ErrnoException, socket: Socket): void {
  if (!socket.writable || socket.bytesWritten > 0) {
    socket.destroy();
    return;
  }
  const isOverlong = error.code === 'HPE_HEADER_OVERFLOW';
  const code = error.code === 'HPE_INVALID_EOF_STATE' ? 'IncompleteBody' : 'InvalidRequest';
  const cause = new CosError(code, isOverlong ? 'The request headers are too large.' : undefined);
  const requestId = newRequestId();
  const { status, xml = '' } = errorReply(cause, '/', requestId);
  const lines = [
    `HTTP/1.1 ${status} Bad Request`,
    'Server: tencent-cos',
    `Date: ${new Date().toUTCString()}`,
    `x-cos-request-id: ${requestId}`,
    'Content-Type: application/xml',
    `Content-Length: ${Buffer.byteLength(xml)}`,
    'Connection: close',
  ];
  socket.end(`${lines.join('\r\n')}\r\n\r\n${xml}`);
}
