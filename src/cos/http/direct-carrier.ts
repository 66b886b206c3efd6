import { validateHeaderValue } from 'node:http';
import { isIP, connect as openTcp, type Socket } from 'node:net';
import { connect as openTls } from 'node:tls';
import { HTTPParser } from 'http-parser-js';
import { type AnswerReader, type HttpAnswer, MAX_ON_THE_WIRE } from './answer.ts';
import type { Carrier, CarrierTimes, WireRequest } from './carrier.ts';

/**
 * Requests that came up in one turn of the event loop are written together, so that the other side is woken
 * once; not more than these, for the first of them waits for the last.
 */
const MOST_TOGETHER = 8;
/**
 * bytes; what is not filled takes no memory. The parser counts what ends an answer as its headers' and takes 80 KiB
 * of those, so it must be less.
 */
const READ_AT_ONCE = 64 * 1024;
/** bytes of an object that count as progress; fewer may be what keeps a connection open for nothing */
const PROGRESS = 64 * 1024;

/** A request whose body is at hand. */
export interface WholeRequest extends WireRequest {
  body: Uint8Array;
}

/** Whether the direct carrier can carry a request. */
export function isWhole(request: WireRequest): request is WholeRequest {
  return request.body instanceof Uint8Array;
}

/**
 * HTTP/1.1 over connections of our own, for small objects, where a general client costs more than all else that
 * is done for each, and for what is downloaded: its bytes need no memory of their own here. It knows no proxy,
 * and no body of a request that is read on its way.
 * Source: RFC 9112; the parser is a library's.
 */
export function createDirectCarrier(times: CarrierTimes): Carrier<WholeRequest> {
  const servers = new Map<string, Server>();

  function serverOf(origin: string): Server {
    const known = servers.get(origin);
    if (known) return known;
    const server = createServer(origin, times);
    servers.set(origin, server);
    return server;
  }

  let unsent: { request: WholeRequest; reader: AnswerReader }[] = [];

  function sendAll(): void {
    const together = unsent;
    unsent = [];
    for (const { request, reader } of together) {
      try {
        const head = headOf(request);
        const server = serverOf(request.origin);
        const connection = request.isAnew ? server.open() : server.unused();
        connection.send(head, request.body, reader);
      } catch (error) {
        reader.lost(error);
      }
    }
  }

  return {
    send(request, reader) {
      if (unsent.length === 0) setImmediate(sendAll);
      unsent.push({ request, reader });
      if (unsent.length === MOST_TOGETHER) sendAll();
    },
    async close() {
      for (const { reader } of unsent.splice(0)) reader.lost(brokenOff('the connection was not opened'));
      for (const server of servers.values()) server.close();
    },
  };
}

interface Server {
  /** A connection that no request uses, a new one where there is none. */
  unused(): Connection;
  open(): Connection;
  close(): void;
}

function createServer(origin: string, times: CarrierTimes): Server {
  const connect = connector(origin);
  const open = new Set<Connection>();
  const idle: Connection[] = [];

  function openConnection(): Connection {
    const connection: Connection = createConnection(connect, times, {
      onIdle: () => idle.push(connection),
      onClosed: () => open.delete(connection),
    });
    open.add(connection);
    return connection;
  }

  return {
    open: openConnection,
    unused() {
      for (let connection = idle.pop(); connection; connection = idle.pop()) {
        if (connection.isUsable()) return connection;
        connection.close();
      }
      return openConnection();
    },
    close() {
      for (const connection of open) connection.close();
    },
  };
}

/** @throws TypeError for a value that would end its header */
function headOf({ method, path, headers }: WholeRequest): string {
  let head = `${method} ${path} HTTP/1.1\r\nConnection: keep-alive\r\n`;
  for (const name in headers) {
    const value = headers[name] ?? '';
    validateHeaderValue(name, value);
    head += `${name}: ${value}\r\n`;
  }
  return `${head}\r\n`;
}

/**
 * Opens a connection; what comes is told piece by piece, each in the memory of the one before. Nothing more is
 * read after a piece that is answered with false, until the socket is resumed.
 */
