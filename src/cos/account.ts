import COS from 'cos-nodejs-sdk-v5';
import type { Connection } from './access.ts';
import { failureOfSdk } from './sdk-failure.ts';
import type { ListedBucket } from './store.ts';

/**
 * GET Service (436/8291): the account's buckets, to find out a bucket's region.
 * @throws Failure
 */
export async function listBuckets(
  connection: Omit<Connection, 'bucket' | 'region' | 'host'>,
): Promise<ListedBucket[]> {
  const cos = new COS({
    SecretId: connection.secretId,
    SecretKey: connection.secretKey,
    Protocol: connection.protocol,
    Timeout: connection.timeout * 1000,
    Proxy: connection.proxy ?? '',
    UserAgent: connection.userAgent,
    ...(connection.token ? { SecurityToken: connection.token } : {}),
  } as COS.COSOptions);
  try {
    const { Buckets } = await cos.getService({});
    return (Buckets ?? []).map(bucket => ({ name: bucket.Name, region: bucket.Location }));
  } catch (error) {
    throw failureOfSdk(error);
  }
}
