import type { Invocation } from '../../cli/invocation.ts';
import { loadConfig } from '../../config/load.ts';
import type { Config } from '../../config/schema.ts';
import type { Credentials, CredentialsHolder } from '../../cos/credentials/credentials.ts';
import { credentialsOf } from '../../cos/credentials/of-config.ts';

/**
 * The credentials of a configuration, for a command or for all runs of a daemon. A key pair that was changed in the
 * file meanwhile counts as soon as COS refuses the old one.
 */
export function holdCredentials(
  { home, overrides, signal }: Pick<Invocation, 'home' | 'overrides' | 'signal'>,
  config: Config,
): CredentialsHolder {
  function reread(): Credentials | undefined {
    try {
      const { config: anew } = loadConfig(home.configFile, overrides, process.env);
      const { credentials, secretId, secretKey, token } = anew;
      return credentials === 'config' ? { secretId, secretKey, token } : undefined;
    } catch {
      // A file that is half written, or wrong, says nothing; the refusal is told as it is.
      return undefined;
    }
  }
  return credentialsOf(config, { signal, reread });
}
