import { lookup } from 'node:dns/promises';
import { request as requestHttp } from 'node:http';
import { request as requestHttps } from 'node:https';
import { BlockList, connect as connectTcp, isIP, type Socket } from 'node:net';
import { connect as connectTls, type TLSSocket } from 'node:tls';
import { proxyFor } from '../config/proxy.ts';
import type { Config } from '../config/schema.ts';
import type { Access } from '../cos/access.ts';
import { isCertificateError, isFromCos } from '../cos/errors.ts';
import { orAborted } from '../or-aborted.ts';
import type { DoctorWords } from '../report/words/doctor.ts';
import { type Check, notChecked } from './check.ts';

/** ms that one step may take */
const LIMIT = 10_000;
/** ms that the clock may be off; COS refuses signatures from 15 minutes on */
const CLOCK_TOLERANCE = 60_000;
const DAY = 24 * 3600 * 1000;
/** A certificate that ends sooner than in so many days should have been renewed by now. */
const FEW_DAYS = 7;

/**
 * DNS, TCP, TLS and the clock of the endpoint; each only where the one before it succeeded.
 * @throws the signal's reason
 */
export async function* checkNetwork(
  access: Access,
  config: Config,
  words: DoctorWords,
  signal: AbortSignal,
): AsyncGenerator<Check> {
  yield* proxyInForce(access, config, words);
  if (access.proxy) {
    yield* checkProxy(addressOf(access.proxy), access, words, signal);
    return;
  }
  const address = addressOf(`${access.protocol}//${access.host}`);
  const steps = [checkDns, checkConnection, checkTls, checkClock];
  const names = ['dns', 'connection', 'tls', 'clock'] as const;
  for (const [index, step] of steps.entries()) {
    const check = await orAborted(step(address, access, words, config), signal);
    yield check;
    if (check.status !== 'fail') continue;
    yield* notChecked(names.slice(index + 1), words.needsEarlier);
    return;
  }
}

/** Which proxy is followed, or that one of the environment is not; without what its URL says of a user. */
function proxyInForce({ protocol, host }: Access, config: Config, words: DoctorWords): Check[] {
  const found = proxyFor(`${protocol}//${host}`, config);
  if (found) {
    const { protocol: scheme, host: address } = new URL(found.url);
    return [{ name: 'proxy', status: 'ok', message: words.proxy(`${scheme}//${address}`, found.source) }];
  }
  const { http, https } = config.environmentProxies;
  const passed = protocol === 'https:' ? https : http;
  return passed ? [{ name: 'proxy', status: 'ok', message: words.noProxy(host, passed.source) }] : [];
}

/** Behind a proxy only the way to the proxy can be looked at. */
async function* checkProxy(
  proxy: Address,
  access: Access,
  words: DoctorWords,
  signal: AbortSignal,
): AsyncGenerator<Check> {
  const name = await orAborted(checkDns(proxy, access, words), signal);
  yield name;
  if (name.status === 'fail') yield* notChecked(['connection'], words.needsEarlier);
  else yield await orAborted(checkConnection(proxy, access, words), signal);
  yield* notChecked(['tls', 'clock'], words.throughProxy);
}

function addressOf(url: string): Address {
  const { hostname, port, protocol } = new URL(url);
  // An IPv6 address is in brackets in a URL, and nowhere else.
  const host = hostname.replace(/^\[|\]$/g, '');
  return { host, port: Number(port) || (protocol === 'https:' ? 443 : 80) };
}

interface Address {
  host: string;
  port: number;
}

const PRIVATE = new BlockList();
PRIVATE.addSubnet('10.0.0.0', 8);
PRIVATE.addSubnet('172.16.0.0', 12);
PRIVATE.addSubnet('192.168.0.0', 16);
PRIVATE.addSubnet('127.0.0.0', 8);
PRIVATE.addSubnet('169.254.0.0', 16);
PRIVATE.addSubnet('9.0.0.0', 8);

async function checkDns({ host }: Address, _: Access, words: DoctorWords): Promise<Check> {
  if (isIP(host)) return { name: 'dns', status: 'ok', message: words.isAddress(host) };
  try {
    const found = await within(lookup(host, { all: true }));
    const isPrivate = found.every(({ address, family }) => family === 4 && PRIVATE.check(address));
    const addresses = found.map(({ address }) => address).join(', ');
    return { name: 'dns', status: 'ok', message: words.dns(host, addresses, isPrivate) };
  } catch (error) {
    return { name: 'dns', status: 'fail', message: words.dnsFailed(host, codeOf(error)) };
  }
}

