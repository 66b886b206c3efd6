import { once } from 'node:events';
import { type AddressInfo, createServer, type Socket } from 'node:net';
import test, { type ExecutionContext } from 'ava';
import { holdFixed } from '../../../src/cos/credentials/holder.ts';
import { createHttp, type HttpRequest } from '../../../src/cos/http/http.ts';
import type { Failure } from '../../../src/failure.ts';

/** seconds; a test waits ten times as long */
const TIMEOUT = 0.2;

async function clientOf(t: ExecutionContext, answer: (socket: Socket) => void) {
  const sockets = new Set<Socket>();
  const server = createServer(socket => {
    sockets.add(socket);
    socket.on('error', () => {});
    socket.once('data', () => answer(socket));
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const http = createHttp({
    credentials: holdFixed({ secretId: 'AKIDexample', secretKey: 'example-key', token: undefined }),
    bucket: 'example-1250000000',
    region: '',
    protocol: 'http:',
    host: `127.0.0.1:${(server.address() as AddressInfo).port}`,
    timeout: TIMEOUT,
    proxy: undefined,
    signHost: undefined,
    userAgent: 'test',
  });
  t.teardown(async () => {
    await http.close();
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  return http;
}

const REQUESTS: Record<string, HttpRequest> = {
  GET: { method: 'GET', key: '', query: {}, headers: {} },
  POST: { method: 'POST', key: 'a', query: { uploads: '' }, headers: {} },
  PUT: { method: 'PUT', key: 'a', query: {}, headers: {}, body: Buffer.from('x') },
  'PUT of a part': {
    method: 'PUT',
    key: 'a',
    query: {},
    headers: {},
    body: {
      size: 1,
      async *open() {
        yield Buffer.from('x');
      },
    },
  },
};

/** How an answer begins, and what comes of it again and again. */
const ENDLESS: Record<string, [string, string]> = {
  body: ['HTTP/1.1 200 OK\r\nContent-Length: 1000000000\r\n\r\n', 'x'],
  chunks: ['HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n', '1\r\nx\r\n'],
  'chunk extension': ['HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1;a', 'x'],
  trailer: ['HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\na: ', 'x'],
  'row of 1xx': ['', 'HTTP/1.1 102 Processing\r\n\r\n'],
};

for (const [name, request] of Object.entries(REQUESTS)) {
  for (const [part, [beginning, again]] of Object.entries(ENDLESS)) {
    test(`${name}: a ${part} that drips without end does not hold a request`, async t => {
      const http = await clientOf(t, socket => {
        socket.write(beginning);
        const timer = setInterval(() => socket.write(again), 20);
        socket.on('close', () => clearInterval(timer));
      });
      const outcome = await http.send(request).catch((failure: Failure) => failure);
      // The headers of an answer to PUT say all there is.
      if (request.method === 'PUT' && 'headers' in outcome) return t.is(outcome.status, 200);
      t.true('kind' in outcome && ['unreachable', 'transient'].includes(outcome.kind));
    });
  }
}

for (const [part, [beginning, again]] of Object.entries(ENDLESS)) {
  test(`PUT, GET: a ${part} that floods without end takes little memory`, async t => {
    const before = process.memoryUsage().rss;
    for (const name of ['PUT', 'GET']) {
      const http = await clientOf(t, socket => {
        socket.write(beginning);
        const flood = () => {
          while (!socket.destroyed && socket.write(again.repeat(1_000)));
        };
        socket.on('drain', flood);
        flood();
      });
      await http.send(REQUESTS[name] as HttpRequest).catch(() => {});
    }
    const grown = process.memoryUsage().rss - before;
    t.true(grown < 200 * 1024 * 1024, `${Math.round(grown / 1024 / 1024)} MiB`);
  });
}
