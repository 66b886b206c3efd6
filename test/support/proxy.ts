import { Agent, createServer, type IncomingMessage, request, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Transform } from 'node:stream';
import { setTimeout as delay } from 'node:timers/promises';

/** One request as the proxy saw it. */
export interface SeenRequest {
  method: string;
  /** Decoded, without query. */
  path: string;
  query: URLSearchParams;
  headers: IncomingMessage['headers'];
  /** Body bytes that arrived. */
  bytes: number;
  /** 0 where no answer was given. */
  status: number;
  /** ms since 1970 */
  at: number;
  /** When the answer was handed to the client, in ms since 1970; 0 where none was. */
  answeredAt: number;
}

/** What the proxy does to a request instead of passing it on untouched. */
export type Fault =
  /** Answers itself, COS never hears of the request. */
  | {
      kind: 'status';
      status: number;
      code: string;
      message?: string;
      /** Beside those of COS's own; undefined removes one. */
      headers?: Record<string, string | undefined>;
      body?: string;
    }
  /** Closes the connection before the request is read. */
  | { kind: 'reset' }
  /** Closes the connection after that many bytes of the body. */
  | { kind: 'resetInBody'; after: number }
  /** Reads the request and never answers. */
  | { kind: 'hang' }
  /** Waits before the request is passed on, in ms. */
  | { kind: 'slow'; ms: number }
  /** Takes the body no faster than this, in bytes a second. */
  | { kind: 'slowBody'; rate: number }
  /** Waits for something before the request is passed on. */
  | { kind: 'wait'; until: Promise<void> }
  /** COS does it; the connection is closed before the client hears. */
  | { kind: 'loseAnswer' }
  /** COS's answer, with other headers (undefined removes one). */
  | { kind: 'headers'; headers: Record<string, string | undefined> }
  /** COS does it; the answer is 200 with this body and, where it is to seem COS's, a request ID. */
  | { kind: 'garbage'; body: string; seemsCos?: boolean }
  /** COS's answer, with a bit of its body another. */
  | { kind: 'flipBody' }
  /** COS's answer, cut off in the middle of its body or headers. */
  | { kind: 'truncate' };

export interface FaultyProxy {
  url: string;
  port: number;
  requests: SeenRequest[];
  /** Decides on each request; undefined passes it on. */
  fault: ((request: SeenRequest) => Fault | undefined) | undefined;
  close(): Promise<void>;
}

/** A reverse proxy before the embedded server that records requests and can go wrong in every way. */
export async function startProxy(targetPort: number): Promise<FaultyProxy> {
  const agent = new Agent({ keepAlive: true });
  const server = createServer({ keepAliveTimeout: 30_000 }, (incoming, answer) => {
    void handle(proxy, incoming, answer, targetPort, agent).catch(() => incoming.socket.destroy());
  });
  server.on('clientError', (_, socket) => socket.destroy());
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  const proxy: FaultyProxy = {
    url: `http://127.0.0.1:${port}`,
    port,
    requests: [],
    fault: undefined,
    close: () =>
      new Promise(resolve => {
        agent.destroy();
        server.closeAllConnections();
        server.close(() => resolve());
      }),
  };
  return proxy;
}

async function handle(
  proxy: FaultyProxy,
  incoming: IncomingMessage,
  answer: ServerResponse,
  targetPort: number,
  agent: Agent,
): Promise<void> {
  const seen = see(incoming);
  proxy.requests.push(seen);
  const fault = proxy.fault?.(seen);
  if (fault?.kind === 'reset') return void incoming.socket.destroy();
  if (fault?.kind === 'resetInBody') {
    incoming.on('data', (chunk: Buffer) => {
      seen.bytes += chunk.length;
      if (seen.bytes >= fault.after) incoming.socket.destroy();
    });
    incoming.on('end', () => incoming.socket.destroy());
    return;
  }
  if (fault?.kind === 'hang') return void incoming.on('data', chunk => (seen.bytes += chunk.length));
  if (fault?.kind === 'status') {
    await drain(incoming, seen);
    return refuse(answer, seen, fault);
  }
  if (fault?.kind === 'slow') await delay(fault.ms);
  if (fault?.kind === 'wait') await fault.until;
  pass(incoming, answer, seen, fault, targetPort, agent);
}

