import type { Config } from '../config/schema.ts';
import { Failure } from '../failure.ts';
import type { Connection } from './access.ts';
import { isRegion } from './form.ts';
import type { ListedBucket, ObjectStore } from './store.ts';

type Ask = <T>(request: () => Promise<T>) => Promise<T>;

/**
 * Opens the store that a configuration names. What talks to COS is loaded only here: a run with nothing
 * to do needs neither it nor the network.
 * @param ask sends the request that finds out the region, and may repeat it
 * @throws Failure (refused) where the bucket's region is not configured and cannot be found out
 */
export async function connect(config: Config, userAgent: string, ask?: Ask): Promise<ObjectStore> {
  const { openStore } = await import('./client.ts');
  return openStore(await connectionOf(config, userAgent, ask));
}

/**
 * How a configuration's bucket is reached.
 * @throws Failure as connect
 */
export async function connectionOf(
  config: Config,
  userAgent: string,
  ask: Ask = request => request(),
): Promise<Connection> {
  const { bucket, endpoint } = config;
  const template = endpoint === '' ? '{bucket}.cos.{region}.myqcloud.com' : hostOf(endpoint);
  const isRegionNeeded = template.includes('{region}');
  const region =
    config.region || !isRegionNeeded
      ? config.region
      : await findRegion(bucket, () => ask(() => accountBuckets(config, userAgent)));
  const host = template.replaceAll('{bucket}', bucket).replaceAll('{region}', region);
  return { ...accountOf(config, userAgent), bucket, region, host };
}

/** The buckets of the account, each with its region. @throws Failure */
export async function accountBuckets(config: Config, userAgent: string): Promise<ListedBucket[]> {
  const { listBuckets } = await import('./account.ts');
  return listBuckets(accountOf(config, userAgent));
}

function accountOf(config: Config, userAgent: string) {
  const { secretId, secretKey, token, timeout, proxy } = config;
  return { secretId, secretKey, token, timeout, proxy, userAgent, protocol: protocolOf(config) };
}

async function findRegion(
  bucket: string,
  listBuckets: () => Promise<{ name: string; region: string }[]>,
): Promise<string> {
  const buckets = await listBuckets().catch((failure: Failure) => {
    if (failure.kind !== 'denied') throw failure;
    return [];
  });
  const found = buckets.find(({ name, region }) => name === bucket && isRegion(region));
  if (found) return found.region;
  throw new Failure('refused', { code: 'RegionUnknown', message: bucket });
}

function protocolOf({ endpoint, enableHttps }: Config): Connection['protocol'] {
  if (/^http:/i.test(endpoint)) return 'http:';
  if (/^https:/i.test(endpoint)) return 'https:';
  return enableHttps ? 'https:' : 'http:';
}

function hostOf(endpoint: string): string {
  return endpoint.replace(/^https?:\/\//i, '').replace(/\/$/, '');
}
