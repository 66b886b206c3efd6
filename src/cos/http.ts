import type { Readable } from 'node:stream';
import { type Dispatcher, Pool, ProxyAgent } from 'undici';
import type { Failure } from '../failure.ts';
import { answerHandler, type HttpAnswer } from './answer.ts';
import type { Clock, Connection } from './connection.ts';
import { createHosts } from './hosts.ts';
import { createSigner, encodeStrictly } from './signature.ts';
import type { Headers, PartBody } from './store.ts';

/** A host that does not take a connection within this many ms is not there. */
const CONNECT_TIMEOUT = 10_000;
const KEEP_ALIVE = 30_000;

export interface HttpRequest {
  method: 'GET' | 'HEAD' | 'PUT' | 'POST' | 'DELETE';
  /** The object's key; empty for the bucket itself. */
  key: string;
  /** A name without value, like `uploads`, has an empty one. */
  query: Readonly<Record<string, string>>;
  headers: Headers;
  body?: Uint8Array | PartBody;
}

/** Sends one signed request, once. */
export interface Http {
  /** @throws Failure for everything but an answer of 200 to 299 */
  send(request: HttpRequest): Promise<HttpAnswer>;
  close(): Promise<void>;
}

/**
 * The tool's own request layer; its signature equals the SDK's. The SDK's layer repeats a refused request
 * three times at once, which is what COS asks not to do, multiplies every timeout by that, and costs
 * more than the request itself where files are small.
 */
export function createHttp(connection: Connection, clock: Clock): Http {
  const { protocol, token, userAgent } = connection;
  const timeout = connection.timeout * 1_000;
  const dispatchers = createDispatchers(connection);
  const hosts = createHosts(connection.host);
  const authorize = createSigner(connection, clock);

  function send({ method, key, query, headers, body }: HttpRequest): Promise<HttpAnswer> {
    const host = hosts.current();
    const origin = `${protocol}//${host}`;
    const sent: Record<string, string> = { ...headers, Host: host };
    sent.Authorization = authorize({ method, key, query, headers: sent });
    sent['User-Agent'] = userAgent;
    if (token) sent['x-cos-security-token'] = token;
    if (method !== 'GET' && method !== 'HEAD') sent['Content-Length'] = String(sizeOf(body));
    return new Promise((resolve, reject) => {
      const handler = answerHandler({
        resolve,
        reject(failure) {
          if ((failure as Failure).kind === 'unreachable') hosts.unanswered(host);
          reject(failure);
        },
        onAnswer: () => hosts.answered(host),
        isPlain: method === 'PUT' && headers['x-cos-copy-source'] === undefined,
      });
      dispatchers.of(origin).dispatch(
        {
          origin,
          method,
          path: encodePath(key) + encodeQuery(query),
          headers: sent,
          body: sendable(body),
          headersTimeout: timeout,
          bodyTimeout: timeout,
        },
        handler,
      );
    });
  }

  return { send, close: dispatchers.close };
}

/** One for each host, or one for all behind a proxy. */
function createDispatchers(connection: Connection) {
  const open = new Map<string, Dispatcher>();
  return {
    of(origin: string): Dispatcher {
      const place = connection.proxy ?? origin;
      const known = open.get(place);
      if (known) return known;
      const dispatcher = dispatcherOf(connection, origin);
      open.set(place, dispatcher);
      return dispatcher;
    },
    async close() {
      await Promise.all([...open.values()].map(dispatcher => dispatcher.destroy()));
    },
  };
}

function dispatcherOf({ proxy, timeout }: Connection, origin: string): Dispatcher {
  const connectTimeout = Math.min(CONNECT_TIMEOUT, timeout * 1_000);
  // Not bounded: up to twice the operations at a time, so that none waits until a connection is looked over for reuse.
  const options = { connections: null, pipelining: 1, keepAliveTimeout: KEEP_ALIVE };
  if (!proxy) return new Pool(origin, { ...options, connect: { timeout: connectTimeout } });
  return new ProxyAgent({ ...options, uri: proxy, connectTimeout });
}

function sizeOf(body: HttpRequest['body']): number {
  if (body === undefined) return 0;
  return body instanceof Uint8Array ? body.byteLength : body.size;
}

/**
 * undici writes what an iterable yields and asks for more when the socket has taken it: no piece is buffered
 * in between. Its types know streams only.
 */
function sendable(body: HttpRequest['body']): Uint8Array | Readable | null {
  if (body === undefined) return null;
  return body instanceof Uint8Array ? body : (body.open() as AsyncIterable<Uint8Array> as Readable);
}

function encodePath(key: string): string {
  return `/${encodeStrictly(key).replaceAll('%2F', '/')}`;
}

function encodeQuery(query: HttpRequest['query']): string {
  const pairs = Object.entries(query).map(([name, value]) =>
    value === '' ? name : `${name}=${encodeStrictly(value)}`,
  );
  return pairs.length === 0 ? '' : `?${pairs.join('&')}`;
}