function see(incoming: IncomingMessage): SeenRequest {
  const url = new URL(incoming.url ?? '/', 'http://proxy');
  return {
    method: incoming.method ?? '',
    path: decodeURIComponent(url.pathname),
    query: url.searchParams,
    headers: incoming.headers,
    bytes: 0,
    status: 0,
    at: Date.now(),
    answeredAt: 0,
  };
}

async function drain(incoming: IncomingMessage, seen: SeenRequest): Promise<void> {
  for await (const chunk of incoming) seen.bytes += (chunk as Buffer).length;
}

function refuse(answer: ServerResponse, seen: SeenRequest, fault: Fault & { kind: 'status' }): void {
  const { status, code, message = code, headers = {}, body = '' } = fault;
  seen.status = status;
  const own = { 'content-type': 'application/xml', 'x-cos-request-id': 'faulty', ...headers };
  const sent = Object.entries(own).filter(([, value]) => value !== undefined);
  answer.writeHead(status, Object.fromEntries(sent));
  answer.end(
    code === '' || seen.method === 'HEAD'
      ? body
      : `<?xml version="1.0" encoding="UTF-8"?><Error><Code>${code}</Code><Message>${message}</Message></Error>`,
  );
}

function pass(
  incoming: IncomingMessage,
  answer: ServerResponse,
  seen: SeenRequest,
  fault: Fault | undefined,
  port: number,
  agent: Agent,
): void {
  const { method, url, headers } = incoming;
  const onward = request({ host: '127.0.0.1', port, method, path: url, headers, agent }, response => {
    seen.status = response.statusCode ?? 0;
    if (fault?.kind === 'loseAnswer') {
      response.resume();
      response.on('end', () => incoming.socket.destroy());
      return;
    }
    if (fault?.kind === 'garbage') {
      response.resume();
      const own = fault.seemsCos ? { 'x-cos-request-id': 'faulty' } : {};
      answer.writeHead(200, { 'content-type': 'text/html', ...own });
      answer.end(fault.body);
      return;
    }
    if (fault?.kind === 'truncate') {
      response.resume();
      answer.writeHead(seen.status, { ...response.headers, 'content-length': '1000' });
      answer.write('<', () => incoming.socket.destroy());
      return;
    }
    const changed = fault?.kind === 'headers' ? fault.headers : {};
    const sent = Object.entries({ ...response.headers, ...changed }).filter(
      ([, value]) => value !== undefined,
    );
    answer.writeHead(seen.status, Object.fromEntries(sent));
    if (fault?.kind === 'flipBody') response.pipe(flipped()).pipe(answer);
    else response.pipe(answer);
  });
  onward.on('error', () => incoming.socket.destroy());
  incoming.on('data', (chunk: Buffer) => {
    seen.bytes += chunk.length;
  });
  incoming.on('close', () => incoming.complete || onward.destroy());
  answer.on('finish', () => {
    seen.answeredAt = Date.now();
  });
  if (fault?.kind === 'slowBody') incoming.pipe(throttled(fault.rate)).pipe(onward);
  else incoming.pipe(onward);
}

/** Passes bytes on, the first one with a bit that is another. */
function flipped(): Transform {
  let isFirst = true;
  return new Transform({
    transform(chunk: Buffer, _, done) {
      const other = Buffer.from(chunk);
      if (isFirst) other[0] = (other[0] ?? 0) ^ 1;
      isFirst = false;
      done(null, other);
    },
  });
}

/** Passes bytes on at a rate; a timer that was late is made up for. */
function throttled(rate: number): Transform {
  let due = performance.now();
  return new Transform({
    highWaterMark: 16 * 1024,
    transform(chunk: Buffer, _, done) {
      due = Math.max(due, performance.now() - 1_000) + (chunk.length / rate) * 1000;
      setTimeout(() => done(null, chunk), Math.max(0, due - performance.now()));
    },
  });
}
