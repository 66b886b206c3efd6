import { once } from 'node:events';
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net';
import { createServer as createTlsServer, getCACertificates, setDefaultCACertificates } from 'node:tls';
import test, { type ExecutionContext } from 'ava';
import COS from 'cos-nodejs-sdk-v5';
import { holdFixed } from '../../../src/cos/credentials/holder.ts';
import type { HttpAnswer } from '../../../src/cos/http/answer.ts';
import { createHttp, type Http, type HttpRequest } from '../../../src/cos/http/http.ts';
import type { Failure } from '../../../src/failure.ts';
import { selfSigned } from '../../support/tls.ts';

/** A body at hand and one that is read on its way go by different carriers, which must not differ in anything. */
const WAYS = {
  'at hand': (bytes: Buffer) => bytes,
  'read on its way': (bytes: Buffer) => ({
    size: bytes.length,
    async *open() {
      yield bytes;
    },
  }),
} satisfies Record<string, (bytes: Buffer) => NonNullable<HttpRequest['body']>>;

/** Answers one request, which came whole. */
type Reply = (socket: Socket, request: string) => void;

interface Place {
  http: Http;
  /** Connections that were made. */
  connections(): number;
  put(key?: string): Promise<HttpAnswer>;
  /** @returns the Failure that it must end in */
  refused(): Promise<Failure>;
}

interface PlaceOptions {
  body?: Buffer;
  timeout?: number;
  token?: string;
  host?: string;
  signHost?: string;
  tls?: { key: string; cert: string };
}

