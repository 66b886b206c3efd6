import { isIPv6 } from 'node:net';

/** `host` or `host:port`; an IPv6 address is in brackets. */
const HOST = /^(?:[\w.-]+|\[[\da-f:.]+\])(?::\d{1,5})?$/i;
const SCHEME = /^https?:\/\//i;

/** COS's own domains. Source: COS "Regions and access endpoints" (436/6224). */
const OWN_DOMAIN = String.raw`(?:myqcloud\.com|tencentcos\.cn)`;
/** One of COS's hosts without a bucket before it: a region's, or the accelerate domain. */
const WITHOUT_BUCKET = new RegExp(
  `^(https?://)?(cos(?:-internal)?\\.[a-z0-9-]+\\.${OWN_DOMAIN}(?::\\d+)?)/?$`,
  'i',
);
const ACCELERATED = new RegExp(`(?:^|[./])cos(?:-internal)?\\.accelerate\\.${OWN_DOMAIN}(?::\\d+)?/?$`, 'i');
const BUCKET_HOST = new RegExp(
  `^(?:https?://)?([a-z0-9-]+)\\.cos(?:-internal)?\\.([a-z0-9-]+)\\.${OWN_DOMAIN}/?$`,
  'i',
);

export function isHost(text: string): boolean {
  return HOST.test(text);
}

/** Whether it can be an endpoint: a host, or the URL of one, with or without placeholders. */
export function isEndpoint(endpoint: string): boolean {
  const filled = endpoint.replaceAll('{bucket}', 'b').replaceAll('{region}', 'r');
  return isHost(filled.replace(SCHEME, '').replace(/\/$/, ''));
}

/** An IPv6 address without its brackets, of which nobody can tell where it ends and the port begins. */
export function isBareIpv6(endpoint: string): boolean {
  return isIPv6(endpoint);
}

/** Whether it is the accelerate domain, which serves uploads and downloads and nothing else. */
export function isAccelerated(endpoint: string): boolean {
  return ACCELERATED.test(endpoint);
}

/** One of COS's own hosts without a bucket is meant as the bucket's: COS knows no paths that begin with a bucket. */
export function withBucket(endpoint: string): string {
  return endpoint.replace(WITHOUT_BUCKET, (_, scheme = '', host) => `${scheme}{bucket}.${host}`);
}

/** The bucket and the region in a whole host name that was given as the bucket. */
export function ownHostIn(bucket: string): { value: string; bucket: string; region: string } | undefined {
  const [, name, region] = BUCKET_HOST.exec(bucket) ?? [];
  return name && region ? { value: bucket, bucket: name, region } : undefined;
}
