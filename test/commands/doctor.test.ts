import { once } from 'node:events';
import { readdirSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { networkInterfaces } from 'node:os';
import { join } from 'node:path';
import test from 'ava';
import { type Sandbox, sandbox } from '../support/sandbox.ts';
import { until } from '../support/until.ts';

interface Check {
  name: string;
  status: 'ok' | 'warn' | 'fail' | 'skip';
  message: string;
}

async function examine(box: Sandbox, ...args: string[]) {
  const { code, stdout, stderr } = await box.run('doctor', '--json', ...args);
  const { checks } = JSON.parse(stdout) as { checks: Check[] };
  const of = (name: string) => checks.filter(check => check.name === name);
  return { code, checks, of, stdout, stderr };
}

test('doctor finds nothing wrong where all is well, and leaves nothing behind', async t => {
  const box = await sandbox(t);
  box.write('a.txt', 'one');
  const { code, checks } = await examine(box);
  t.is(code, 0);
  t.deepEqual(
    checks.filter(({ status }) => status === 'fail'),
    [],
  );
  t.true(checks.some(({ name, status }) => name === 'write' && status === 'ok'));
  t.deepEqual([...(await box.objects()).keys()], []);
  t.deepEqual(readdirSync(box.home), ['conf']);
});

test('doctor says whether the bucket keeps versions, and what a deletion leaves then', async t => {
  const box = await sandbox(t);
  const said = async () => (await examine(box)).of('versions').map(({ message }) => message);
  const turn = (Status: 'Enabled' | 'Suspended') =>
    box.cos.putBucketVersioning({
      Bucket: box.server.bucket,
      Region: box.server.region,
      VersioningConfiguration: { Status },
    });
  t.regex((await said()).join(), /^the bucket keeps no versions: /);
  await turn('Enabled');
  box.configure({ delete_sync: 1 });
  t.regex((await said()).join(), /^the bucket keeps versions: .*; with delete_sync 1 what is deleted stays/);
  await turn('Suspended');
  t.regex(
    (await said()).join(),
    /^the bucket keeps the versions it has, and makes no new ones: .*suspended$/,
  );
});

test('doctor counts its findings, and calls nothing all right that has warnings', async t => {
  const box = await sandbox(t);
  const lastLine = async (...args: string[]) => (await box.run('doctor', ...args)).stdout.split('\n').at(-2);
  t.is(await lastLine(), 'no check failed; 1 warning, see above', 'the folder is empty');
  box.write('a.txt', 'one');
  t.is(await lastLine(), 'nothing is wrong', 'http to this machine itself is nothing to warn of');
  box.configure({ local_path: join(box.root, 'nowhere') });
  t.is(await lastLine(), '1 check failed');
});

test('doctor names what makes a connection plain http', async t => {
  const box = await sandbox(t);
  box.write('a.txt', 'one');
  const address = Object.values(networkInterfaces())
    .flat()
    .find(found => found?.family === 'IPv4' && !found.internal)?.address;
  if (address === undefined) return t.log('this machine has no address but loopback');
  const elsewhere = createServer((_, answer) => answer.end()).listen(0, address);
  await once(elsewhere, 'listening');
  t.teardown(() => elsewhere.close());
  const { port } = elsewhere.address() as AddressInfo;
  const tlsOf = async (...args: string[]) => (await examine(box, ...args)).of('tls')[0]?.message ?? '';
  t.regex(await tlsOf('--endpoint', `http://${address}:${port}`), /write https:\/\/ in endpoint/);
  t.regex(await tlsOf('--endpoint', `${address}:${port}`, '--enable-https', '0'), /set enable_https to "1"/);
});

test('doctor reports every fault of the configuration, and checks nothing that hangs on it', async t => {
  const box = await sandbox(t);
  box.configure({ thread_num: '0', local_path: 'relative', bucket: undefined });
  const { code, of } = await examine(box);
  t.is(code, 1);
  t.is(of('config').length, 3);
  t.true(of('write').every(({ status }) => status === 'skip'));
  t.deepEqual(box.proxy.requests, []);
});

test('doctor tells a wrong secret_key from an unknown secret_id, and never shows either', async t => {
  const box = await sandbox(t);
  box.write('a.txt', 'one');
  box.configure({ secret_key: 'anotherSecretKeyThatIsWrong' });
  const wrongKey = await examine(box);
  t.is(wrongKey.code, 1);
  t.regex(wrongKey.of('credentials')[0]?.message ?? '', /SignatureDoesNotMatch/);
  t.false((wrongKey.stdout + wrongKey.stderr).includes('anotherSecretKeyThatIsWrong'));
  box.configure({ secret_id: 'AKIDnobodyKnowsThisOne' });
  const wrongId = await examine(box);
  t.regex(wrongId.of('credentials')[0]?.message ?? '', /InvalidAccessKeyId/);
});

test('doctor names a dead endpoint and an unknown host without hanging', async t => {
  const box = await sandbox(t);
  box.write('a.txt', 'one');
  const dead = await examine(box, '--endpoint', 'http://127.0.0.1:1');
  t.is(dead.code, 1);
  t.is(dead.of('connection')[0]?.status, 'fail');
  t.is(dead.of('write')[0]?.status, 'skip');
  const unknown = await examine(box, '--endpoint', 'http://nobody.invalid');
  t.is(unknown.of('dns')[0]?.status, 'fail');
});

test("doctor takes a captive portal's clock, and its word for a copy, for nobody's", async t => {
  const box = await sandbox(t);
  const date = new Date(Date.now() - 3_600_000).toUTCString();
  box.proxy.fault = ({ method, headers }) => {
    const isCopy = headers['x-cos-copy-source'] !== undefined;
    if (method !== 'HEAD' && !isCopy) return undefined;
    return {
      kind: 'status',
      status: 200,
      code: '',
      headers: { date, 'x-cos-request-id': isCopy ? 'id' : undefined },
    };
  };
  const { of } = await examine(box);
  t.is(of('clock')[0]?.status, 'warn');
  t.is(of('copy')[0]?.status, 'warn');
});

test('doctor fails the clock when it is far from the time of COS', async t => {
  const box = await sandbox(t);
  box.write('a.txt', 'one');
  const date = new Date(Date.now() - 3_600_000).toUTCString();
  box.proxy.fault = ({ method }) => (method === 'HEAD' ? { kind: 'headers', headers: { date } } : undefined);
  const { code, of } = await examine(box);
  t.is(code, 1);
  t.is(of('clock')[0]?.status, 'fail');
  t.regex(of('clock')[0]?.message ?? '', /-3[56]\d\d s/);
});

test('doctor does what a run does, with the configured headers, and leaves nothing behind', async t => {
  const box = await sandbox(t);
  box.write('a.txt', 'one');
  box.configure({
    storage_class: 'STANDARD_IA',
    meta: { owner: 'me' },
    headers: { referer: 'https://a.example' },
  });
  const { code, of } = await examine(box);
  t.is(code, 0);
  for (const name of ['bucket', 'write', 'parts', 'copy', 'delete']) t.is(of(name)[0]?.status, 'ok', name);
  const put = box.proxy.requests.find(({ method, path }) => method === 'PUT' && path.includes('doctor'));
  t.like(put?.headers, {
    'x-cos-storage-class': 'STANDARD_IA',
    'x-cos-meta-owner': 'me',
    referer: 'https://a.example',
  });
  t.deepEqual(await box.keys(), []);
});

test('doctor names the action that a policy lacks, and fails only what a run cannot do without', async t => {
  const box = await sandbox(t);
  box.write('a.txt', 'one');
  box.configure({ delete_sync: 0 });
  const deny = (...actions: string[]) => {
    box.server.traits.deny = actions.map(action => ({ action }));
  };
  deny('InitiateMultipartUpload');
  const noParts = await examine(box);
  t.is(noParts.code, 1);
  t.is(noParts.of('parts')[0]?.status, 'fail');
  t.regex(noParts.of('parts')[0]?.message ?? '', /needs name\/cos:InitiateMultipartUpload/);
  t.is(noParts.of('delete')[0]?.status, 'skip', 'delete_sync is 0');
  deny('AbortMultipartUpload', 'GetObject', 'GetBucket', 'HeadBucket', 'GetBucketVersioning', 'DeleteObject');
  const { code, of } = await examine(box);
  t.is(code, 0);
  for (const [name, status, action] of [
    ['credentials', 'warn', 'GetBucket'],
    ['bucket', 'skip', 'HeadBucket'],
    ['parts', 'warn', 'AbortMultipartUpload'],
    ['copy', 'warn', 'GetObject'],
    ['delete', 'warn', 'DeleteObject'],
    ['versions', 'skip', 'GetBucketVersioning'],
  ] as const) {
    t.is(of(name)[0]?.status, status, name);
    t.true(of(name)[0]?.message.includes(`name/cos:${action}`), of(name)[0]?.message);
  }
});

test('doctor knows buckets of several zones, and a class that does not fit', async t => {
  const box = await sandbox(t);
  box.write('a.txt', 'one');
  box.server.traits.kind = 'MAZ';
  t.regex((await examine(box)).of('bucket')[0]?.message ?? '', /several zones/);
  box.configure({ storage_class: 'STANDARD_IA' });
  const wrong = await examine(box);
  t.is(wrong.of('bucket')[0]?.status, 'fail');
  t.regex(wrong.of('bucket')[0]?.message ?? '', /begins with MAZ_/);
  box.server.traits.kind = 'OFS';
  t.regex((await examine(box)).of('bucket')[0]?.message ?? '', /metadata acceleration/);
});

test('doctor says which proxy is in force, and shows nothing of its user', async t => {
  const box = await sandbox(t);
  box.write('a.txt', 'one');
  const host = 'local-1250000000.cos.ap-local.myqcloud.com';
  box.configure({ endpoint: undefined, enable_https: 0 });
  const url = box.proxy.url.replace('http://', 'http://user:passw0rd@');
  const env = { HTTP_PROXY: url, http_proxy: '', no_proxy: '', NO_PROXY: '' };
  const followed = await box.startAs({ env }, 'doctor', '--json').ended;
  t.is(followed.code, 0, followed.stdout);
  t.regex(followed.stdout, new RegExp(`requests go through ${box.proxy.url} \\(from HTTP_PROXY\\)`));
  t.false(followed.stdout.includes('passw0rd'));
  t.true(box.proxy.requests.every(({ headers }) => headers.host === host));
  const passed = await box.startAs({ env: { ...env, NO_PROXY: '.myqcloud.com' } }, 'doctor', '--json').ended;
  t.regex(passed.stdout, new RegExp(`requests go to ${host} directly: NO_PROXY has it`));
});

test('doctor says that an object can be written and not deleted', async t => {
  const box = await sandbox(t);
  box.write('a.txt', 'one');
  box.proxy.fault = ({ query }) =>
    query.has('delete') ? { kind: 'status', status: 403, code: 'AccessDenied' } : undefined;
  const { code, of } = await examine(box);
  t.is(code, 0);
  t.is(of('write')[0]?.status, 'ok');
  t.is(of('delete')[0]?.status, 'warn');
});

test('doctor fails a missing folder and a damaged ledger', async t => {
  const box = await sandbox(t);
  box.write('a.txt', 'one');
  await box.run();
  const ledger = readdirSync(join(box.home, 'db')).find(name => name.startsWith(box.server.bucket)) ?? '';
  writeFileSync(join(box.home, 'db', ledger), 'no ledger\n');
  const damaged = await examine(box);
  t.is(damaged.code, 1);
  t.is(damaged.of('ledger')[0]?.status, 'fail');
  t.regex(damaged.of('ledger')[0]?.message ?? '', /^damaged: /);
  t.true(readdirSync(join(box.home, 'db')).includes(ledger), 'doctor only looks');
  rmSync(box.local, { recursive: true });
  t.is((await examine(box)).of('folder')[0]?.status, 'fail');
});

test('doctor names the right region of a bucket that is asked for in a wrong one', async t => {
  const box = await sandbox(t);
  box.write('a.txt', 'one');
  box.configure({ endpoint: undefined, enable_https: '0', proxy: box.proxy.url, region: 'ap-beijing' });
  box.proxy.fault = ({ headers }) =>
    String(headers.host).includes('.ap-beijing.')
      ? { kind: 'status', status: 404, code: 'NoSuchBucket' }
      : undefined;
  const { code, of } = await examine(box);
  t.is(code, 1);
  t.is(of('credentials')[0]?.status, 'fail');
  t.regex(of('credentials')[0]?.message ?? '', /is in ap-local, not in ap-beijing/);
});

test("a bucket that another deployment does not have is not looked for in COS's own list", async t => {
  const box = await sandbox(t);
  box.write('a.txt', 'one');
  box.configure({ bucket: 'nobodys-1250000000', endpoint: `http://{bucket}.localhost:${box.proxy.port}` });
  box.proxy.fault = () => ({ kind: 'status', status: 404, code: 'NoSuchBucket' });
  const { code, of } = await examine(box, '--proxy', box.proxy.url);
  t.is(code, 1);
  t.regex(of('credentials')[0]?.message ?? '', /NoSuchBucket/);
  t.true(box.proxy.requests.every(({ headers }) => !String(headers.host).includes('myqcloud')));
});

test('doctor looks at the way to the proxy, and says where it ends', async t => {
  const box = await sandbox(t);
  box.write('a.txt', 'one');
  const { code, of } = await examine(box, '--proxy', 'http://127.0.0.1:1');
  t.is(code, 1);
  t.is(of('connection')[0]?.status, 'fail');
  t.regex(of('connection')[0]?.message ?? '', /127\.0\.0\.1:1 .*ECONNREFUSED/);
  t.is(of('write')[0]?.status, 'skip');
});

test('doctor tells an endpoint without TLS from a certificate that is not trusted', async t => {
  const box = await sandbox(t);
  box.write('a.txt', 'one');
  const { code, of } = await examine(box, '--endpoint', `https://127.0.0.1:${box.proxy.port}`);
  t.is(code, 1);
  t.is(of('tls')[0]?.status, 'fail');
  t.regex(of('tls')[0]?.message ?? '', /the server there does not speak https/);
});

test('doctor names a region that is missing and cannot be found out, and checks nothing behind it', async t => {
  const box = await sandbox(t);
  box.write('a.txt', 'one');
  box.configure({
    endpoint: undefined,
    enable_https: '0',
    proxy: box.proxy.url,
    region: undefined,
    bucket: 'nobodys-1250000000',
  });
  const { code, of } = await examine(box);
  t.is(code, 1);
  t.regex(of('credentials')[0]?.message ?? '', /RegionUnknown/);
  t.is(of('write')[0]?.status, 'skip');
});

for (const [signal, exitCode] of [
  ['SIGINT', 130],
  ['SIGTERM', 143],
] as const) {
  test(`${signal} ends doctor at once with ${exitCode}, though COS does not answer`, async t => {
    const box = await sandbox(t);
    box.write('a.txt', 'one');
    box.proxy.fault = ({ method }) => (method === 'GET' ? { kind: 'hang' } : undefined);
    const running = box.start('doctor');
    await until(() => box.proxy.requests.some(({ method }) => method === 'GET'));
    running.child.kill(signal);
    const begun = Date.now();
    const { code, stderr } = await running.ended;
    t.is(code, exitCode);
    t.true(Date.now() - begun < 9_000, 'sooner than a step of doctor gives up');
    t.regex(stderr, new RegExp(`^cos_sync: interrupted by ${signal}[^\\n]*\\n$`));
  });
}

// Serial: making so many files keeps the servers of other tests from answering.
test.serial('a signal during the scan of doctor is not reported as a fault of the folder', async t => {
  const box = await sandbox(t);
  for (let n = 0; n < 10_000; n++) box.write(`${n % 200}/${n}`, '');
  const running = box.start('doctor');
  await until(() => /config/.test(running.output().stdout));
  running.child.kill('SIGINT');
  const { code, stdout } = await running.ended;
  t.is(code, 130);
  t.notRegex(stdout, /fail|not checked/);
});

test('a signal while doctor writes its object leaves none behind', async t => {
  const box = await sandbox(t);
  box.write('a.txt', 'one');
  box.proxy.fault = ({ method }) => (method === 'PUT' ? { kind: 'slow', ms: 500 } : undefined);
  const running = box.start('doctor');
  await until(() => box.proxy.requests.some(({ method }) => method === 'PUT'));
  running.child.kill('SIGTERM');
  t.is((await running.ended).code, 143);
  t.true(box.proxy.requests.some(({ method, status }) => method === 'POST' && status === 200));
  t.deepEqual(await box.keys(), []);
});

test('doctor looks at the ledger that the next run goes on with', async t => {
  const box = await sandbox(t);
  const change = { endpoint: undefined, enable_https: '0', proxy: box.proxy.url, region: undefined };
  box.configure(change);
  box.write('a.txt', 'one');
  t.is((await box.run()).code, 0);
  box.configure({ ...change, region: box.server.region });
  t.regex((await examine(box)).of('ledger')[0]?.message ?? '', /is whole: 1 record,/);
});
