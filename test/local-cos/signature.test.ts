import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import test from 'ava';
import COS from 'cos-nodejs-sdk-v5';
import { encodeKey, refusal, type Sandbox, sandbox, send } from './sandbox.ts';

const now = () => Math.floor(Date.now() / 1000);

/** A request whose Authorization is given, with the Host that makes it the default bucket. */
function withAuthorization({ server }: Sandbox, authorization: string | undefined, path = '/k') {
  return send(server.port, { path, headers: { ...(authorization !== undefined && { authorization }) } });
}

/** Makes Authorization headers with a server's own keys, or with others. */
const authorizer =
  ({ server }: Sandbox) =>
  (more: Partial<COS.StaticGetAuthorizationOptions> = {}) => {
    const keys = { SecretId: server.secretId, SecretKey: server.secretKey };
    return COS.getAuthorization({ ...keys, Method: 'GET', Pathname: '/k', ...more });
  };

test('a folder has a key pair of its own, made once and for its owner only', async t => {
  const [one, other] = [await sandbox(t), await sandbox(t)];
  t.not(one.server.secretId, other.server.secretId);
  t.not(one.server.secretKey, other.server.secretKey);
  t.regex(one.server.secretId, /^AKID[0-9a-f]{32}$/);
  const { secretId, secretKey } = one.server;
  await one.restart();
  t.like(one.server, { secretId, secretKey });
  if (process.platform !== 'win32')
    t.is((await stat(join(one.server.dir, '.local-cos', 'keys.json'))).mode & 0o777, 0o600);
});

test('a request without a signature is denied, and tells why as COS does', async t => {
  const box = await sandbox(t);
  const answer = await withAuthorization(box, undefined, '/a%20b?prefix=c');
  t.deepEqual([answer.status, answer.code], [403, 'AccessDenied']);
  t.is(answer.headers['content-type'], 'application/xml');
  const id = answer.headers['x-cos-request-id'] as string;
  t.true(answer.text.includes(`<RequestId>${id}</RequestId>`));
  for (const name of ['Message', 'Resource', 'TraceId'])
    t.regex(answer.text, new RegExp(`<${name}>.+</${name}>`));
  t.truthy(answer.headers.date);
  t.is((await withAuthorization(box, '')).code, 'AccessDenied');
  t.is((await withAuthorization(box, 'Basic dTpw')).code, 'AccessDenied');
});

test('an unknown key, a wrong secret and a changed request are told apart', async t => {
  const box = await sandbox(t);
  const authorize = authorizer(box);
  await box.call({ method: 'PUT', key: 'k', body: 'x' });
  const code = async (authorization: string, path?: string) => {
    const answer = await withAuthorization(box, authorization, path);
    return answer.code || answer.text;
  };
  t.is(await code(authorize()), 'x');
  t.is(await code(authorize({ SecretId: 'AKIDother' })), 'InvalidAccessKeyId');
  t.is(await code(authorize({ SecretKey: 'other' })), 'SignatureDoesNotMatch');
  t.is(await code(authorize({ Method: 'PUT' })), 'SignatureDoesNotMatch');
  t.is(await code(authorize(), '/other'), 'SignatureDoesNotMatch');
  t.is(await code(authorize({ Query: { prefix: 'a' } })), 'SignatureDoesNotMatch');
  t.is(await code(authorize({ Query: { prefix: 'a' } }), '/k?prefix=b'), 'SignatureDoesNotMatch');
  t.is(await code(authorize({ Query: { prefix: 'a' } }), '/k?prefix=a'), 'x');
  t.is(
    await code(authorize({ Headers: { Host: 'elsewhere.cos.ap-local.myqcloud.com' } })),
    'SignatureDoesNotMatch',
  );
  t.is(await code(authorize({ Headers: { Range: 'bytes=0-1' } })), 'SignatureDoesNotMatch');
  t.is(
    await code(authorize().replace('q-sign-algorithm=sha1', 'q-sign-algorithm=md5')),
    'SignatureDoesNotMatch',
  );
  t.is(await code(authorize().replace(/q-signature=.*/, 'q-signature=')), 'SignatureDoesNotMatch');
  t.is(await code(authorize().replace(/q-signature=.*/, 'q-signature=é')), 'SignatureDoesNotMatch');
});

