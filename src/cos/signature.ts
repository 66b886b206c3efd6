import { createHmac, hash } from 'node:crypto';
import type { Clock, Connection } from './connection.ts';

/** Headers that are signed beside those of COS's own. Source: the SDK's list, of which this must be the equal. */
const SIGNED_HEADERS: ReadonlySet<string> = new Set([
  'cache-control',
  'content-disposition',
  'content-encoding',
  'content-length',
  'content-md5',
  'content-type',
  'expect',
  'expires',
  'host',
  'if-match',
  'if-modified-since',
  'if-none-match',
  'if-unmodified-since',
  'origin',
  'range',
  'transfer-encoding',
  'pic-operations',
]);
/** A signature holds for so many seconds. */
const VALIDITY = 900;
/** The key derived for a span of time is used for this many seconds, which saves one of two HMACs. */
const KEY_REUSE = 30;

export interface Signable {
  method: string;
  /** The object's key as it is, not encoded. */
  key: string;
  query: Readonly<Record<string, string>>;
  headers: Readonly<Record<string, string>>;
}

/**
 * Makes the Authorization header of requests, as the SDK does and in a third of its time.
 * Source: COS API documentation, "Request signature" (436/7778).
 */
export function createSigner(
  { secretId, secretKey }: Pick<Connection, 'secretId' | 'secretKey'>,
  clock: Clock,
): (request: Signable) => string {
  let since = Number.NaN;
  let span = '';
  let spanKey = '';

  function renew(): void {
    const now = Math.round((Date.now() + clock.offset) / 1000) - 1;
    if (now >= since && now < since + KEY_REUSE) return;
    since = now;
    span = `${now};${now + VALIDITY}`;
    spanKey = createHmac('sha1', secretKey).update(span).digest('hex');
  }

  return ({ method, key, query, headers }) => {
    renew();
    const signed = canonical(headers, isSigned);
    const parameters = canonical(query);
    const format = `${method.toLowerCase()}\n/${key}\n${parameters.pairs}\n${signed.pairs}\n`;
    const toSign = `sha1\n${span}\n${hash('sha1', format)}\n`;
    const signature = createHmac('sha1', spanKey).update(toSign).digest('hex');
    return (
      `q-sign-algorithm=sha1&q-ak=${secretId}&q-sign-time=${span}&q-key-time=${span}` +
      `&q-header-list=${signed.names}&q-url-param-list=${parameters.names}&q-signature=${signature}`
    );
  };
}

function isSigned(name: string): boolean {
  return SIGNED_HEADERS.has(name) || name.includes('x-cos-') || name.includes('x-ci-');
}

/** The names in order, and the pairs in the same order, as the signature wants both. */
function canonical(
  values: Readonly<Record<string, string>>,
  isWanted?: (name: string) => boolean,
): { names: string; pairs: string } {
  const entries: [name: string, pair: string][] = [];
  for (const given in values) {
    const lower = given.toLowerCase();
    if (isWanted && !isWanted(lower)) continue;
    const name = encodeStrictly(lower).toLowerCase();
    entries.push([name, `${name}=${encodeStrictly(values[given] ?? '')}`]);
  }
  entries.sort(([a], [b]) => (a < b ? -1 : 1));
  return {
    names: entries.map(([name]) => name).join(';'),
    pairs: entries.map(([, pair]) => pair).join('&'),
  };
}

const UNRESERVED = /^[\w.~-]*$/;

/** Everything but unreserved characters, as COS's signature expects it. */
export function encodeStrictly(text: string): string {
  if (UNRESERVED.test(text)) return text;
  return encodeURIComponent(text).replace(
    /[!'()*]/g,
    char => `%${char.charCodeAt(0).toString(16).toUpperCase()}`,
  );
}
