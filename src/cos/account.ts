import { setTimeout as delay } from 'node:timers/promises';
import COS from 'cos-nodejs-sdk-v5';
import type { Failure } from '../failure.ts';
import type { Access } from './access.ts';
import type { Credentials } from './credentials/credentials.ts';
import { isOfCredentials } from './credentials/refusal.ts';
import { isFromCos, notFromCos } from './errors.ts';
import { WHOLE_ANSWER } from './http/http.ts';
import { maskOf } from './http/secrets.ts';
import { signatureIn } from './http/signature.ts';
import { failureOfSdk } from './sdk-failure.ts';
import type { ListedBucket } from './store.ts';

/**
 * GET Service (436/8291): the account's buckets, to find out a bucket's region.
 * @throws Failure
 */
export async function listBuckets(access: Account): Promise<ListedBucket[]> {
  const used = await access.credentials.current();
  try {
    return await askForBuckets(access, used);
  } catch (error) {
    const others = isOfCredentials(error as Failure) && (await access.credentials.renewed(used));
    if (!others) throw error;
    return askForBuckets(access, others);
  }
}

type Account = Omit<Access, 'bucket' | 'region' | 'host'>;

async function askForBuckets(
  { protocol, timeout, proxy, userAgent }: Account,
  { secretId, secretKey, token }: Credentials,
): Promise<ListedBucket[]> {
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
    const { Buckets, headers, statusCode } = await Promise.race([
      cos.getService({}),
      tooLong(timeout * 1_000 * WHOLE_ANSWER),
    ]);
    if (!isFromCos(headers ?? {})) throw notFromCos(statusCode ?? 0);
    return (Buckets ?? []).map(bucket => ({ name: bucket.Name, region: bucket.Location }));
  } catch (error) {
    throw failureOfSdk(error, maskOf([secretKey, token, ...sent]));
  }
}

/** The SDK's time begins anew with each byte. */
async function tooLong(ms: number): Promise<never> {
  await delay(ms, undefined, { ref: false });
  throw Object.assign(new Error('ETIMEDOUT'), { code: 'ETIMEDOUT' });
}

/** What the SDK does and its types do not tell. */
interface SdkEvents {
  on(
    event: 'before-send',
    listener: (request: { headers: Record<string, string | undefined> }) => void,
  ): void;
}
