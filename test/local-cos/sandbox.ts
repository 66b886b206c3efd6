import { mkdtemp, rm } from 'node:fs/promises';
import { request as httpRequest, type IncomingHttpHeaders, type OutgoingHttpHeaders } from 'node:http';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { ExecutionContext } from 'ava';
import COS from 'cos-nodejs-sdk-v5';
import { type LocalCos, type LocalCosOptions, startLocalCos } from '../../src/local-cos/server.ts';

export interface Answer {
  status: number;
  headers: IncomingHttpHeaders;
  body: Buffer;
  text: string;
  /** The error document's Code, '' without one. */
  code: string;
}

export interface Call {
  method?: string;
  /** Decoded; percent-encoded for the wire unless rawPath is given. */
  key?: string;
  rawPath?: string;
  query?: Record<string, string>;
  headers?: Record<string, string>;
  /** What is signed where that is not what is sent, byte for character. */
  meantHeaders?: Record<string, string>;
  host?: string;
  body?: Buffer | string;
  /** Seconds from now to the signature's start and end. */
  window?: [number, number];
  unsigned?: boolean;
}

export interface Sandbox {
  server: LocalCos;
  cos: COS;
  /** What SDK calls name the bucket with. */
  where: { Bucket: string; Region: string };
  /** The bucket's folder. */
  folder: string;
  /** A signed request that the SDK cannot make. */
  call(call: Call): Promise<Answer>;
  /** Closes the server and starts another on the same folder. */
  restart(): Promise<void>;
}

/** A server on a temporary folder and clients for it, gone when the test ends. */
export async function sandbox(t: ExecutionContext, options: Partial<LocalCosOptions> = {}): Promise<Sandbox> {
  const dir = options.dir ?? (await mkdtemp(join(tmpdir(), 'local-cos-')));
  const start = () => startLocalCos({ ...options, dir });
  const box: Sandbox = {
    ...clientsOf(await start()),
    async restart() {
      await box.server.close();
      Object.assign(box, clientsOf(await start()));
    },
  };
  t.teardown(async () => {
    await box.server.close();
    await rm(dir, { recursive: true, force: true });
  });
  return box;
}

function clientsOf(server: LocalCos): Omit<Sandbox, 'restart'> {
  const cos = new COS({
    SecretId: server.secretId,
    SecretKey: server.secretKey,
    Domain: `127.0.0.1:${server.port}`,
    Protocol: 'http:',
  });
  return {
    server,
    cos,
    where: { Bucket: server.bucket, Region: server.region },
    folder: join(server.dir, server.bucket),
    call: call => signedCall(server, call),
  };
}

function signedCall(server: LocalCos, call: Call): Promise<Answer> {
  const { method = 'GET', key = '', query = {}, window = [-1, 900], body } = call;
  const headers: Record<string, string> = { host: call.host ?? `127.0.0.1:${server.port}`, ...call.headers };
  const search = Object.entries(query).map(pair => pair.map(encodeURIComponent).join('='));
  const path = (call.rawPath ?? `/${encodeKey(key)}`) + (search.length > 0 ? `?${search.join('&')}` : '');
  if (!call.unsigned) {
    const signed = { ...headers, ...call.meantHeaders };
    headers.authorization = authorize(server, { method, key, query, headers: signed, window });
  }
  return send(server.port, { method, path, headers, body });
}

/** The Authorization header of a request. */
export function authorize(
  { secretId, secretKey }: LocalCos,
  { method = 'GET', key = '', query = {}, headers = {}, window = [-1, 900] }: Call,
): string {
  const now = Math.floor(Date.now() / 1000);
  return COS.getAuthorization({
    SecretId: secretId,
    SecretKey: secretKey,
    Method: method as 'GET',
    Pathname: `/${key}`,
    Query: query,
    Headers: headers,
    KeyTime: `${now + window[0]};${now + window[1]}`,
  });
}

export function encodeKey(key: string): string {
  return encodeURIComponent(key).replaceAll('%2F', '/');
}

/** One HTTP request as it is given, on a connection of its own. */
export function send(
  port: number,
  {
    method = 'GET',
    path,
    headers,
    body,
  }: {
    method?: string;
    path: string;
    headers?: OutgoingHttpHeaders | undefined;
    body?: Buffer | string | undefined;
  },
): Promise<Answer> {
  return new Promise((settle, reject) => {
    const request = httpRequest(
      { host: '127.0.0.1', port, method, path, headers, agent: false },
      response => {
        const chunks: Buffer[] = [];
        response.on('data', chunk => chunks.push(chunk));
        response.on('error', reject);
        response.on('end', () => {
          const all = Buffer.concat(chunks);
          const text = all.toString();
          const code = /<Code>(\w+)<\/Code>/.exec(text)?.[1] ?? '';
          settle({ status: response.statusCode ?? 0, headers: response.headers, body: all, text, code });
        });
      },
    );
    request.on('error', reject);
    request.end(body);
  });
}

/** Sends bytes on a bare connection and gives back everything that comes until it ends. */
export function sendBytes(port: number, bytes: Buffer | string, { halfClose = false } = {}): Promise<string> {
  return new Promise((settle, reject) => {
    const socket = connect(port, '127.0.0.1', () => (halfClose ? socket.end(bytes) : socket.write(bytes)));
    const chunks: Buffer[] = [];
    socket.setTimeout(5000, () => socket.destroy(new Error('no end of the answer')));
    socket.on('data', (chunk: Buffer) => chunks.push(chunk));
    socket.on('error', reject);
    socket.on('close', () => settle(Buffer.concat(chunks).toString()));
  });
}

/** The SDK's error for a call that must fail. */
export async function refusal(
  t: ExecutionContext,
  call: Promise<unknown>,
): Promise<{ code: string; statusCode: number }> {
  const error = await call.then(
    () => t.fail('the call succeeded'),
    (reason: unknown) => reason,
  );
  return error as { code: string; statusCode: number };
}
