import type { Failure } from '../../failure.ts';
import { failureOfAnswer, failureOfConnection, failureOfUnread, isFromCos, notFromCos } from '../errors.ts';
import { textAt, xmlOf } from '../xml.ts';
import type { Mask } from './secrets.ts';

/** A listing of 1,000 keys of 850 bytes, percent-encoded, stays under this. */
const MAX_LISTING = 16 * 1024 * 1024;
/** Bytes that are kept of any other answer: many may come at a time. */
const MAX_KEPT = 256 * 1024;
/** Bytes of an answer as it comes, with all that its chunks have around them. */
export const MAX_ON_THE_WIRE = 2 * MAX_LISTING;

export interface HttpAnswer {
  status: number;
  headers: Readonly<Record<string, string | string[] | undefined>>;
  text: string;
}

/** Takes the body of a good answer piece by piece. */
export interface AnswerSink {
  begin(status: number, headers: HttpAnswer['headers']): void;
  /**
   * @param piece its memory is used again as soon as this returns
   * @returns a promise where no more is to come until it is resolved; what it throws ends the request
   */
  write(piece: Uint8Array): Promise<void> | undefined;
}

export interface Outcome {
  resolve(answer: HttpAnswer): void;
  /** @param wasKept the connection had served before, and ended without a word on this request */
  reject(failure: Failure, wasKept: boolean): void;
  /** COS answered, whatever it said. */
  onAnswer(): void;
  /** The answer's headers say all there is: its body is of no interest, whole or not. */
  isPlain: boolean;
  /** It may be long. */
  isListing: boolean;
  /** Before anything is read out of an answer, or cut off it. */
  mask: Mask;
  sink?: AnswerSink | undefined;
}

/** Gathers an answer as it comes: without a stream for the body, which costs as much as all else. */
export interface AnswerReader {
  /** Its body is as long as an object is. */
  readonly isStreamed: boolean;
  head(status: number, headers: HttpAnswer['headers']): void;
  /**
   * @returns a promise where no more is to come until it is resolved
   * @throws Error where the answer is longer than any of COS's, or nobody takes it
   */
  body(piece: Uint8Array): Promise<void> | undefined;
  end(): void;
  /**
   * The answer did not come, or not whole.
   * @param wasKept the connection may have been dead before the request: it had served others
   */
  lost(error: unknown, wasKept?: boolean): void;
}

export function createAnswerReader(outcome: Outcome): AnswerReader {
  const { resolve, reject, onAnswer, isPlain, isListing, mask, sink } = outcome;
  let status = 0;
  let headers: HttpAnswer['headers'] = {};
  let size = 0;
  const body = createGathering();
  let notTaken: Failure | undefined;
  const isFine = () => status >= 200 && status < 300;

  function end(): void {
    if (notTaken) {
      reject(notTaken, false);
      return;
    }
    const answer = mask.answer({ status, headers, text: body.text() });
    try {
      resolve(isFine() && (isPlain || sink) ? answer : checked(answer));
    } catch (error) {
      reject(error as Failure, false);
    }
  }

  /** What nobody takes is no fault of the connection. */
  function refuse(error: unknown): never {
    notTaken ??= error as Failure;
    throw notTaken;
  }

  function hand(piece: Uint8Array, taker: AnswerSink): Promise<void> | undefined {
    if (notTaken) throw notTaken;
    try {
      return taker.write(piece)?.catch(refuse);
    } catch (error) {
      return refuse(error);
    }
  }

  return {
    isStreamed: sink !== undefined,
    head(received, fields) {
      status = received;
      headers = fields;
      if (isFromCos(fields)) onAnswer();
      try {
        if (isFine() && !isFromCos(fields)) throw notFromCos(status);
        if (isFine()) sink?.begin(status, headers);
      } catch (error) {
        notTaken = error as Failure;
      }
    },
    body(piece) {
      if (sink && isFine()) return hand(piece, sink);
      size += piece.length;
      if (size > MAX_LISTING || (size > MAX_KEPT && isFine() && !isListing)) {
        throw new Error('the answer is too long');
      }
      // What makes a refusal stands at its beginning.
      if ((!isPlain && isFine()) || size <= MAX_KEPT) body.add(piece);
      return undefined;
    },
    end,
    lost(error, wasKept = false) {
      if (notTaken) return reject(notTaken, false);
      if (status === 0) return reject(failureOfConnection(error), wasKept);
      if (isFine() && !isPlain) return reject(failureOfUnread(error, status, headers), false);
      // The status of a refusal says enough; without its body it is a refusal all the same.
      body.clear();
      end();
    },
  };
}

/** Gathers pieces, however small they are, in little more memory than their bytes take. */
function createGathering() {
  let buffer = Buffer.alloc(0);
  let length = 0;
  return {
    add(piece: Uint8Array) {
      if (length + piece.length > buffer.length) {
        const larger = Buffer.allocUnsafe(2 * (length + piece.length));
        buffer.copy(larger, 0, 0, length);
        buffer = larger;
      }
      buffer.set(piece, length);
      length += piece.length;
    },
    text: () => buffer.toString('utf8', 0, length),
    clear() {
      length = 0;
    },
  };
}

/** @throws Failure for everything but an answer of 200 to 299 without an error in it */
function checked(answer: HttpAnswer): HttpAnswer {
  const { status, headers, text } = answer;
  const isFine = status >= 200 && status < 300;
  // Copy and Complete may answer 200 and an error in the body; a listing is too long to be read for that.
  const error = text.includes('<Error') ? xmlOf(text, 'Error') : undefined;
  if (isFine && !error) return answer;
  throw failureOfAnswer({
    status: isFine ? 500 : status,
    headers,
    code: textAt(error, 'Code'),
    message: textAt(error, 'Message'),
  });
}
