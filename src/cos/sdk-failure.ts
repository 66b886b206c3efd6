import { Failure } from '../failure.ts';
import { failureOfAnswer, failureOfConnection } from './errors.ts';
import type { Mask } from './http/secrets.ts';

interface SdkError {
  code?: string;
  message?: string;
  statusCode?: number;
  headers?: Record<string, string | string[] | undefined>;
  error?: { Code?: string; Message?: string };
}

/** The failure behind an error of the SDK, which mixes COS's answers with the network's errors. */
export function failureOfSdk(error: unknown, mask: Mask): Failure {
  if (error instanceof Failure) return error;
  const { statusCode, headers = {}, error: body, code, message = '' } = error as SdkError;
  if (!statusCode) return mask.failure(failureOfConnection(error));
  const cosCode = body?.Code ?? (code && !/^\d+$/.test(code) ? code : undefined);
  const heard = mask.answer({ headers, text: body?.Message ?? message });
  const failure = failureOfAnswer({
    status: statusCode,
    code: cosCode,
    message: heard.text,
    headers: heard.headers,
  });
  return mask.failure(failure);
}
