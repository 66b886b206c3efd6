import { Failure, type FailureDetails } from '../../failure.ts';

/** What is shorter could be any part of a sentence. */
const SHORTEST = 8;

/**
 * A failure in which nothing quotes a secret: an answer may hold what was sent, and goes into logs.
 * @param secrets as they are; those that are not there are undefined
 */
export function withoutSecrets(failure: Failure, secrets: readonly (string | undefined)[]): Failure {
  const known = secrets.filter(secret => secret !== undefined && secret.length >= SHORTEST) as string[];
  const { kind, code, message, status, requestId, serverTime, cause, mayBeDone } = failure;
  const told = [code, message, requestId ?? ''];
  if (!known.some(secret => told.some(text => text.includes(secret)))) return failure;
  const hide = (text: string) => known.reduce((rest, secret) => rest.replaceAll(secret, '…'), text);
  const details: FailureDetails = { code: hide(code), message: hide(message), cause };
  if (status !== undefined) details.status = status;
  if (requestId !== undefined) details.requestId = hide(requestId);
  if (serverTime !== undefined) details.serverTime = serverTime;
  const safe = new Failure(kind, details);
  safe.mayBeDone = mayBeDone;
  return safe;
}
