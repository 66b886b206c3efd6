import { type Failure, withDetails } from '../../failure.ts';

/** What is shorter could be any part of a sentence. */
const SHORTEST = 8;

/** What an answer consists of, as far as it may quote something. */
interface Quoting {
  headers: Readonly<Record<string, string | string[] | undefined>>;
  text: string;
}

/** Takes secrets out of what was heard: an answer may quote what was sent, and goes into logs and records. */
export interface Mask {
  failure(failure: Failure): Failure;
  answer<Answer extends Quoting>(answer: Answer): Answer;
}

/** @param secrets as they are; those that are not there are undefined */
export function maskOf(secrets: readonly (string | undefined)[]): Mask {
  const known = secrets.filter(secret => secret !== undefined && secret.length >= SHORTEST) as string[];
  const isIn = (text: string) => known.some(secret => text.includes(secret));
  const hide = (text: string) => known.reduce((rest, secret) => rest.replaceAll(secret, '…'), text);
  const isQuotedIn = (headers: Quoting['headers']) =>
    Object.values(headers).some(value => (typeof value === 'string' ? isIn(value) : value?.some(isIn)));
  return {
    failure(failure) {
      const { code, message, requestId } = failure;
      if (![code, message, requestId ?? ''].some(isIn)) return failure;
      const id = requestId === undefined ? undefined : hide(requestId);
      return withDetails(failure, { code: hide(code), message: hide(message), requestId: id });
    },
    answer(answer) {
      const { headers, text } = answer;
      if (!isIn(text) && !isQuotedIn(headers)) return answer;
      const hidden = Object.entries(headers).map(([name, value]) => [
        name,
        typeof value === 'string' ? hide(value) : value?.map(hide),
      ]);
      return { ...answer, headers: Object.fromEntries(hidden), text: hide(text) };
    },
  };
}
