import type { SharedClock } from './clock.ts';
import type { CredentialsHolder } from './credentials/credentials.ts';

/** What a store needs to know to reach its bucket. */
export interface Access {
  /** What requests are signed with. */
  credentials: CredentialsHolder;
  /** With `-appid`. */
  bucket: string;
  /** Empty where it is not known. */
  region: string;
  /** `https:` or `http:` */
  protocol: 'https:' | 'http:';
  /** `host` or `host:port`, placeholders filled in. */
  host: string;
  /** seconds without progress before a connection counts as failed */
  timeout: number;
  proxy: string | undefined;
  /** Where what the host does not serve is asked of: the region's host behind an accelerate domain. */
  ordinaryHost?: string | undefined;
  /** Configured headers that are about requests and not about objects, in lower case. */
  requestHeaders?: Readonly<Record<string, string>> | undefined;
  /** The host that requests are signed for, where another than the one that is asked. */
  signHost?: string | undefined;
  userAgent: string;
}

/** An access of a store that is open. */
export interface SharedAccess extends Access {
  clock: SharedClock;
}
