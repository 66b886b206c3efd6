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
  return failureOfAnswer({ status: statusCode, code: cosCode, message: body?.Message ?? message, headers });
}
