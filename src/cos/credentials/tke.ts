import { readFile } from 'node:fs/promises';
import type { Failure } from '../../failure.ts';
import { askService, connectionError } from './ask-service.ts';
import { checkedCredentials, type Fetched, fieldsOf, sourceFailure } from './credentials.ts';

/** The second can be reached from inside the cloud also where the first cannot. */
const STS = ['https://sts.tencentcloudapi.com', 'https://sts.internal.tencentcloudapi.com'];
/** ms */
const TIME_LIMIT = 10_000;
/** What the cluster sets in a pod whose service account has a role. */
const VARIABLES = ['TKE_REGION', 'TKE_PROVIDER_ID', 'TKE_ROLE_ARN', 'TKE_WEB_IDENTITY_TOKEN_FILE'] as const;

type Identity = Readonly<Record<(typeof VARIABLES)[number], string>>;

interface Options {
  environment: NodeJS.ProcessEnv;
  /** Another place of the STS. */
  url?: string | undefined;
  /** The proxy to a place, if there is one. */
  proxyOf(url: string): string | undefined;
  signal: AbortSignal;
}

/** Whether this is a pod with an identity of its own. */
export function isInPod(environment: NodeJS.ProcessEnv): boolean {
  return VARIABLES.every(name => environment[name]);
}

/**
 * Credentials of a pod's role: AssumeRoleWithWebIdentity, which is not signed.
 * Source: cloud.tencent.com/document/product/1312/73070.
 * @throws Failure
 */
export async function fetchFromPod(options: Options): Promise<Fetched> {
  const identity = identityOf(options.environment);
  // The cluster writes a new one now and then.
  const token = await readToken(identity.TKE_WEB_IDENTITY_TOKEN_FILE);
  const places = options.url === undefined ? STS : [options.url];
  let unreachable: Failure | undefined;
  for (const url of places) {
    try {
      return await assumeRole(url, identity, token, options);
    } catch (error) {
      if ((error as Failure).code !== 'StsUnreachable') throw error;
      unreachable ??= error as Failure;
    }
  }
  throw unreachable;
}

function identityOf(environment: NodeJS.ProcessEnv): Identity {
  const missing = VARIABLES.find(name => !environment[name]);
  if (missing !== undefined) throw sourceFailure('refused', 'WebIdentityMissing', missing);
  return Object.fromEntries(VARIABLES.map(name => [name, environment[name]])) as Identity;
}

async function readToken(file: string): Promise<string> {
  try {
    return (await readFile(file, 'utf8')).trim();
  } catch (error) {
    const { code = '' } = error as NodeJS.ErrnoException;
    throw sourceFailure('refused', 'WebIdentityMissing', `${file}: ${code}`, error);
  }
}

async function assumeRole(
  url: string,
  identity: Identity,
  token: string,
  { proxyOf, signal }: Options,
): Promise<Fetched> {
  const answer = await askService({
    url,
    method: 'POST',
    headers: {
      authorization: 'SKIP',
      'content-type': 'application/json',
      'x-tc-action': 'AssumeRoleWithWebIdentity',
      'x-tc-version': '2018-08-13',
      'x-tc-region': identity.TKE_REGION,
      'x-tc-timestamp': String(Math.floor(Date.now() / 1_000)),
    },
    body: JSON.stringify({
      ProviderId: identity.TKE_PROVIDER_ID,
      WebIdentityToken: token,
      RoleArn: identity.TKE_ROLE_ARN,
      RoleSessionName: 'cos_sync',
    }),
    timeLimit: TIME_LIMIT,
    proxy: proxyOf(url),
    signal,
  }).catch(error => {
    throw sourceFailure('unreachable', 'StsUnreachable', connectionError(error), error);
  });
  if (answer.status !== 200) throw sourceFailure('unreachable', 'StsUnreachable', `HTTP ${answer.status}`);
  const response = Object(fieldsOf(answer.text).Response) as Record<string, unknown>;
  if (response.Error !== undefined) throw refusal(Object(response.Error), token);
  const { TmpSecretId, TmpSecretKey, Token } = Object(response.Credentials) as Record<string, unknown>;
  const life = Number(response.ExpiredTime) * 1_000 - answer.time;
  if (Number.isNaN(life)) throw sourceFailure('refused', 'CredentialsUnreadable');
  if (life <= 0) throw sourceFailure('unreachable', 'CredentialsExpired');
  return {
    credentials: checkedCredentials(TmpSecretId, TmpSecretKey, Token),
    life,
    role: identity.TKE_ROLE_ARN,
  };
}

/** What passes by itself. */
const PASSING = /^(InternalError|RequestLimitExceeded|ResourceUnavailable)/;

function refusal({ Code, Message }: Record<string, unknown>, token: string): Failure {
  const said = `${String(Code)}: ${String(Message)}`.replaceAll(token, '…');
  return sourceFailure(PASSING.test(String(Code)) ? 'unreachable' : 'refused', 'StsRefused', said);
}
