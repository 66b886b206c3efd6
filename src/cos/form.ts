/**
 * What COS answers is data: what goes into the ledger, a later request or a report must have the form of
 * what it claims to be, whoever gave the answer.
 */

/** Visible ASCII without the comma, which parts the fields of the ledger's lines, and without quotation marks. */
const IDENTIFIER = /^[\x21\x23-\x2b\x2d-\x7e]+$/;
const LONGEST_ETAG = 200;
const LONGEST_ID = 1_000;
const CODE = /^[\w.-]{1,100}$/;
/** Characters of a message; COS's are a sentence. */
const LONGEST_MESSAGE = 1_000;

export function isEtag(text: string): boolean {
  return text.length <= LONGEST_ETAG && IDENTIFIER.test(text);
}

/** An upload ID, or a request ID. */
export function isId(text: string): boolean {
  return text.length <= LONGEST_ID && IDENTIFIER.test(text);
}

/** An error code; empty where it is none. */
export function codeOf(text: string | undefined): string {
  return text !== undefined && CODE.test(text) ? text : '';
}

/** A message of a length that a log can take. */
export function messageOf(text: string | undefined): string {
  return (text ?? '').slice(0, LONGEST_MESSAGE);
}

/** A region's name goes into the host that requests are signed for. Source: COS "Regions and endpoints" (436/6224). */
export function isRegion(text: string): boolean {
  return /^[a-z0-9][a-z0-9-]{0,60}$/.test(text);
}
