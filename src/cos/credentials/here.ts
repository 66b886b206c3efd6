import { roleOf } from './cvm-role.ts';
import { METADATA_URL } from './of-config.ts';
import { isInPod } from './tke.ts';

/** ms; a machine that has no metadata service may not even refuse the connection */
const TIME_LIMIT = 1_000;

/** What a machine has of its own: for the key `credentials`. */
export type CredentialsHere = { source: 'tke' } | { source: 'cvm_role'; role: string };

/** Looks for a role of the pod or the machine that this runs on; undefined where there is none. */
export async function credentialsHere(
  environment: NodeJS.ProcessEnv,
  signal: AbortSignal,
): Promise<CredentialsHere | undefined> {
  if (isInPod(environment)) return { source: 'tke' };
  try {
    const url = environment[METADATA_URL] || undefined;
    return { source: 'cvm_role', role: await roleOf({ url, signal, timeLimit: TIME_LIMIT }) };
  } catch {
    return undefined;
  }
}
