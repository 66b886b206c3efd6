import COS from 'cos-nodejs-sdk-v5';
import type { Access } from './access.ts';
import { maskOf } from './http/secrets.ts';
import { signatureIn } from './http/signature.ts';
import { failureOfSdk } from './sdk-failure.ts';
import type { ListedBucket } from './store.ts';

/**
 * GET Service (436/8291): the account's buckets, to find out a bucket's region.
 * @throws Failure
 */
export async function listBuckets(
  access: Omit<Access, 'bucket' | 'region' | 'host'>,
): Promise<ListedBucket[]> {
  const { secretId, secretKey, token, protocol, timeout, proxy, userAgent } = access;
  const cos = new COS({
    SecretId: secretId,
    SecretKey: secretKey,
    Protocol: protocol,
    Timeout: timeout * 1000,
    Proxy: proxy ?? '',
    UserAgent: userAgent,
    ...(token ? { SecurityToken: token } : {}),
  } as COS.COSOptions);
  const sent: string[] = [];
  (cos as unknown as SdkEvents).on('before-send', ({ headers }) =>
    sent.push(signatureIn(headers.Authorization ?? '')),
  );
  try {
    const { Buckets } = await cos.getService({});
    return (Buckets ?? []).map(bucket => ({ name: bucket.Name, region: bucket.Location }));
  } catch (error) {
    throw failureOfSdk(error, maskOf([secretKey, token, ...sent]));
  }
}

/** What the SDK does and its types do not tell. */
interface SdkEvents {
  on(
    event: 'before-send',
    listener: (request: { headers: Record<string, string | undefined> }) => void,
  ): void;
}
