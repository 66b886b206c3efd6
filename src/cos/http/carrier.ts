import type { PartBody } from '../store.ts';
import type { AnswerReader } from './answer.ts';

/** A request as it goes over the network. */
export interface WireRequest {
  /** `https://host` or `http://host:port` */
  origin: string;
  method: string;
  /** Encoded, with the query. */
  path: string;
  /** All but those about the connection. */
  headers: Readonly<Record<string, string>>;
  body?: Uint8Array | PartBody | undefined;
  /** Over a connection made for it: those that are kept have proved dead. */
  isAnew: boolean;
}

/** What brings a request to a server and its answer back, once. */
export interface Carrier<Request extends WireRequest = WireRequest> {
  /** @param reader is told of what comes back: of its end, or of its loss */
  send(request: Request, reader: AnswerReader): void;
  close(): Promise<void>;
}

export interface CarrierTimes {
  /** ms until a connection is there */
  connect: number;
  /** ms without progress on a connection */
  progress: number;
  /** ms from the end of a request to that of its answer, however it comes: one that drips is as good as none */
  whole: number;
  /** ms for which a connection is kept for the next request, unless the server keeps it for less */
  keepAlive: number;
}
