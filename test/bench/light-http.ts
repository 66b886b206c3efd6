/**
 * HTTP as the bench's servers read and answer it, by themselves: node:http takes more of a core than a client that
 * sends small files.
 */
import { type AddressInfo, createServer, type Socket } from 'node:net';
import { type Counts, createCounts } from './counts.ts';

/** A request as far as it is read. */
export interface Request {
  method: string;
  url: string;
  /** The head as it came. */
  head: string;
  /** bytes of the body, and those that are still to come */
  size: number;
  left: number;
  /** The body, of a POST only. */
  pieces: Buffer[];
}

const HEAD_END = '\r\n\r\n';
const LENGTH = /\r\ncontent-length: *(\d+)/i;
export const OK = 'HTTP/1.1 200 OK\r\nx-cos-request-id: bench\r\n';
export const NO_BODY = 'Content-Length: 0\r\n\r\n';
export const NOT_FOUND = `HTTP/1.1 404 Not Found\r\nx-cos-request-id: bench\r\n${NO_BODY}`;

/**
 * Serves on loopback until it is ended; says the port on standard output. What arrived, and what it cost, is answered
 * to GET /-/counts.
 * @param delay ms before each answer
 * @returns what is counted, for the answers to add to
 */
export function serve(
  { port, delay }: { port: number; delay: number },
  answer: (socket: Socket, request: Request) => void,
): Counts {
  const { counts, take } = createCounts();
  const onRequest = (socket: Socket, request: Request) => {
    if (request.url === '/-/counts') return void socket.end(withBody(JSON.stringify(take())));
    counts.requests++;
    if (delay === 0) answer(socket, request);
    else setTimeout(answer, delay, socket, request);
  };
  const server = createServer({ noDelay: true }, socket => readRequests(socket, onRequest));
  server.listen(port, '127.0.0.1', () => {
    process.stdout.write(`${(server.address() as AddressInfo).port}\n`);
  });
  process.on('SIGTERM', () => process.exit(0));
  return counts;
}

function readRequests(socket: Socket, answer: (socket: Socket, request: Request) => void): void {
  let unread: Buffer | undefined;
  let request: Request | undefined;

  socket.on('error', () => {});
  socket.on('data', (piece: Buffer) => {
    let rest = unread ? Buffer.concat([unread, piece]) : piece;
    unread = undefined;
    for (;;) {
      if (!request) {
        const end = rest.indexOf(HEAD_END);
        if (end < 0) break;
        request = requestOf(rest.toString('latin1', 0, end));
        rest = rest.subarray(end + HEAD_END.length);
        if (/\r\nexpect: *100-continue/i.test(request.head)) socket.write('HTTP/1.1 100 Continue\r\n\r\n');
      }
      const taken = Math.min(rest.length, request.left);
      if (request.method === 'POST' && taken > 0) request.pieces.push(rest.subarray(0, taken));
      request.left -= taken;
      rest = rest.subarray(taken);
      if (request.left > 0) return;
      answer(socket, request);
      request = undefined;
    }
    if (rest.length > 0) unread = rest;
  });
}

function requestOf(head: string): Request {
  const [method = '', url = ''] = head.slice(0, head.indexOf('\r\n')).split(' ');
  const size = Number(LENGTH.exec(head)?.[1] ?? 0);
  return { method, url, head, size, left: size, pieces: [] };
}

/** Strings are sent as Latin-1: each of their characters is a byte. */
export function withBody(body: string, headers = ''): string {
  return `${OK}${headers}Content-Type: application/xml\r\nContent-Length: ${body.length}\r\n\r\n${body}`;
}

export function queryOf(url: string): URLSearchParams {
  return new URLSearchParams(url.slice(url.indexOf('?') + 1));
}

export function pathOf(url: string): string {
  return url.split('?')[0] ?? '';
}
