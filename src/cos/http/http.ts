import { after, type Failure, withDetails } from '../../failure.ts';
import { openOnce } from '../../open-once.ts';
import type { Access } from '../access.ts';
import type { PartBody } from '../store.ts';
import { type Asked, actionOf, isCopy, isServedByAccelerate } from './action.ts';
import { type AnswerSink, createAnswerReader, type HttpAnswer } from './answer.ts';
import type { CarrierTimes } from './carrier.ts';
import { type Clock, correctClock } from './clock.ts';
import { createDirectCarrier, isWhole } from './direct-carrier.ts';
import { createHosts } from './hosts.ts';
import { CUSTOMER_KEY, ownHeaders } from './own-headers.ts';
import { maskOf } from './secrets.ts';
import { createSigner, encodeStrictly, signatureIn } from './signature.ts';

/** A host that does not take a connection within this many ms is not there. */
const CONNECT_TIMEOUT = 10_000;
const KEEP_ALIVE = 30_000;
/** An answer is there as a whole within so many times what a connection may stand still. */
export const WHOLE_ANSWER = 10;
const NOTHING = new Uint8Array();

export interface HttpRequest extends Asked {
  body?: Uint8Array | PartBody;
  /** Takes the body of a good answer, whose text is then empty. */
  sink?: AnswerSink;
}

/** Sends one signed request, once. @throws Failure for everything but an answer of 200 to 299 */
export type Ask = (request: HttpRequest) => Promise<HttpAnswer>;

/** The tool's own request layer. */
export interface Http {
  send: Ask;
  close(): Promise<void>;
}

/**
 * The tool's own request layer; its signature equals the SDK's. The SDK's layer repeats a refused request
 * three times at once, which is what COS asks not to do, multiplies every timeout by that, and costs
 * more than the request itself where files are small.
 */
export function createHttp(access: Access): Http {
  const { protocol, proxy, secretKey, token, userAgent, signHost } = access;
  const times = timesOf(access);
  const direct = createDirectCarrier(times);
  const general = openOnce(async () => {
    // Loading it takes as long as a hundred small objects, and many runs send no other.
    const { createUndiciCarrier } = await import('./undici-carrier.ts');
    return createUndiciCarrier(times, proxy);
  });
  const { requestHeaders } = access;
  const customerKey = requestHeaders?.[CUSTOMER_KEY];
  const usual = createHosts(access.host);
  const ordinary = access.ordinaryHost === undefined ? usual : createHosts(access.ordinaryHost);
  const clock: Clock = { offset: 0 };
  let isClosed = false;
  const authorize = createSigner(access, clock);

  /** Signs last: a bucket may demand the signature of every header that it knows. */
  function headersOf({ method, key, query, headers, body }: HttpRequest, host: string) {
    const sent: Record<string, string> = { ...headers };
    if (requestHeaders)
      Object.assign(sent, ownHeaders(requestHeaders, { method, key, query, headers }), headers);
    if (method === 'PUT' || method === 'POST') sent['Content-Length'] = String(sizeOf(body));
    if (token) sent['x-cos-security-token'] = token;
    sent.Host = signHost ?? host;
    const authorization = authorize({ method, key, query, headers: sent });
    sent.Host = host;
    sent.Authorization = authorization;
    sent['User-Agent'] = userAgent;
    return { sent, authorization };
  }

  function send(asked: HttpRequest, isAnew = false): Promise<HttpAnswer> {
    const { method, key, query, headers, body, sink } = asked;
    const hosts = ordinary === usual || isServedByAccelerate(asked) ? usual : ordinary;
    const host = hosts.current();
    const signedWith = clock.offset;
    const { sent, authorization } = headersOf(asked, host);
    const path = encodePath(key) + encodeQuery(query);
    const request = { origin: `${protocol}//${host}`, method, path, headers: sent, body, isAnew };
    return new Promise((resolve, reject) => {
      const mask = maskOf([secretKey, token, customerKey, signatureIn(authorization)]);
      const reader = createAnswerReader({
        resolve,
        mask,
        reject(failure, wasKept) {
          if (wasKept && !isAnew && !isClosed) return resolve(repeatAnew(asked, failure));
          if (failure.kind === 'unreachable') hosts.unanswered(host);
          const taken = failure.kind === 'skew' ? correctClock(failure, clock, signedWith) : failure;
          reject(
            mask.failure(taken.kind === 'denied' ? withDetails(taken, { action: needOf(asked) }) : taken),
          );
        },
        onAnswer: () => hosts.answered(host),
        isListing: method === 'GET',
        isPlain: method === 'PUT' && headers['x-cos-copy-source'] === undefined,
        sink,
      });
      const whole = sink ? { ...request, body: NOTHING } : request;
      if ((method === 'PUT' || sink) && !proxy && isWhole(whole)) direct.send(whole, reader);
      else
        general
          .open()
          .then(carrier => carrier.send(request, reader))
          .catch(reader.lost);
    });
  }

  /** That a server had closed a connection which was kept is no failed try. */
  function repeatAnew(request: HttpRequest, earlier: Failure): Promise<HttpAnswer> {
    return send(request, true).catch(failure => {
      throw after(earlier, failure);
    });
  }

  return {
    send: request => send(request),
    async close() {
      isClosed = true;
      await Promise.all([direct.close(), general.close()]);
    },
  };
}

function timesOf({ timeout }: Access): CarrierTimes {
  const progress = timeout * 1_000;
  const connect = Math.min(CONNECT_TIMEOUT, progress);
  return { connect, progress, whole: WHOLE_ANSWER * progress, keepAlive: KEEP_ALIVE };
}

/** What a policy must allow for a request that was denied. */
function needOf(request: HttpRequest): string {
  const own = `name/cos:${actionOf(request)}`;
  return isCopy(request) ? `${own}, name/cos:GetObject` : own;
}

function sizeOf(body: HttpRequest['body']): number {
  if (body === undefined) return 0;
  return body instanceof Uint8Array ? body.byteLength : body.size;
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
