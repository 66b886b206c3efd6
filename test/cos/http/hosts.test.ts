import test from 'ava';
import { createHosts } from '../../../src/cos/http/hosts.ts';

const HOST = 'example-1250000000.cos.ap-guangzhou.myqcloud.com';
const OTHER = 'example-1250000000.cos.ap-guangzhou.tencentcos.cn';

test('a host of COS that does not answer three times in a row is asked for by its other name', t => {
  const hosts = createHosts(HOST);
  hosts.unanswered(HOST);
  hosts.unanswered(HOST);
  t.is(hosts.current(), HOST);
  hosts.unanswered(HOST);
  t.is(hosts.current(), OTHER);
});

test('an answer in between keeps the name, whatever else failed before', t => {
  const hosts = createHosts(HOST);
  for (let round = 0; round < 5; round++) {
    hosts.unanswered(HOST);
    hosts.unanswered(HOST);
    hosts.answered(HOST);
  }
  t.is(hosts.current(), HOST);
});

test('requests still under way to the name that was given up do not count against the other', t => {
  const hosts = createHosts(HOST);
  for (let request = 0; request < 32; request++) hosts.unanswered(HOST);
  t.is(hosts.current(), OTHER);
});

test('where the other name does not answer either, the first one is tried again', t => {
  const hosts = createHosts(HOST);
  for (let request = 0; request < 3; request++) hosts.unanswered(HOST);
  for (let request = 0; request < 3; request++) hosts.unanswered(OTHER);
  t.is(hosts.current(), HOST);
});

for (const host of [
  '127.0.0.1:9000',
  'files.example.com',
  'example-1250000000.cos.accelerate.myqcloud.com.example.com',
  'example-1250000000.cos.ap-guangzhou.tencentcos.cn',
  'service.cos.myqcloud.com',
]) {
  test(`${host} has no other name`, t => {
    const hosts = createHosts(host);
    for (let request = 0; request < 10; request++) hosts.unanswered(host);
    t.is(hosts.current(), host);
  });
}
