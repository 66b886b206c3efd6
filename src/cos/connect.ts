import type { Config } from '../config/schema.ts';
import { Failure, withDetails } from '../failure.ts';
import { USER_AGENT } from '../version.ts';
import type { Access } from './access.ts';
import { isRegion } from './form.ts';
import type { ListedBucket, ObjectStore } from './store.ts';

/** Sends a request, and may repeat it. */
type Send = <T>(request: () => Promise<T>) => Promise<T>;

/**
 * Opens the store that a configuration names. What talks to COS is loaded only here: a run with nothing
 * to do needs neither it nor the network.
 * @param send brings the request that finds out the region on its way
 * @throws Failure (refused) where the bucket's region is not configured and cannot be found out
 */
export async function connect(config: Config, send?: Send): Promise<ObjectStore> {
  const { openStore } = await import('./client.ts');
  return openStore(await accessOf(config, send));
}

/**
 * How a configuration's bucket is reached.
 * @throws Failure as connect
 */
export async function accessOf(config: Config, send: Send = request => request()): Promise<Access> {
  const { bucket, endpoint } = config;
  const template = endpoint === '' ? '{bucket}.cos.{region}.myqcloud.com' : hostOf(endpoint);
  const isRegionNeeded = template.includes('{region}');
  const region =
    config.region || !isRegionNeeded
      ? config.region
      : await findRegion(bucket, () => send(() => accountBuckets(config)));
  const host = template.replaceAll('{bucket}', bucket).replaceAll('{region}', region);
  return { ...accountOf(config), bucket, region, host };
}

/** The buckets of the account, each with its region. @throws Failure */
export async function accountBuckets(config: Config): Promise<ListedBucket[]> {
  const { listBuckets } = await import('./account.ts');
  return listBuckets(accountOf(config));
}

function accountOf(config: Config) {
  const { secretId, secretKey, token, timeout, proxy } = config;
  return { secretId, secretKey, token, timeout, proxy, userAgent: USER_AGENT, protocol: protocolOf(config) };
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

function protocolOf({ endpoint, enableHttps }: Config): Access['protocol'] {
  if (/^http:/i.test(endpoint)) return 'http:';
  if (/^https:/i.test(endpoint)) return 'https:';
  return enableHttps ? 'https:' : 'http:';
}

function hostOf(endpoint: string): string {
  return endpoint.replace(/^https?:\/\//i, '').replace(/\/$/, '');
}