test('a signature counts in its window only', async t => {
  const box = await sandbox(t);
  const authorize = authorizer(box);
  await box.call({ method: 'PUT', key: 'k', body: 'x' });
  const at = async (KeyTime: string) => {
    const { code, text } = await withAuthorization(box, authorize({ KeyTime }));
    return [code, /<Message>(.*)<\/Message>/.exec(text)?.[1]];
  };
  t.deepEqual(await at(`${now() - 900};${now() - 1}`), ['AccessDenied', 'Request has expired']);
  t.deepEqual(await at(`${now() - 10};${now() + 60}`), ['', undefined]);
  t.deepEqual(await at(`${now() + 600};${now() + 1200}`), ['', undefined]);
  t.is((await at(`${now() + 1200};${now() + 1800}`))[0], 'RequestTimeTooSkewed');
  t.is((await at('now;then'))[0], 'AccessDenied');
});

test('the SDK is told of a wrong secret and of an unknown key', async t => {
  const { server, where } = await sandbox(t);
  const client = (SecretId: string, SecretKey: string) =>
    new COS({ SecretId, SecretKey, Domain: `127.0.0.1:${server.port}`, Protocol: 'http:' });
  const put = { ...where, Key: 'k', Body: 'x' };
  t.is((await refusal(t, client(server.secretId, 'wrong').putObject(put))).code, 'SignatureDoesNotMatch');
  t.is((await refusal(t, client('AKIDwrong', server.secretKey).putObject(put))).code, 'InvalidAccessKeyId');
});

test('keys of one’s own take the place of the folder’s; a token is accepted', async t => {
  const { server, where, cos } = await sandbox(t, { keys: { secretId: 'AKIDmine', secretKey: 'mine' } });
  t.is((await cos.putObject({ ...where, Key: 'k', Body: 'x' })).statusCode, 200);
  const unknown = { SecretId: 'AKIDother', SecretKey: 'mine' };
  const other = new COS({ ...unknown, Domain: `127.0.0.1:${server.port}`, Protocol: 'http:' });
  t.is((await refusal(t, other.headObject({ ...where, Key: 'k' }))).statusCode, 403);
  const withToken = new COS({
    SecretId: 'AKIDmine',
    SecretKey: 'mine',
    SecurityToken: 'token',
    Domain: `127.0.0.1:${server.port}`,
    Protocol: 'http:',
  });
  t.is((await withToken.headObject({ ...where, Key: 'k' })).statusCode, 200);
});

test('a pre-signed URL works for its method, key and time, with nothing else', async t => {
  const { cos, where, server, call } = await sandbox(t);
  const Key = 'dir/照片 (1)+&.txt';
  await call({ method: 'PUT', key: Key, body: 'picture' });
  const sign = (more = {}) => cos.getObjectUrl({ ...where, Key, Sign: true, ...more }, () => {});
  const get = (url: string, method = 'GET') =>
    send(server.port, { method, path: url.replace(/^http:\/\/[^/]+/, '') });
  t.is((await get(sign())).text, 'picture');
  t.is(
    (await get(sign({ Query: { 'response-content-type': 'text/x-log' } }))).headers['content-type'],
    'text/x-log',
  );
  t.is((await get(sign(), 'DELETE')).code, 'SignatureDoesNotMatch');
  t.is((await get(sign().replace('dir/', 'dis/'))).code, 'SignatureDoesNotMatch');
  t.is((await get(sign({ Expires: -10 }))).code, 'AccessDenied');

  const asked = await new Promise<string>((settle, reject) => {
    const done = (error: COS.CosError, data: COS.GetObjectUrlResult) =>
      error ? reject(error) : settle(data.Url);
    cos.getObjectUrl({ ...where, Key, Query: { 'response-expires': 'a b' } }, done);
  });
  t.is((await get(asked)).text, 'picture');

  const put = cos.getObjectUrl({ ...where, Key: 'put', Method: 'PUT', Sign: true }, () => {});
  const path = put.replace(/^http:\/\/[^/]+/, '');
  t.is((await send(server.port, { method: 'PUT', path, body: Buffer.from('sent') })).status, 200);
  t.is((await call({ key: 'put' })).text, 'sent');
});

