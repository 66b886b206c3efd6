import { Failure } from '../failure.ts';
import { failureOfAnswer, failureOfConnection } from './errors.ts';

interface SdkError {
  code?: string;
  message?: string;
  statusCode?: number;
  headers?: Record<string, string | string[] | undefined>;
  error?: { Code?: string; Message?: string };
}

/** The failure behind an error of the SDK, which mixes COS's answers with the network's errors. */
export function failureOfSdk(error: unknown): Failure {
  if (error instanceof Failure) return error;
  const { statusCode, headers = {}, error: body, code, message } = error as SdkError;
  if (!statusCode) return failureOfConnection(error);
  const cosCode = body?.Code ?? (code && !/^\d+$/.test(code) ? code : undefined);
  // A 2xx that is an error all the same: Copy and Complete answer errors in the body.
  const status = statusCode < 300 ? 500 : statusCode;
  return failureOfAnswer({ status, code: cosCode, message: body?.Message ?? message, headers });
}
