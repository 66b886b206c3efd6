import { proxyFor } from '../../config/proxy.ts';
import type { Config } from '../../config/schema.ts';
import type { Credentials, CredentialsHolder, CredentialsSource } from './credentials.ts';
import { holdCredentials, holdFixed } from './holder.ts';

/** For private clouds, and for tests: where the metadata service and the STS are. */
export const METADATA_URL = 'COS_SYNC_METADATA_URL';
const STS_URL = 'COS_SYNC_STS_URL';

export interface CredentialsOptions {
  /** Ends what is under way. */
  signal?: AbortSignal;
  /** Reads the configuration's keys again; undefined where it cannot be read. */
  reread?: (() => Credentials | undefined) | undefined;
  environment?: NodeJS.ProcessEnv;
}

/** The credentials that a configuration says. Nothing is asked for yet. */
export function credentialsOf(config: Config, options: CredentialsOptions = {}): CredentialsHolder {
  const source = sourceOf(config, options.environment ?? process.env);
  if (source) return holdCredentials(source, options.signal ?? new AbortController().signal);
  const { secretId, secretKey, token } = config;
  return holdFixed({ secretId, secretKey, token }, options.reread);
}

/** undefined where they stand in the configuration. What asks is loaded only when it is to ask. */
function sourceOf(config: Config, environment: NodeJS.ProcessEnv): CredentialsSource | undefined {
  const { credentials, credentialsRole, credentialsCommand = [] } = config;
  switch (credentials) {
    case 'cvm_role':
      return {
        async fetch(signal) {
          const { fetchFromRole } = await import('./cvm-role.ts');
          return fetchFromRole(credentialsRole, { url: environment[METADATA_URL] || undefined, signal });
        },
      };
    case 'tke':
      return {
        async fetch(signal) {
          const { fetchFromPod } = await import('./tke.ts');
          const proxyOf = (url: string) => proxyFor(url, config)?.url;
          return fetchFromPod({ environment, url: environment[STS_URL] || undefined, proxyOf, signal });
        },
      };
    case 'command':
      return {
        async fetch(signal) {
          const { fetchFromCommand } = await import('./command.ts');
          return fetchFromCommand(credentialsCommand, { signal });
        },
      };
    default:
      return undefined;
  }
}
