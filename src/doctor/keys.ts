import { secretsOf } from '../config/load.ts';
import type { Config } from '../config/schema.ts';
import type { CredentialsHolder } from '../cos/credentials/credentials.ts';
import type { Failure } from '../failure.ts';
import { orAborted } from '../or-aborted.ts';
import { describe } from '../report/describe.ts';
import type { Words } from '../report/words/words.ts';
import type { Check } from './check.ts';

/**
 * Where the credentials come from, and until when they last.
 * @throws the signal's reason
 */
export async function checkKeys(
  config: Config,
  credentials: CredentialsHolder,
  words: Words,
  signal: AbortSignal,
): Promise<Check> {
  try {
    const { token } = await orAborted(Promise.resolve(credentials.current()), signal);
    const { role, expires } = credentials.about();
    const isFromEnvironment = config.credentials === 'config' && 'secret_id' in secretsOf(process.env);
    const from = words.doctor.keysFrom(isFromEnvironment ? 'environment' : config.credentials, role);
    const until = expires === undefined ? undefined : new Date(expires);
    return {
      name: 'keys',
      status: 'ok',
      message: from + words.doctor.keysLast(token !== undefined, until),
    };
  } catch (error) {
    signal.throwIfAborted();
    const { code, message } = describe(error as Failure, words);
    return { name: 'keys', status: 'fail', message: `code: ${code}, ${message}` };
  }
}