test('what is told of a request keeps the pre-signed grant to itself', async t => {
  const seen: string[] = [];
  const { cos, where, server } = await sandbox(t, {
    onRequest: r => seen.push(`${r.method} ${r.status} ${r.path}`),
  });
  const url = cos.getObjectUrl(
    { ...where, Key: 'a b', Query: { 'response-expires': '0' }, Sign: true },
    () => {},
  );
  await send(server.port, { path: url.replace(/^http:\/\/[^/]+/, '') });
  t.deepEqual(seen, [`GET 404 /${encodeKey('a b')}?response-expires=0`]);
});

test('temporary keys count with their token, and for their life', async t => {
  const { server, where } = await sandbox(t);
  const client = ({ secretId, secretKey, token }: { secretId: string; secretKey: string; token?: string }) =>
    new COS({
      ...{ SecretId: secretId, SecretKey: secretKey, ...(token !== undefined && { SecurityToken: token }) },
      Domain: `127.0.0.1:${server.port}`,
      Protocol: 'http:',
    });
  const put = { ...where, Key: 'k', Body: 'x' };
  const { token, ...pair } = server.keys.issue(3600_000);
  t.is((await client({ ...pair, token }).putObject(put)).statusCode, 200);
  t.is((await refusal(t, client(pair).putObject(put))).code, 'InvalidAccessKeyId');
  t.is((await refusal(t, client({ ...pair, token: 'other' }).putObject(put))).code, 'InvalidAccessKeyId');
  const signed = client({ ...pair, token }).getObjectUrl({ ...where, Key: 'k', Sign: true }, () => {});
  t.is((await send(server.port, { path: signed.replace(/^http:\/\/[^/]+/, '') })).text, 'x');
  const { code, statusCode } = await refusal(t, client(server.keys.issue(0)).putObject(put));
  t.deepEqual([code, statusCode], ['ExpiredToken', 400]);
});

test('keys that were replaced count no more', async t => {
  const { server, where, cos } = await sandbox(t);
  const { secretId, secretKey } = server.keys.replaceOwn();
  t.is((await refusal(t, cos.putObject({ ...where, Key: 'k', Body: 'x' }))).code, 'InvalidAccessKeyId');
  const renewed = new COS({
    ...{ SecretId: secretId, SecretKey: secretKey },
    Domain: `127.0.0.1:${server.port}`,
    Protocol: 'http:',
  });
  t.is((await renewed.putObject({ ...where, Key: 'k', Body: 'x' })).statusCode, 200);
});

test('a client of S3 is told that its signature is not spoken here', async t => {
  const { server } = await sandbox(t);
  const v4 =
    'AWS4-HMAC-SHA256 Credential=AKID/20260101/us-east-1/s3/aws4_request, SignedHeaders=host, Signature=0';
  const calls = [
    send(server.port, { path: '/k', headers: { authorization: v4 } }),
    send(server.port, { path: '/k', headers: { authorization: 'AWS AKID:0' } }),
    send(server.port, { path: '/k?X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Signature=0' }),
  ];
  for (const { status, text } of await Promise.all(calls)) {
    t.is(status, 400);
    t.regex(text, /this server speaks COS&apos;s own signature|this server speaks COS's own signature/);
  }
});

test('a page of another site reaches nothing, also where it could sign', async t => {
  const { server, call, where } = await sandbox(t);
  for (const origin of [
    'https://example.com',
    'null',
    `http://rebound.example:${server.port}`,
    'http://127.0.0.1:1',
  ]) {
    const { status, code } = await call({ method: 'PUT', key: 'k', body: 'x', headers: { origin } });
    t.deepEqual([status, code], [403, 'AccessForbidden'], origin);
  }
  for (const host of ['127.0.0.1', 'localhost']) {
    const origin = `http://${host}:${server.port}`;
    t.is((await call({ method: 'PUT', key: where.Bucket, body: 'x', headers: { origin } })).status, 200);
  }
});
