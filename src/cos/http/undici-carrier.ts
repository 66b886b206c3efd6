import type { Readable } from 'node:stream';
import { type Dispatcher, Pool, ProxyAgent } from 'undici';
import type { AnswerReader } from './answer.ts';
import type { Carrier, CarrierTimes, WireRequest } from './carrier.ts';

/** Carries every request, through a proxy where one is given. */
export function createUndiciCarrier(times: CarrierTimes, proxy: string | undefined): Carrier {
  const { connect, progress, keepAlive } = times;
  // Not bounded: up to twice the operations at a time, so that none waits until a connection is looked over for reuse.
  const options = { connections: null, pipelining: 1, keepAliveTimeout: keepAlive };
  const open = new Map<string, Dispatcher>();

  /** One for each host, or one for all behind a proxy. */
  function dispatcherOf(origin: string): Dispatcher {
    const known = open.get(proxy ?? origin);
    if (known) return known;
    const dispatcher = proxy
      ? new ProxyAgent({ ...options, uri: proxy, connectTimeout: connect })
      : new Pool(origin, { ...options, connect: { timeout: connect } });
    open.set(proxy ?? origin, dispatcher);
    return dispatcher;
  }

  return {
    send({ origin, method, path, headers, body }, reader) {
      const length = method === 'GET' || method === 'HEAD' ? {} : { 'Content-Length': String(sizeOf(body)) };
      const request = {
        origin,
        method: method as Dispatcher.HttpMethod,
        path,
        headers: { ...headers, ...length },
        body: sendable(body),
        headersTimeout: progress,
        bodyTimeout: progress,
      };
      dispatcherOf(origin).dispatch(request, handlerOf(reader));
    },
    async close() {
      await Promise.all([...open.values()].map(dispatcher => dispatcher.destroy()));
    },
  };
}

function sizeOf(body: WireRequest['body']): number {
  if (body === undefined) return 0;
  return body instanceof Uint8Array ? body.byteLength : body.size;
}

/**
 * undici writes what an iterable yields and asks for more when the socket has taken it: no piece is buffered
 * in between. Its types know streams only.
 */
function sendable(body: WireRequest['body']): Uint8Array | Readable | null {
  if (body === undefined) return null;
  return body instanceof Uint8Array ? body : (body.open() as AsyncIterable<Uint8Array> as Readable);
}

function handlerOf(reader: AnswerReader): Dispatcher.DispatchHandler {
  return {
    // undici sees by this method which kind of handler it has.
    onRequestStart() {},
    onResponseStart(_, status, headers) {
      // 100 and the like come before the answer.
      if (status >= 200) reader.head(status, headers);
    },
    onResponseData(controller, piece) {
      try {
        reader.body(piece);
      } catch (error) {
        controller.abort(error as Error);
      }
    },
    onResponseEnd: reader.end,
    onResponseError: (_, error) => reader.lost(error),
  };
}