type Connect = (onPiece: (piece: Buffer) => boolean) => Socket;

function connector(origin: string): Connect {
  const { protocol, hostname, port } = new URL(origin);
  const host = hostname.replace(/^\[|\]$/g, '');
  const reading = (onPiece: (piece: Buffer) => boolean) => ({
    onread: {
      buffer: Buffer.allocUnsafeSlow(READ_AT_ONCE),
      callback(length: number, buffer: Uint8Array) {
        return onPiece((buffer as Buffer).subarray(0, length));
      },
    },
  });
  if (protocol === 'http:') {
    return onPiece => openTcp({ host, port: Number(port || 80), noDelay: true, ...reading(onPiece) });
  }
  const secured = {
    host,
    port: Number(port || 443),
    ALPNProtocols: ['http/1.1'],
    // RFC 6066, 3: an address is no server name.
    ...(isIP(host) === 0 ? { servername: host } : {}),
  };
  let session: Buffer | undefined;
  return onPiece =>
    openTls({ ...secured, session, ...reading(onPiece) })
      .setNoDelay(true)
      .on('session', latest => {
        session = latest;
      });
}

interface Connection {
  isUsable(): boolean;
  send(head: string, body: Uint8Array, reader: AnswerReader): void;
  close(): void;
}

function createConnection(
  connect: Connect,
  times: CarrierTimes,
  { onIdle, onClosed }: { onIdle(): void; onClosed(): void },
): Connection {
  const answer = createAnswer();
  let reader: AnswerReader | undefined;
  let hasServed = false;
  let hasHeard = false;
  let reusableUntil = 0;
  let dueAt = Number.POSITIVE_INFINITY;
  let received = 0;

  /** @returns whether to read on at once */
  function receive(piece: Buffer): boolean {
    try {
      if (!reader) throw brokenOff('an answer to nothing');
      // One that drips is as good as none.
      hasHeard = true;
      const now = performance.now();
      dueAt = Math.min(dueAt, now + times.progress);
      if (now > dueAt) throw timedOut();
      received += piece.length;
      if (reader.isStreamed && received >= PROGRESS) {
        received = 0;
        dueAt = Number.POSITIVE_INFINITY;
      }
      // The parser keeps a line without an end.
      if (received > MAX_ON_THE_WIRE) throw new Error('the answer is too long');
      answer.receive(piece);
      if (answer.isWhole) finish(reader);
      else if (answer.isTaken) return waitFor(answer.isTaken);
      return true;
    } catch (error) {
      socket.destroy(error as Error);
      return false;
    }
  }

  /** Who takes the body is slower than it comes; that is no fault of the connection. */
  function waitFor(taken: Promise<void>): false {
    socket.setTimeout(0);
    taken.then(
      () => {
        socket.setTimeout(times.progress);
        dueAt = Number.POSITIVE_INFINITY;
        socket.resume();
      },
      error => socket.destroy(error as Error),
    );
    return false;
  }

  function finish(done: AnswerReader): void {
    reader = undefined;
    hasServed = true;
    // What is not sent yet when the answer is there would be taken for the next request.
    if (!answer.staysOpen || answer.hasSurplus() || socket.writableLength > 0) socket.destroy();
    else {
      reusableUntil = performance.now() + Math.min(times.keepAlive, answer.keptFor);
      onIdle();
    }
    done.end();
  }

  function lose(error: Error): void {
    const lost = reader;
    reader = undefined;
    const isClosed = (error as NodeJS.ErrnoException).code !== 'ETIMEDOUT';
    lost?.lost(error, hasServed && !hasHeard && isClosed);
  }

  const socket = connect(receive);
  socket.setTimeout(times.connect, () => socket.destroy(timedOut()));
  socket.once('encrypted' in socket ? 'secureConnect' : 'connect', () => socket.setTimeout(times.progress));
  socket.on('end', () => {
    if (reader && answer.endsWithConnection()) finish(reader);
  });
  socket.on('error', lose);
  socket.on('close', () => {
    onClosed();
    lose(brokenOff('the connection was closed'));
  });

  return {
    isUsable: () => !socket.destroyed && socket.writable && performance.now() < reusableUntil,
    send(head, body, next) {
      reader = next;
      hasHeard = false;
      dueAt = Number.POSITIVE_INFINITY;
      received = 0;
      answer.begin(next);
      if (body.length === 0) {
        socket.write(head, 'latin1');
        return;
      }
      socket.cork();
      socket.write(head, 'latin1');
      socket.write(body);
      socket.uncork();
    },
    close: () => socket.destroy(),
  };
}

