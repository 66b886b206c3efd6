import type { Failure } from '../../failure.ts';

/** COS knows these credentials no longer: 436/7730. */
const CODES: ReadonlySet<string> = new Set(['ExpiredToken', 'InvalidToken', 'InvalidAccessKeyId']);

/** Whether a request failed for its credentials, so that others may do. */
export function isOfCredentials({ code }: Failure): boolean {
  return CODES.has(code);
}
