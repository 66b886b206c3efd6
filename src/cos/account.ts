import COS from 'cos-nodejs-sdk-v5';
import type { Access } from './access.ts';
import { failureOfSdk } from './sdk-failure.ts';
import type { ListedBucket } from './store.ts';

/**
 * GET Service (436/8291): the account's buckets, to find out a bucket's region.
 * @throws Failure
 */
export async function listBuckets(
  access: Omit<Access, 'bucket' | 'region' | 'host'>,
): Promise<ListedBucket[]> {
  const cos = new COS({
    SecretId: access.secretId,
    SecretKey: access.secretKey,
    Protocol: access.protocol,
    Timeout: access.timeout * 1000,
    Proxy: access.proxy ?? '',
    UserAgent: access.userAgent,
    ...(access.token ? { SecurityToken: access.token } : {}),
  } as COS.COSOptions);
  try {
    const { Buckets } = await cos.getService({});
    return (Buckets ?? []).map(bucket => ({ name: bucket.Name, region: bucket.Location }));
  } catch (error) {
    throw failureOfSdk(error);
  }
}
