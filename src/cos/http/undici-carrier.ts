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
  /** Origins that have answered: a connection to them may be one that was kept. */
  const answered = new Set<string>();

  /** One for each host, or one for all behind a proxy; and one more whose connections are not kept. */
  function dispatcherOf(origin: string, isAnew: boolean): Dispatcher {
    const name = `${proxy ?? origin}${isAnew ? ' anew' : ''}`;
    const known = open.get(name);
    if (known) return known;
    const kept = isAnew ? { ...options, pipelining: 0 } : options;
    const dispatcher = proxy
      ? new ProxyAgent({ ...kept, uri: proxy, connectTimeout: connect })
      : new Pool(origin, { ...kept, connect: { timeout: connect } });
    open.set(name, dispatcher);
    return dispatcher;
  }

  return {
    send({ origin, method, path, headers, body, isAnew }, reader) {
      const deadline = createDeadline(times.whole, reader);
      const request = {
        origin,
        method: method as Dispatcher.HttpMethod,
        path,
        headers,
        body: sendable(body, deadline.extend),
        headersTimeout: progress,
        bodyTimeout: progress,
      };
      dispatcherOf(origin, isAnew).dispatch(request, handlerOf(reader, deadline, answered, origin));
    },
    async close() {
      await Promise.all([...open.values()].map(dispatcher => dispatcher.destroy()));
    },
  };
}

/**
 * undici writes what an iterable yields and asks for more when the socket has taken it: no piece is buffered
 * in between. Its types know streams only.
 */
function sendable(body: WireRequest['body'], onPiece: () => void): Uint8Array | Readable | null {
  if (body === undefined) return null;
  return body instanceof Uint8Array
    ? body
    : (told(body.open(), onPiece) as AsyncIterable<Uint8Array> as Readable);
}

async function* told(pieces: AsyncIterable<Uint8Array>, onPiece: () => void): AsyncGenerator<Uint8Array> {
  for await (const piece of pieces) {
    onPiece();
    yield piece;
  }
  onPiece();
}

/** bytes of an object that put off when it must be there as a whole; fewer may be what keeps a connection open for nothing */
const STEP = 64 * 1024;

/** When an answer must be there as a whole; each piece of the request that is taken puts it off. */
interface Deadline {
  begin(controller: Dispatcher.DispatchController): void;
  extend(): void;
  end(): void;
  /** The reader knows the end already: what still comes is nobody's. */
  readonly isOver: boolean;
}

/** undici's own times begin anew with each byte, and with each 1xx. */
function createDeadline(ms: number, reader: AnswerReader): Deadline {
  let controller: Dispatcher.DispatchController | undefined;
  const timer = setTimeout(() => {
    deadline.isOver = true;
    reader.lost(timedOut());
    controller?.abort(timedOut());
  }, ms);
  const deadline = {
    isOver: false,
    begin(started: Dispatcher.DispatchController) {
      if (deadline.isOver) started.abort(timedOut());
      controller = started;
    },
    extend: () => void timer.refresh(),
    end() {
      deadline.isOver = true;
      clearTimeout(timer);
    },
  };
  return deadline;
}

function timedOut(): Error {
  return Object.assign(new Error('ETIMEDOUT'), { code: 'ETIMEDOUT' });
}

/** undici does not say whether a connection was kept, but when one ended. */
const ENDED: ReadonlySet<string> = new Set(['ECONNRESET', 'EPIPE', 'UND_ERR_SOCKET']);

function handlerOf(
  reader: AnswerReader,
  deadline: Deadline,
  answered: Set<string>,
  origin: string,
): Dispatcher.DispatchHandler {
  let received = 0;
  return {
    // undici sees by this method which kind of handler it has.
    onRequestStart: controller => deadline.begin(controller),
    onResponseStart(_, status, headers) {
      // 100 and the like come before the answer.
      if (status < 200 || deadline.isOver) return;
      answered.add(origin);
      reader.head(status, headers);
    },
    onResponseData(controller, piece) {
      if (deadline.isOver) return;
      received += piece.length;
      if (reader.isStreamed && received >= STEP) {
        received = 0;
        deadline.extend();
      }
      try {
        const taken = reader.body(piece);
        if (!taken) return;
        controller.pause();
        taken.then(
          () => controller.resume(),
          error => controller.abort(error as Error),
        );
      } catch (error) {
        controller.abort(error as Error);
      }
    },
    onResponseEnd() {
      if (deadline.isOver) return;
      deadline.end();
      reader.end();
    },
    onResponseError(_, error) {
      if (deadline.isOver) return;
      deadline.end();
      reader.lost(error, answered.has(origin) && hasEnded(error));
    },
  };
}

function hasEnded(error: Error): boolean {
  return ENDED.has((error as NodeJS.ErrnoException).code ?? '');
}
