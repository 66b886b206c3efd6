import test from 'ava';
import { isAccelerated, isBareIpv6, isEndpoint, ownHostIn, withBucket } from '../../src/config/endpoint.ts';

for (const [given, meant] of [
  ['cos.ap-guangzhou.myqcloud.com', '{bucket}.cos.ap-guangzhou.myqcloud.com'],
  ['https://cos.ap-guangzhou.tencentcos.cn/', 'https://{bucket}.cos.ap-guangzhou.tencentcos.cn'],
  ['http://cos.accelerate.myqcloud.com', 'http://{bucket}.cos.accelerate.myqcloud.com'],
  ['cos-internal.ap-beijing.tencentcos.cn', '{bucket}.cos-internal.ap-beijing.tencentcos.cn'],
  ['b-1.cos.ap-guangzhou.myqcloud.com', 'b-1.cos.ap-guangzhou.myqcloud.com'],
  ['{bucket}.cos.{region}.myqcloud.com', '{bucket}.cos.{region}.myqcloud.com'],
  ['cos.example.com', 'cos.example.com'],
  ['127.0.0.1:9000', '127.0.0.1:9000'],
] as const) {
  test(`${given} is meant as ${meant}`, t => t.is(withBucket(given), meant));
}

test('hosts, addresses and their URLs are endpoints', t => {
  const right = ['cos.example.com', 'host:9000', 'http://127.0.0.1:9000/', '[::1]:9000', 'http://[fd00::1]'];
  for (const endpoint of right) t.true(isEndpoint(endpoint), endpoint);
  const wrong = ['http://', 'https://host/path', 'ftp://host', 'a b', '[::1', 'host:port'];
  for (const endpoint of wrong) t.false(isEndpoint(endpoint), endpoint);
  t.true(isBareIpv6('fd00::1'));
  t.false(isBareIpv6('host:9000'));
});

test('the accelerate domain is known by its name', t => {
  for (const endpoint of ['cos.accelerate.myqcloud.com', 'http://b-1.cos.accelerate.myqcloud.com']) {
    t.true(isAccelerated(endpoint), endpoint);
  }
  for (const endpoint of ['cos.ap-guangzhou.myqcloud.com', 'accelerate.example.com']) {
    t.false(isAccelerated(endpoint), endpoint);
  }
});

test('a complete host name given as the bucket holds bucket and region', t => {
  t.like(ownHostIn('https://b-1250000000.cos.ap-guangzhou.myqcloud.com/'), {
    bucket: 'b-1250000000',
    region: 'ap-guangzhou',
  });
  t.is(ownHostIn('b-1250000000'), undefined);
});
