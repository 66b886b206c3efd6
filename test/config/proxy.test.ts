import test from 'ava';
import { proxiesIn, proxyFor } from '../../src/config/proxy.ts';

const PROXY = 'http://proxy.example.com:3128';
const HTTPS = 'https://b-1250000000.cos.ap-guangzhou.myqcloud.com';
const HTTP = HTTPS.replace('https:', 'http:');

const through = (origin: string, environment: NodeJS.ProcessEnv, proxy?: string) =>
  proxyFor(origin, { proxy, environmentProxies: proxiesIn(environment) });

test("the environment's proxy is followed by protocol, in either case of its name", t => {
  t.deepEqual(through(HTTPS, { HTTPS_PROXY: PROXY }), { url: PROXY, source: 'HTTPS_PROXY' });
  t.deepEqual(through(HTTPS, { https_proxy: PROXY, HTTPS_PROXY: 'http://other' }), {
    url: PROXY,
    source: 'https_proxy',
  });
  t.is(through(HTTP, { HTTPS_PROXY: PROXY }), undefined);
  t.is(through(HTTP, { HTTP_PROXY: 'proxy.example.com:3128' })?.url, PROXY);
  t.is(through(HTTPS, { HTTPS_PROXY: ' ' }), undefined);
});

test('a configured proxy wins, over NO_PROXY too', t => {
  const environment = { HTTPS_PROXY: 'http://other', NO_PROXY: '*' };
  t.deepEqual(through(HTTPS, environment, PROXY), { url: PROXY, source: 'proxy' });
});

test('this machine is never asked through a proxy of the environment', t => {
  for (const host of ['127.0.0.1:9000', 'localhost:9000', '[::1]:9000']) {
    t.is(through(`http://${host}`, { HTTP_PROXY: PROXY }), undefined, host);
  }
});

for (const [list, origin, isDirect] of [
  ['*', HTTPS, true],
  ['myqcloud.com', HTTPS, true],
  ['.myqcloud.com', HTTPS, true],
  ['*.myqcloud.com', HTTPS, true],
  ['example.com, MYQCLOUD.com', HTTPS, true],
  ['cloud.com', HTTPS, false],
  ['b-1250000000.cos.ap-guangzhou.myqcloud.com', HTTPS, true],
  ['myqcloud.com:8443', HTTPS, false],
  ['cos.example.com:8443', 'https://cos.example.com:8443', true],
  ['10.0.0.0/8', 'https://10.1.2.3:9000', true],
  ['10.0.0.0/8', 'https://11.1.2.3:9000', false],
  ['10.1.2.3', 'https://10.1.2.3:9000', true],
  ['fd00::/8', 'https://[fd00::1]', true],
  ['[fd00::1]', 'https://[fd00::1]', true],
  ['nonsense/99', 'https://10.1.2.3', false],
  ['', HTTPS, false],
] as const) {
  test(`NO_PROXY ${list}: ${origin} is asked ${isDirect ? 'directly' : 'through the proxy'}`, t => {
    t.is(through(origin, { HTTPS_PROXY: PROXY, NO_PROXY: list }) === undefined, isDirect);
  });
}
