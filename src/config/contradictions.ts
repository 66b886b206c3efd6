import { isAbsolute } from 'node:path';
import { isAccelerated, isBareIpv6, isEndpoint, isHost, ownHostIn } from './endpoint.ts';
import type { Fault, Problem } from './faults.ts';
import { type EnvironmentProxies, isProxy } from './proxy.ts';
import { currentRegion } from './regions.ts';
import type { Shard } from './shard.ts';
import { isPlaceholder } from './values.ts';

/** Values that are right by themselves, as far as they are: what is looked at is what they mean together. */
interface Given {
  credentials?: string | undefined;
  credentials_command?: readonly string[] | undefined;
  appid?: string | undefined;
  app_id?: string | undefined;
  bucket?: string | undefined;
  region?: string | undefined;
  endpoint?: string | undefined;
  sign_host?: string | undefined;
  proxy?: string | undefined;
  cos_path?: string | undefined;
  metrics_file?: string | undefined;
  failed_file?: string | undefined;
  local_path?: string | undefined;
  headers?: Readonly<Record<string, string>> | undefined;
  shard?: Shard | undefined;
  daemon_mode?: boolean | undefined;
  watch?: boolean | undefined;
}

/** Notes one fault of a key. */
type Note = (key: string, problem: Problem, given?: Fault['values']) => void;

/**
 * What a configuration's values cannot mean.
 * @param faulty keys that have a fault already
 */
export function contradictions(
  values: Given,
  faulty: ReadonlySet<string>,
  environmentProxies: EnvironmentProxies,
): Fault[] {
  const faults: Fault[] = [];
  const note: Note = (key, problem, given = {}) => {
    if (!faulty.has(key)) faults.push({ key, problem, values: given });
  };
  if (values.credentials_command !== undefined && values.credentials !== 'command')
    note('credentials_command', 'needsCommandSource');
  if (values.shard && (values.daemon_mode || values.watch)) note('shard', 'shardNotInDaemon');
  // The later one would take the earlier one's place in every run.
  if (values.failed_file !== undefined && values.failed_file === values.metrics_file)
    note('failed_file', 'sameFile', { value: 'metrics_file' });
  noteBucket(values, note);
  noteReach(values, note);
  notePaths(values, note);
  if (values.proxy === undefined) faults.push(...proxyFaults(environmentProxies));
  return faults;
}

function noteBucket({ bucket, endpoint, region, ...values }: Given, note: Note): void {
  const appid = values.appid ?? values.app_id;
  const appidKey = values.appid === undefined ? 'app_id' : 'appid';
  if (appid !== undefined && isPlaceholder(appid)) note(appidKey, 'placeholder', { value: appid });
  else if (appid !== undefined && !/^\d{5,15}$/.test(appid)) note(appidKey, 'badAppid', { value: appid });
  if (bucket !== undefined) {
    const own = ownHostIn(bucket);
    if (own) note('bucket', 'bucketIsHost', own);
    else if (isPlaceholder(bucket)) note('bucket', 'placeholder', { value: bucket });
    else if (!/^[a-z0-9][a-z0-9.-]*$/.test(bucket)) note('bucket', 'badBucket', { value: bucket });
    else if (!appid && !endpoint && !/-\d+$/.test(bucket))
      note('bucket', 'bucketWithoutAppid', { value: bucket });
  }
  if (region !== undefined && isPlaceholder(region)) note('region', 'placeholder', { value: region });
  else if (region !== undefined && !/^[a-z0-9-]+$/.test(currentRegion(region))) {
    note('region', 'badRegion', { value: region });
  }
}

function noteReach({ endpoint, region, headers, proxy, sign_host: signHost }: Given, note: Note): void {
  if (endpoint !== undefined && isBareIpv6(endpoint)) {
    note('endpoint', 'bareIpv6', { value: endpoint, right: `http://[${endpoint}]` });
  } else if (endpoint !== undefined && !isEndpoint(endpoint)) {
    note('endpoint', 'badEndpoint', { value: endpoint });
  } else if (endpoint !== undefined && isAccelerated(endpoint) && !region) {
    note('region', 'regionForAccelerate');
  }
  if (signHost !== undefined && !isHost(signHost)) note('sign_host', 'badHost', { value: signHost });
  const badMeta = Object.keys(headers ?? {}).find(name => /^x-cos-meta-.*[^a-z0-9-]/i.test(name));
  if (badMeta !== undefined) note('headers', 'badMetaName', { value: badMeta });
  if (proxy !== undefined && !isProxy(proxy)) note('proxy', 'badProxy');
}

function notePaths({ cos_path: cosPath, local_path: localPath }: Given, note: Note): void {
  if (cosPath !== undefined && /(?:^|[\\/])\.{1,2}(?:[\\/]|$)/.test(cosPath)) {
    note('cos_path', 'dotsInPath', { value: cosPath });
  }
  if (localPath === undefined) return;
  if (/[\u0000-\u001f]/.test(localPath)) {
    note('local_path', 'escapedPath', { value: JSON.stringify(localPath) });
  } else if (!isAbsolute(localPath)) note('local_path', 'notAbsolute', { value: localPath });
}

function proxyFaults({ http, https }: EnvironmentProxies): Fault[] {
  const bad = [http, https].filter(proxy => proxy !== undefined && !isProxy(proxy.url));
  return bad.map(proxy => ({ key: 'proxy', problem: 'badProxy', values: {}, source: proxy?.source ?? '' }));
}