async function checkConnection({ host, port }: Address, _: Access, words: DoctorWords): Promise<Check> {
  const start = performance.now();
  try {
    const socket = await opened(connectTcp({ host, port }), 'connect');
    socket.destroy();
    const ms = Math.round(performance.now() - start);
    return { name: 'connection', status: 'ok', message: words.connected(host, port, ms) };
  } catch (error) {
    return { name: 'connection', status: 'fail', message: words.connectionFailed(host, port, codeOf(error)) };
  }
}

async function checkTls(
  { host, port }: Address,
  { protocol }: Access,
  words: DoctorWords,
  { endpoint }: Config,
): Promise<Check> {
  if (protocol === 'http:') {
    if (isThisMachine(host)) return { name: 'tls', status: 'ok', message: words.noTlsNeeded };
    const because = /^http:/i.test(endpoint) ? 'endpoint' : 'enable_https';
    return { name: 'tls', status: 'warn', message: words.noTls(because) };
  }
  try {
    const servername = isIP(host) ? undefined : host;
    const options = { host, port, ...(servername ? { servername } : {}) };
    const socket = (await opened(connectTls(options), 'secureConnect')) as TLSSocket;
    const { subject, valid_to: validTo } = socket.getPeerCertificate();
    socket.destroy();
    const left = Math.floor((Date.parse(validTo) - Date.now()) / DAY);
    const who = String(subject?.CN ?? host);
    if (left < FEW_DAYS) return { name: 'tls', status: 'warn', message: words.tlsEndsSoon(who, left) };
    return { name: 'tls', status: 'ok', message: words.tls(who, left) };
  } catch (error) {
    const code = codeOf(error);
    const say = isCertificateError(code) ? words.tlsFailed : words.noTlsThere;
    return { name: 'tls', status: 'fail', message: say(code) };
  }
}

/** Source: RFC 6761, 6.3; RFC 1122, 3.2.1.3. */
function isThisMachine(host: string): boolean {
  return /^(localhost|127(\.\d+){3}|::1)$|\.localhost$/i.test(host);
}

async function checkClock(_: Address, { protocol, host }: Access, words: DoctorWords): Promise<Check> {
  try {
    const date = await within(dateOf(`${protocol}//${host}/`));
    const off = date - Date.now();
    if (Number.isNaN(off)) return { name: 'clock', status: 'warn', message: words.noDate };
    const seconds = Math.round(off / 1000);
    if (Math.abs(off) > CLOCK_TOLERANCE)
      return { name: 'clock', status: 'fail', message: words.clockOff(seconds) };
    return { name: 'clock', status: 'ok', message: words.clock(seconds) };
  } catch (error) {
    return { name: 'clock', status: 'fail', message: words.noAnswer(codeOf(error)) };
  }
}

/** The Date header of an answer of COS's, in ms since 1970; NaN where there is none. */
function dateOf(url: string): Promise<number> {
  const request = url.startsWith('https:') ? requestHttps : requestHttp;
  return new Promise((resolve, reject) => {
    const sent = request(url, { method: 'HEAD', timeout: LIMIT, agent: false }, answer => {
      answer.resume();
      resolve(isFromCos(answer.headers) ? Date.parse(answer.headers.date ?? '') : Number.NaN);
    });
    sent.on('timeout', () => sent.destroy(timedOut()));
    sent.on('error', reject);
    sent.end();
  });
}

function opened(socket: Socket, event: 'connect' | 'secureConnect'): Promise<Socket> {
  return new Promise((resolve, reject) => {
    socket.setTimeout(LIMIT, () => socket.destroy(timedOut()));
    socket.once(event, () => resolve(socket));
    socket.once('error', reject);
  });
}

function within<T>(work: Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout;
  const limit = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(timedOut()), LIMIT);
  });
  return Promise.race([work, limit]).finally(() => clearTimeout(timer));
}

function timedOut(): Error {
  return Object.assign(new Error('ETIMEDOUT'), { code: 'ETIMEDOUT' });
}

function codeOf(error: unknown): string {
  const { code, message } = error as NodeJS.ErrnoException;
  return code ?? message;
}
