import { after, type Failure, stopped, withDetails } from '../../failure.ts';
import { openOnce } from '../../open-once.ts';
import type { Access } from '../access.ts';
import { type Clock, correctClock, createClock } from '../clock.ts';
import type { Credentials } from '../credentials/credentials.ts';
import { isOfCredentials } from '../credentials/refusal.ts';
import type { PartBody } from '../store.ts';
import { type Asked, actionOf, isCopy, isServedByAccelerate } from './action.ts';
import { type AnswerSink, createAnswerReader, type HttpAnswer } from './answer.ts';
import type { CarrierTimes } from './carrier.ts';
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

/** Why a request is sent once more, without costing a try. */
interface Again {
  isAnew?: boolean;
  isRenewed?: boolean;
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
export function createHttp(access: Access, clock: Clock = createClock()): Http {
  const { protocol, proxy, credentials, userAgent, signHost } = access;
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
  let isClosed = false;
  const authorize = createSigner(clock);

  /** Signs last: a bucket may demand the signature of every header that it knows. */
  function headersOf({ method, key, query, headers, body }: HttpRequest, host: string, keys: Credentials) {
    const sent: Record<string, string> = { ...headers };
    if (requestHeaders)
      Object.assign(sent, ownHeaders(requestHeaders, { method, key, query, headers }), headers);
    if (method === 'PUT' || method === 'POST') sent['Content-Length'] = String(sizeOf(body));
    if (keys.token) sent['x-cos-security-token'] = keys.token;
    sent.Host = signHost ?? host;
    const authorization = authorize(keys, { method, key, query, headers: sent });
    sent.Host = host;
    sent.Authorization = authorization;
    sent['User-Agent'] = userAgent;
    return { sent, authorization };
  }

  function send(asked: HttpRequest, again: Again = {}): Promise<HttpAnswer> {
    const keys = credentials.current();
    return keys instanceof Promise
      ? keys.then(given => sendWith(given, asked, again))
      : sendWith(keys, asked, again);
  }

  function sendWith(keys: Credentials, asked: HttpRequest, again: Again): Promise<HttpAnswer> {
    const { isAnew = false, isRenewed = false } = again;
    const { method, key, query, headers, body, sink } = asked;
    const hosts = ordinary === usual || isServedByAccelerate(asked) ? usual : ordinary;
    const host = hosts.current();
    const signedWith = clock.offset;
    const { sent, authorization } = headersOf(asked, host, keys);
    const path = encodePath(key) + encodeQuery(query);
    const request = { origin: `${protocol}//${host}`, method, path, headers: sent, body, isAnew };
    return new Promise((resolve, reject) => {
      const mask = maskOf([keys.secretKey, keys.token, customerKey, signatureIn(authorization)]);
      const reader = createAnswerReader({
        resolve,
        mask,
        reject(failure, wasKept) {
          if (isClosed) return reject(stopped(mask.failure(failure)));
          if (wasKept && !isAnew) return resolve(repeat(asked, { ...again, isAnew: true }, failure));
          if (!isRenewed && isOfKeys(failure, method, keys))
            return resolve(repeatRenewed(asked, again, mask.failure(failure), keys));
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
  function repeat(request: HttpRequest, again: Again, earlier: Failure): Promise<HttpAnswer> {
    return send(request, again).catch(failure => {
      throw after(earlier, failure);
    });
  }

  /** Nor is it that credentials had expired, where there are others. */
  async function repeatRenewed(
    request: HttpRequest,
    again: Again,
    refusal: Failure,
    used: Credentials,
  ): Promise<HttpAnswer> {
    if (!(await credentials.renewed(used))) throw refusal;
    return repeat(request, { ...again, isRenewed: true }, refusal);
  }

  return {
    send: request => send(request),
    async close() {
      isClosed = true;
      await Promise.all([direct.close(), general.close()]);
    },
  };
}

/** An answer to HEAD says nothing but its status; with a token 400 hardly means anything else. */
function isOfKeys(failure: Failure, method: string, { token }: Credentials): boolean {
  return isOfCredentials(failure) || (method === 'HEAD' && failure.code === 'HTTP400' && token !== undefined);
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
