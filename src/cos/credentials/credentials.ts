import { Failure, type FailureKind } from '../../failure.ts';

/** What requests are signed with. */
export interface Credentials {
  secretId: string;
  secretKey: string;
  /** Goes with temporary ones. */
  token: string | undefined;
}

/** What a source gave. */
export interface Fetched {
  credentials: Credentials;
  /** ms from now; undefined where the source does not say */
  life: number | undefined;
  /** The CAM role they are of, where there is one. */
  role: string | undefined;
}

/** Where credentials come from. */
export interface CredentialsSource {
  /** @throws Failure: `unreachable` where the source may answer later, else `refused` */
  fetch(signal: AbortSignal): Promise<Fetched>;
}

/** What signs requests: asked before each one. */
export interface CredentialsHolder {
  /** Those that are valid now. A Promise only where they have to be waited for; it rejects with a Failure. */
  current(): Credentials | Promise<Credentials>;
  /**
   * COS takes these no longer. @returns others; undefined where there are none
   * @throws Failure where the source fails
   */
  renewed(used: Credentials): Promise<Credentials | undefined>;
  /** What is known of those that are held: their role, and when they expire, in ms since 1970. */
  about(): { role: string | undefined; expires: number | undefined };
}

/** The failure of a source. Its code has its words in report/words/failures.ts. */
export function sourceFailure(
  kind: FailureKind & ('refused' | 'unreachable'),
  code: string,
  message?: string,
  cause?: unknown,
): Failure {
  return new Failure(kind, { code, message, cause });
}

/** What may stand in a header: everything else would end it, or another begin. */
const IN_HEADER = /^[\x21-\x7e]+$/;

/**
 * Credentials as a source names them, if they can be such.
 * @throws Failure (refused)
 */
export function checkedCredentials(secretId: unknown, secretKey: unknown, token: unknown): Credentials {
  const isGood = (value: unknown) => typeof value === 'string' && IN_HEADER.test(value);
  const hasToken = token !== undefined && token !== null && token !== '';
  if (!isGood(secretId) || !isGood(secretKey) || (hasToken && !isGood(token)))
    throw sourceFailure('refused', 'CredentialsUnreadable');
  return {
    secretId: secretId as string,
    secretKey: secretKey as string,
    token: hasToken ? (token as string) : undefined,
  };
}

/** The fields of a JSON object. @throws Failure (refused) for any other text, of which nothing is quoted */
export function fieldsOf(json: string): Readonly<Record<string, unknown>> {
  try {
    const value: unknown = JSON.parse(json);
    if (typeof value === 'object' && value !== null) return value as Record<string, unknown>;
  } catch {
    // Told below: the parser's own message would quote what may be a secret.
  }
  throw sourceFailure('refused', 'CredentialsUnreadable');
}