/** The answers of one connection, one after the other. */
interface Answer {
  begin(reader: AnswerReader): void;
  /** @throws Error where it is none */
  receive(piece: Buffer): void;
  readonly isWhole: boolean;
  /** Resolved when more of the body may come; undefined where it may at once. */
  readonly isTaken: Promise<void> | undefined;
  /** Whether it is whole now that the connection has ended. */
  endsWithConnection(): boolean;
  /** Whether anything came behind it. */
  hasSurplus(): boolean;
  /** Whether the connection may have another. */
  readonly staysOpen: boolean;
  /** ms for which the server keeps the connection */
  readonly keptFor: number;
}

function createAnswer(): Answer {
  const parser = new HTTPParser(HTTPParser.RESPONSE);
  let reader: AnswerReader;
  let isInterim = false;

  parser[HTTPParser.kOnHeadersComplete] = ({ statusCode, headers, shouldKeepAlive }) => {
    if (answer.isWhole) throw brokenOff('two answers');
    if (statusCode === 101) throw brokenOff('another protocol');
    isInterim = statusCode < 200;
    if (isInterim) return;
    const fields = fieldsOf(headers);
    answer.staysOpen = shouldKeepAlive;
    answer.keptFor = keptForOf(fields['keep-alive']);
    reader.head(statusCode, fields);
  };
  parser[HTTPParser.kOnBody] = piece => {
    answer.isTaken = reader.body(piece) ?? answer.isTaken;
  };
  parser[HTTPParser.kOnMessageComplete] = () => {
    answer.isWhole = !isInterim;
  };

  const answer = {
    isWhole: false,
    isTaken: undefined as Promise<void> | undefined,
    staysOpen: false,
    keptFor: 0,
    begin(next: AnswerReader) {
      reader = next;
      answer.isWhole = false;
      parser.initialize(HTTPParser.RESPONSE);
    },
    receive(piece: Buffer) {
      answer.isTaken = undefined;
      const result = parser.execute(piece);
      if (result instanceof Error) throw result;
    },
    hasSurplus() {
      // The parser has no question for it.
      const { state, line } = parser as unknown as { state: string; line: string };
      return state !== 'RESPONSE_LINE' || line !== '';
    },
    endsWithConnection() {
      parser.finish();
      return answer.isWhole;
    },
  };
  return answer;
}

/** @throws Error where it cannot be told how long the body is */
function fieldsOf(pairs: readonly string[]): HttpAnswer['headers'] & Record<string, string> {
  const fields: Record<string, string> = {};
  for (let at = 0; at < pairs.length; at += 2) {
    const name = String(pairs[at]).toLowerCase();
    const value = pairs[at + 1] ?? '';
    if (name === 'content-length' && !/^\d+$/.test(value)) throw brokenOff('a length that is no number');
    fields[name] = value;
  }
  return fields;
}

/** RFC 2068, 19.7.1.1, as servers still say it. A second less: a request takes its way. */
function keptForOf(field = ''): number {
  const [, seconds] = /timeout=(\d+)/i.exec(field) ?? [];
  return seconds === undefined ? Number.POSITIVE_INFINITY : (Number(seconds) - 1) * 1_000;
}

function timedOut(): Error {
  return Object.assign(new Error('ETIMEDOUT'), { code: 'ETIMEDOUT' });
}

function brokenOff(message: string): Error {
  return Object.assign(new Error(message), { code: 'ECONNRESET' });
}