/** A server that says exactly what a test wants it to say, and a client of it. */
async function place(
  t: ExecutionContext,
  way: keyof typeof WAYS,
  replies: Reply[],
  { body = Buffer.from('content'), timeout = 5, token, host = '127.0.0.1', signHost, tls }: PlaceOptions = {},
): Promise<Place> {
  const sockets = new Set<Socket>();
  let connections = 0;
  const accept = (socket: Socket) => {
    connections++;
    sockets.add(socket);
    socket.on('error', () => {});
    let received = '';
    socket.on('data', piece => {
      received += piece.toString('latin1');
      const head = received.indexOf('\r\n\r\n') + 4;
      const length = Number(/^content-length: (\d+)/im.exec(received)?.[1] ?? 0);
      const wanted = body.length > 1_000_000 ? head : head + length;
      if (head < 4 || received.length < wanted) return;
      const request = received.slice(0, wanted);
      received = '';
      replies.shift()?.(socket, request);
    });
  };
  const server: Server = tls ? createTlsServer(tls, accept) : createServer(accept);
  server.on('tlsClientError', () => {});
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const http = createHttp({
    credentials: holdFixed({ secretId: 'AKIDexample', secretKey: 'example-key', token }),
    bucket: 'example-1250000000',
    region: '',
    protocol: tls ? 'https:' : 'http:',
    host: `${host}:${(server.address() as AddressInfo).port}`,
    timeout,
    proxy: undefined,
    userAgent: 'test',
    signHost,
  });
  t.teardown(async () => {
    await http.close();
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  const put = (key = 'a.txt') =>
    http.send({
      method: 'PUT',
      key,
      query: {},
      headers: { 'content-type': 'text/plain' },
      body: WAYS[way](body),
    });
  return {
    http,
    connections: () => connections,
    put,
    refused: async () => (await t.throwsAsync(put())) as Failure,
  };
}

/** A moment for what is still on its way: the end of a connection, or a second answer. */
const moment = () => new Promise(resolve => setTimeout(resolve, 50));

const ok = (etag: string, more = '') =>
  `HTTP/1.1 200 OK\r\n${ID}ETag: "${etag}"\r\n${more}Content-Length: 0\r\n\r\n`;
const says =
  (...pieces: string[]): Reply =>
  socket =>
    socket.write(pieces.join(''));
/** Which every answer of COS has. */
const ID = 'x-cos-request-id: ID\r\n';
const XML = '<Error><Code>SlowDown</Code><Message>Reduce your request rate.</Message></Error>';

/** What COS's strict mode demands to be signed where it is sent. Source: COS "Strict signature mode". */
const isDemanded = (name: string) => /^(content-length|content-md5|content-type|host|x-cos-.*)$/.test(name);

/** The names of a request's headers, and of those that its signature covers; both in order. */
function namesIn(request: string): { signed: string[]; sent: string[] } {
  const head = request.slice(0, request.indexOf('\r\n\r\n'));
  const sent = head
    .split('\r\n')
    .slice(1)
    .map(line => line.slice(0, line.indexOf(':')).toLowerCase());
  const [, list = ''] = /q-header-list=([^&]*)/.exec(head) ?? [];
  return { signed: list.split(';'), sent: sent.sort() };
}

const signatureOf = (request: string) => /q-signature=(\w+)/.exec(request)?.[1];

/** The signature that the SDK makes of a request as it came. */
function expectedSignature(request: string): string | undefined {
  const [first = '', ...lines] = request.slice(0, request.indexOf('\r\n\r\n')).split('\r\n');
  const { signed } = namesIn(request);
  const pairs = lines.map(line => [
    line.slice(0, line.indexOf(':')).toLowerCase(),
    line.slice(line.indexOf(':') + 2),
  ]);
  const authorization = COS.getAuthorization({
    SecretId: 'AKIDexample',
    SecretKey: 'example-key',
    Method: first.split(' ')[0],
    Pathname: decodeURIComponent(first.split(' ')[1] ?? ''),
    Headers: Object.fromEntries(pairs.filter(([name]) => signed.includes(name ?? ''))),
    KeyTime: /q-key-time=([\d;]+)/.exec(request)?.[1],
  } as COS.StaticGetAuthorizationOptions);
  return signatureOf(authorization);
}

for (const way of Object.keys(WAYS) as (keyof typeof WAYS)[]) {
  test(`a body ${way}: one connection serves request after request, and each has what belongs to it`, async t => {
    const seen: string[] = [];
    const reply: Reply = (socket, request) => {
      seen.push(request);
      socket.write(ok(`etag-${seen.length}`));
    };
    const { put, connections } = await place(t, way, [reply, reply, reply], { token: 'a-token' });
    for (const [index, key] of ['a.txt', 'b c/ä+%.txt', '3'].entries()) {
      const { status, headers } = await put(key);
      t.is(status, 200);
      t.is(headers.etag, `"etag-${index + 1}"`);
      await moment();
    }
    t.is(connections(), 1);
    const [, second = ''] = seen;
    t.true(second.startsWith('PUT /b%20c/%C3%A4%2B%25.txt HTTP/1.1\r\n'), second);
    for (const header of ['content-type: text/plain', 'User-Agent: test', 'x-cos-security-token: a-token']) {
      t.true(second.toLowerCase().includes(`\r\n${header.toLowerCase()}\r\n`), header);
    }
    t.regex(second, /\r\nAuthorization: q-sign-algorithm=sha1&q-ak=AKIDexample&/i);
    t.is(second.match(/^host: /gim)?.length, 1);
    t.is(second.match(/^content-length: 7\r$/gim)?.length, 1);
    t.true(second.endsWith('\r\n\r\ncontent'));
  });

  test(`a body ${way}: a connection that the server closes is not used again`, async t => {
    const closing: Reply = socket => socket.end(ok('first', 'Connection: close\r\n'));
    const leaving: Reply = socket => socket.end(ok('second'));
    const { put, connections } = await place(t, way, [closing, leaving, says(ok('third'))]);
    t.is((await put()).headers.etag, '"first"');
    t.is((await put()).headers.etag, '"second"');
    await moment();
    t.is((await put()).headers.etag, '"third"');
    t.is(connections(), 3);
  });

  test(`a body ${way}: a connection is not used for longer than the server says that it keeps it`, async t => {
    const brief = says(ok('first', 'Keep-Alive: timeout=1\r\n'));
    const { put, connections } = await place(t, way, [brief, says(ok('second'))]);
    await put();
    await moment();
    t.is((await put()).headers.etag, '"second"');
    t.is(connections(), 2);
  });

  test(`a body ${way}: a refusal is understood, in pieces and in chunks`, async t => {
    const head = 'HTTP/1.1 503 Slow Down\r\nx-cos-request-id: ID\r\n';
    const whole = `${head}Content-Length: ${XML.length}\r\n\r\n${XML}`;
    const inPieces: Reply = async socket => {
      for (const byte of whole) {
        socket.write(byte);
        await new Promise(resolve => setImmediate(resolve));
      }
    };
    const half = XML.length >> 1;
    const chunk = (text: string) => `${text.length.toString(16)}\r\n${text}\r\n`;
    const chunked = says(
      `${head}Transfer-Encoding: chunked\r\n\r\n`,
      chunk(XML.slice(0, half)),
      chunk(XML.slice(half)),
      chunk(''),
    );
    const { refused, connections } = await place(t, way, [inPieces, chunked, inPieces]);
    for (let tries = 0; tries < 3; tries++) {
      t.like(await refused(), { kind: 'throttled', code: 'SlowDown', status: 503, requestId: 'ID' });
      await moment();
    }
    t.is(connections(), 1);
  });

  test(`a body ${way}: what comes before the answer is not the answer`, async t => {
    const { put } = await place(t, way, [
      says('HTTP/1.1 102 Processing\r\n\r\n', ok('real')),
      says(ok('next')),
    ]);
    t.is((await put()).headers.etag, '"real"');
    t.is((await put()).headers.etag, '"next"');
  });

  test(`a body ${way}: an answer may end with its connection`, async t => {
    const refusal: Reply = socket =>
      socket.end(`HTTP/1.1 403 Forbidden\r\n${ID}\r\n${XML.replace('SlowDown', 'AccessDenied')}`);
    const { refused } = await place(t, way, [refusal]);
    t.like(await refused(), { kind: 'denied', code: 'AccessDenied', status: 403 });
  });

  test(`a body ${way}: a connection that ends without an answer leaves a doubt`, async t => {
    const nothing: Reply = socket => socket.end();
    const half: Reply = socket => socket.end('HTTP/1.1 200 OK\r\nETag: "a');
    const reset: Reply = socket => socket.resetAndDestroy();
    const { refused } = await place(t, way, [nothing, half, reset]);
    for (let tries = 0; tries < 3; tries++) {
      t.like(await refused(), { kind: 'unreachable', status: undefined, mayBeDone: true });
    }
  });

  test(`a body ${way}: a refusal whose body breaks off is a refusal`, async t => {
    const { refused } = await place(t, way, [
      socket => socket.end(`HTTP/1.1 403 No\r\n${ID}Content-Length: 99\r\n\r\n<Err`),
    ]);
    t.like(await refused(), { kind: 'denied', code: 'HTTP403', status: 403, mayBeDone: false });
  });

  test(`a body ${way}: what is not HTTP is not an answer`, async t => {
    const texts = [
      'SSH-2.0-OpenSSH_9.2\r\n\r\n',
      'HTTP/1.1 200 OK\r\nContent-Length: some\r\n\r\n',
      `HTTP/1.1 200 OK\r\nX: ${'x'.repeat(300_000)}\r\n\r\n`,
    ];
    const { refused } = await place(
      t,
      way,
      texts.map(text => says(text)),
    );
    for (const text of texts)
      t.like(await refused(), { kind: 'unreachable', status: undefined }, text.slice(0, 40));
  });

  test(`a body ${way}: a second answer to one request is nobody's`, async t => {
    const { put } = await place(t, way, [
      socket => {
        socket.write(ok('first'));
        setTimeout(() => socket.write(ok('nobody')), 20);
      },
      says(ok('second')),
    ]);
    t.is((await put()).headers.etag, '"first"');
    await moment();
    t.is((await put()).headers.etag, '"second"');
  });

  test(`a body ${way}: no answer in time is none`, async t => {
    const { refused } = await place(t, way, [() => {}], { timeout: 1 });
    const began = performance.now();
    t.like(await refused(), { kind: 'unreachable', status: undefined, mayBeDone: true });
    t.true(performance.now() - began > 900);
  });

  test(`a body ${way}: an answer that drips is none`, async t => {
    const drip: Reply = socket => {
      socket.write('HTTP/1.1 200 OK\r\nX: ');
      const timer = setInterval(() => socket.write('x'), 100);
      socket.on('close', () => clearInterval(timer));
    };
    const { refused } = await place(t, way, [drip], { timeout: 1 });
    const began = performance.now();
    t.like(await refused(), { kind: 'unreachable', status: undefined, mayBeDone: true });
    t.true(performance.now() - began < 30_000);
  });

  test(`a body ${way}: a connection on which more came than an answer is not used again`, async t => {
    const surplus = ['junk', 'HTTP/1.1 200 OK\r\n', 'HTTP/1.1 503 Slow'];
    const replies = surplus.map(text => says(ok('fine'), text));
    const { put, connections } = await place(t, way, [...replies, says(ok('last'))]);
    for (const text of surplus) {
      // What came behind an answer may be taken as that answer's own fault.
      await put().then(
        ({ headers }) => t.is(headers.etag, '"fine"', text),
        () => {},
      );
      await moment();
    }
    t.is((await put()).headers.etag, '"last"');
    t.is(connections(), surplus.length + 1);
  });

  test(`a body ${way}: a refusal that quotes a secret does not pass it on`, async t => {
    const token = 'a-token-that-is-long-enough';
    const quoting: Reply = (socket, request) => {
      const signature = /q-signature=(\w+)/.exec(request)?.[1];
      const body = `<Error><Code>${token}</Code><Message>${token} example-key ${signature} end</Message></Error>`;
      socket.write(
        `HTTP/1.1 403 No\r\nx-cos-request-id: ${token}\r\nContent-Length: ${body.length}\r\n\r\n${body}`,
      );
    };
    const { refused } = await place(t, way, [quoting], { token });
    t.like(await refused(), { code: 'HTTP403', message: '… … … end', requestId: undefined, kind: 'denied' });
  });

  test(`a body ${way}: a refusal that comes before the body was taken is heard, and ends the connection`, async t => {
    const refuse: Reply = socket => {
      socket.pause();
      socket.write(`HTTP/1.1 403 Forbidden\r\n${ID}Content-Length: 0\r\n\r\n`);
    };
    const body = Buffer.alloc(32 * 1024 * 1024);
    const { refused, connections } = await place(t, way, [refuse, refuse], { body });
    t.like(await refused(), { kind: 'denied', status: 403 });
    t.like(await refused(), { kind: 'denied', status: 403 });
    t.is(connections(), 2);
  });

  test(`a body ${way}: a value that would end its header is not sent`, async t => {
    const { put, connections } = await place(t, way, [says(ok('never'))], { token: 'a\r\nx-injected: yes' });
    await t.throwsAsync(put());
    t.is(connections(), 0);
  });

  test(`a body ${way}: closing ends what is under way`, async t => {
    const { http, put } = await place(t, way, [() => {}]);
    const sent = t.throwsAsync(put());
    await moment();
    await http.close();
    t.like(await sent, { kind: 'stopped', mayBeDone: true });
    const next = t.throwsAsync(put());
    await http.close();
    t.like(await next, { kind: 'stopped' });
  });
  test(`a body ${way}: what a bucket may demand to be signed is signed, and only what is sent`, async t => {
    const seen: string[] = [];
    const reply: Reply = (socket, request) => {
      seen.push(request);
      socket.write(ok('etag'));
    };
    const { put } = await place(t, way, [reply], { token: 'a-token' });
    await put();
    const { signed, sent } = namesIn(seen[0] ?? '');
    t.deepEqual(signed, sent.filter(isDemanded));
    for (const name of ['content-length', 'content-type', 'host', 'x-cos-security-token']) {
      t.true(signed.includes(name), name);
    }
  });

  test(`a body ${way}: the signature may be made for the name that something on the way puts into Host`, async t => {
    const seen: string[] = [];
    const reply: Reply = (socket, request) => {
      seen.push(request);
      socket.write(ok('etag'));
    };
    const signHost = 'example-1250000000.cos.ap-guangzhou.myqcloud.com';
    const { http, put } = await place(t, way, [reply], { signHost });
    await put();
    const [, host = ''] = /^host: (.*)\r$/im.exec(seen[0] ?? '') ?? [];
    t.regex(host, /^127\.0\.0\.1:/);
    const rewritten = (seen[0] ?? '').replace(host, signHost);
    t.is(signatureOf(seen[0] ?? ''), expectedSignature(rewritten));
    await http.close();
  });

  test(`a body ${way}: a connection that was kept and proves dead costs no try`, async t => {
    const silently: Reply = (socket, request) => {
      socket.write(ok(request.length > 0 ? 'first' : ''));
      // No word of it in the answer, and no end either: the next request finds it dead.
      socket.once('data', () => socket.resetAndDestroy());
    };
    const { put, connections } = await place(t, way, [silently, () => {}, says(ok('second'))]);
    t.is((await put()).headers.etag, '"first"');
    await moment();
    t.is((await put()).headers.etag, '"second"');
    t.is(connections(), 2);
  });

  test(`a body ${way}: a server that closes each connection after its answer, without a word, loses nothing`, async t => {
    const leaving: Reply = socket => {
      socket.write(ok('etag'));
      setTimeout(() => socket.destroy(), 1);
    };
    const { put } = await place(t, way, new Array<Reply>(500).fill(leaving));
    const putting = async () => {
      for (let n = 0; n < 20; n++) t.is((await put()).status, 200);
    };
    await Promise.all(Array.from({ length: 8 }, putting));
  });

  test(`a body ${way}: a doubt that a dead connection leaves outlasts the repetition`, async t => {
    const dying: Reply = socket => {
      socket.write(ok('first'));
      socket.once('data', () => socket.resetAndDestroy());
    };
    const denied = says(`HTTP/1.1 403 No\r\n${ID}Content-Length: 0\r\n\r\n`);
    const { put, refused } = await place(t, way, [dying, () => {}, denied]);
    await put();
    await moment();
    t.like(await refused(), { kind: 'denied', mayBeDone: true });
  });

  test(`a body ${way}: an answer without a request ID is nobody's judgement of the object or the credentials`, async t => {
    const statuses = [302, 307, 400, 403, 404, 409, 502, 503];
    const replies = statuses.map(status =>
      says(`HTTP/1.1 ${status} X\r\nLocation: /x\r\nContent-Length: 0\r\n\r\n`),
    );
    const { refused } = await place(t, way, replies);
    for (const status of statuses) {
      t.like(await refused(), { kind: 'unreachable', code: 'NotFromCos', status }, String(status));
    }
  });

  test(`a body ${way}: how long a server asks to wait is heard`, async t => {
    const busy = (value: string) =>
      says(`HTTP/1.1 503 Busy\r\n${ID}Retry-After: ${value}\r\nContent-Length: 0\r\n\r\n`);
    const date = new Date(Date.now() + 100_000).toUTCString();
    const { refused } = await place(t, way, [busy('7'), busy(date), busy('soon'), busy('-1')]);
    t.is((await refused()).retryAfter, 7_000);
    const { retryAfter = 0 } = await refused();
    t.true(retryAfter > 50_000 && retryAfter <= 100_000, String(retryAfter));
    t.is((await refused()).retryAfter, undefined);
    t.is((await refused()).retryAfter, undefined);
  });
}

test.serial('TLS is spoken with whom a known authority vouches for, and with nobody else', async t => {
  const ways = Object.keys(WAYS) as (keyof typeof WAYS)[];
  const tls = await selfSigned();
  for (const way of ways) {
    const { refused } = await place(t, way, [says(ok('never'))], { tls });
    t.like(await refused(), { kind: 'refused', code: 'DEPTH_ZERO_SELF_SIGNED_CERT' }, way);
  }
  setDefaultCACertificates([...getCACertificates('default'), tls.cert]);
  for (const way of ways) {
    const { put, connections } = await place(t, way, [says(ok('first')), says(ok('second'))], { tls });
    t.is((await put()).headers.etag, '"first"');
    await moment();
    t.is((await put()).headers.etag, '"second"');
    t.is(connections(), 1);
    const other = await place(t, way, [says(ok('third'))], { tls, host: 'localhost' });
    t.is((await other.put()).headers.etag, '"third"');
  }
});
