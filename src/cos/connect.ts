import { isAccelerated } from '../config/endpoint.ts';
import { proxyFor } from '../config/proxy.ts';
import type { Config } from '../config/schema.ts';
import { Failure, withDetails } from '../failure.ts';
import { orAborted } from '../or-aborted.ts';
import { USER_AGENT } from '../version.ts';
import type { Access } from './access.ts';
import type { CredentialsHolder } from './credentials/credentials.ts';
import { credentialsOf } from './credentials/of-config.ts';
import { isRegion } from './form.ts';
import { headerSafe } from './headers.ts';
import { isOfRequests } from './http/own-headers.ts';
import type { ListedBucket, ObjectStore } from './store.ts';

/** Sends a request, and may repeat it. */
type Send = <T>(request: () => Promise<T>) => Promise<T>;

/**
 * Opens the store that a configuration names. What talks to COS is loaded only here: a run with nothing
 * to do needs neither it nor the network.
 * @param send brings the request that finds out the region on its way
 * @param credentials those of the configuration, where somebody holds them already
 * @throws Failure (refused) where the bucket's region is not configured and cannot be found out
 */
export async function connect(
  config: Config,
  send?: Send,
  credentials?: CredentialsHolder,
): Promise<ObjectStore> {
  const { openStore } = await import('./client.ts');
  return openStore(await accessOf(config, send, credentials));
}

/**
 * As `connect`, for who only reads: nothing of that has to come to its end, so all of it is cut off when the signal
 * is aborted.
 * @param grace ms that what is under way still has then
 * @throws Failure as connect; the signal's reason
 */
export async function connectToRead(
  config: Config,
  signal: AbortSignal,
  send: Send,
  credentials: CredentialsHolder,
  grace = 0,
): Promise<ObjectStore> {
  const store = await orAborted(connect(config, send, credentials), signal);
  signal.addEventListener('abort', () => setTimeout(() => void store.close(), grace).unref());
  return store;
}

/** Loads what talks to COS, so that the first request of a daemon waits for nothing. */
export async function prepareToConnect(): Promise<void> {
  await import('./client.ts');
}

/**
 * How a configuration's bucket is reached.
 * @throws Failure as connect
 */
export async function accessOf(
  config: Config,
  send: Send = request => request(),
  credentials: CredentialsHolder = credentialsOf(config),
): Promise<Access> {
  const { bucket, endpoint } = config;
  const template = endpoint === '' ? '{bucket}.cos.{region}.myqcloud.com' : hostOf(endpoint);
  const isRegionNeeded = template.includes('{region}');
  const region =
    config.region || !isRegionNeeded
      ? config.region
      : await findRegion(bucket, () => send(() => accountBuckets(config, credentials)));
  const host = template.replaceAll('{bucket}', bucket).replaceAll('{region}', region);
  const ordinaryHost = isAccelerated(host) ? `${bucket}.cos.${region}.myqcloud.com` : undefined;
  const { signHost } = config;
  return {
    ...accountOf(config, host),
    credentials,
    bucket,
    region,
    host,
    ordinaryHost,
    signHost,
    requestHeaders: headersIn(config),
  };
}

/** The buckets of the account, each with its region. @throws Failure */
export async function accountBuckets(
  config: Config,
  credentials: CredentialsHolder = credentialsOf(config),
): Promise<ListedBucket[]> {
  const { listBuckets } = await import('./account.ts');
  return listBuckets({ ...accountOf(config, SERVICE_HOST), credentials });
}

/** Where the SDK asks for the account's buckets. */
const SERVICE_HOST = 'service.cos.myqcloud.com';

function accountOf(config: Config, host: string) {
  const { timeout } = config;
  const protocol = protocolOf(config);
  const proxy = proxyFor(`${protocol}//${host}`, config)?.url;
  return { timeout, proxy, userAgent: USER_AGENT, protocol };
}

async function findRegion(
  bucket: string,
  listBuckets: () => Promise<{ name: string; region: string }[]>,
): Promise<string> {
  const buckets = await listBuckets().catch((failure: Failure) => {
    if (failure.kind !== 'denied') throw failure;
    throw withDetails(failure, { code: 'BucketListDenied', cause: failure }, 'refused');
  });
  const found = buckets.find(({ name, region }) => name === bucket && isRegion(region));
  if (found) return found.region;
  throw new Failure('refused', { code: 'RegionUnknown', message: bucket });
}

/** Configured headers that are about requests; undefined where there are none. */
function headersIn({ headers }: Config): Access['requestHeaders'] {
  const own = Object.entries(headers).filter(([name]) => isOfRequests(name));
  if (own.length === 0) return undefined;
  return Object.fromEntries(own.map(([name, value]) => [name.toLowerCase(), headerSafe(value)]));
}

function protocolOf({ endpoint, enableHttps }: Config): Access['protocol'] {
  if (/^http:/i.test(endpoint)) return 'http:';
  if (/^https:/i.test(endpoint)) return 'https:';
  return enableHttps ? 'https:' : 'http:';
}

function hostOf(endpoint: string): string {
  return endpoint.replace(/^https?:\/\//i, '').replace(/\/$/, '');
}
