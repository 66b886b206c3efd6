import { BlockList, isIP } from 'node:net';

/** The proxies that the environment names. */
export interface EnvironmentProxies {
  /** By the protocol of what is asked for. */
  http: NamedProxy | undefined;
  https: NamedProxy | undefined;
  /** Hosts that are asked directly, as NO_PROXY has them. */
  direct: readonly string[];
}

/** A proxy's URL, and what names it: `proxy`, or a variable of the environment. */
export interface NamedProxy {
  url: string;
  source: string;
}

/** Reads HTTPS_PROXY, HTTP_PROXY and NO_PROXY in either case, as curl does; `host:port` is an http proxy. */
export function proxiesIn(environment: NodeJS.ProcessEnv): EnvironmentProxies {
  const named = (name: string): NamedProxy | undefined => {
    const source = [name.toLowerCase(), name].find(variable => environment[variable]?.trim());
    if (source === undefined) return undefined;
    const value = environment[source]?.trim() ?? '';
    return { url: /^[a-z][a-z0-9+.-]*:\/\//i.test(value) ? value : `http://${value}`, source };
  };
  const direct = (environment.no_proxy || environment.NO_PROXY || '').split(/[\s,]+/).filter(Boolean);
  return { http: named('HTTP_PROXY'), https: named('HTTPS_PROXY'), direct };
}

export function isProxy(url: string): boolean {
  return /^https?:\/\/[^\s/]+\/?$/i.test(url) && URL.canParse(url);
}

/**
 * The proxy through which a host is asked: the configured one, else the environment's, which is never for this
 * machine itself.
 * @param origin `https://host` or `http://host:port`
 */
export function proxyFor(
  origin: string,
  { proxy, environmentProxies: found }: { proxy: string | undefined; environmentProxies: EnvironmentProxies },
): NamedProxy | undefined {
  if (proxy !== undefined) return { url: proxy, source: 'proxy' };
  const { protocol, hostname, port } = new URL(origin);
  const host = hostname.replace(/^\[|\]$/g, '');
  if (isThisMachine(host) || found.direct.some(entry => covers(entry, host, port))) return undefined;
  return protocol === 'https:' ? found.https : found.http;
}

function isThisMachine(host: string): boolean {
  return host === 'localhost' || host === '::1' || /^127\./.test(host);
}

/** An entry of NO_PROXY: `*`, a name with all below it, an address, a network, each with or without a port. */
function covers(entry: string, host: string, port: string): boolean {
  if (entry === '*') return true;
  const [network = '', bits] = entry.split('/');
  if (bits !== undefined) return isIP(host) > 0 && isIn(network, Number(bits), host);
  const [, name = '', itsPort] =
    /^\*?\.?(\[.*\]|[^:]*|.*:.*:.*?)(?::(\d+))?$/.exec(entry.toLowerCase()) ?? [];
  const bare = name.replace(/^\[|\]$/g, '');
  if (bare === '' || (itsPort !== undefined && itsPort !== port)) return false;
  return host === bare || host.endsWith(`.${bare}`);
}

function isIn(network: string, bits: number, host: string): boolean {
  const family = isIP(network) === 6 ? 'ipv6' : 'ipv4';
  const list = new BlockList();
  try {
    list.addSubnet(network, bits, family);
  } catch {
    return false;
  }
  return list.check(host, isIP(host) === 6 ? 'ipv6' : 'ipv4');
}
