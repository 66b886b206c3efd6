import { askService, connectionError, type ServiceAnswer } from './ask-service.ts';
import { checkedCredentials, type Fetched, fieldsOf, sourceFailure } from './credentials.ts';

/** Where a cloud server learns about itself. Source: cloud.tencent.com/document/product/213/4934. */
const METADATA = 'http://metadata.tencentyun.com';
const ROLES = '/latest/meta-data/cam/security-credentials/';
/** ms; it is on the same machine, as it were */
const TIME_LIMIT = 5_000;
/** What a CAM role may be called. */
const ROLE_NAME = /^[\w+=,.@-]{1,128}$/;

interface Options {
  /** Another place of the metadata service. */
  url?: string | undefined;
  signal: AbortSignal;
  timeLimit?: number;
}

/**
 * Credentials of the machine's CAM role.
 * @param role its name; undefined: the one that the machine has
 * @throws Failure
 */
export async function fetchFromRole(role: string | undefined, options: Options): Promise<Fetched> {
  const name = role ?? (await roleOf(options));
  const answer = await ask(name, options);
  if (answer.status === 404) throw sourceFailure('refused', 'RoleMissing', name);
  checkStatus(answer);
  const fields = fieldsOf(answer.text);
  if (fields.Code !== 'Success')
    throw sourceFailure('refused', 'RoleRefused', `${name}: ${String(fields.Code)}`);
  const credentials = checkedCredentials(fields.TmpSecretId, fields.TmpSecretKey, fields.Token);
  const expires = Number(fields.ExpiredTime) * 1_000;
  if (!(expires > 0)) throw sourceFailure('refused', 'CredentialsUnreadable');
  // Its clock and not this machine's, which may be wrong.
  const life = expires - answer.time;
  if (life <= 0) throw sourceFailure('unreachable', 'CredentialsExpired', new Date(expires).toISOString());
  return { credentials, life, role: name };
}

/** The name of the machine's role. @throws Failure */
export async function roleOf(options: Options): Promise<string> {
  const answer = await ask('', options);
  const [first = ''] = answer.status === 404 ? [] : answer.text.trim().split(/\s+/);
  if (answer.status === 404 || (answer.status === 200 && first === ''))
    throw sourceFailure('refused', 'RoleMissing');
  checkStatus(answer);
  if (!ROLE_NAME.test(first)) throw sourceFailure('refused', 'CredentialsUnreadable');
  return first;
}

function checkStatus({ status }: ServiceAnswer): void {
  if (status !== 200) throw sourceFailure('unreachable', 'MetadataUnreachable', `HTTP ${status}`);
}

async function ask(
  name: string,
  { url = METADATA, signal, timeLimit = TIME_LIMIT }: Options,
): Promise<ServiceAnswer> {
  try {
    return await askService({ url: `${url}${ROLES}${encodeURIComponent(name)}`, timeLimit, signal });
  } catch (error) {
    throw sourceFailure('unreachable', 'MetadataUnreachable', connectionError(error), error);
  }
}
