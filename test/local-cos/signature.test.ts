import test from 'ava';
import COS from 'cos-nodejs-sdk-v5';
import { LOCAL_SECRET_ID, LOCAL_SECRET_KEY } from '../../src/local-cos/server.ts';
import { encodeKey, refusal, type Sandbox, sandbox, send } from './sandbox.ts';

const now = () => Math.floor(Date.now() / 1000);

/** A request whose Authorization is given, with the Host that makes it the default bucket. */
function withAuthorization({ server }: Sandbox, authorization: string | undefined, path = '/k') {
  return send(server.port, { path, headers: { ...(authorization !== undefined && { authorization }) } });
}

function authorize(more: Partial<COS.StaticGetAuthorizationOptions> = {}): string {
  const keys = { SecretId: LOCAL_SECRET_ID, SecretKey: LOCAL_SECRET_KEY };
  return COS.getAuthorization({ ...keys, Method: 'GET', Pathname: '/k', ...more });
}

test('the documented credentials do not look like ones that were left out', t => {
  t.regex(LOCAL_SECRET_ID, /^AKIDlocal/);
  t.notRegex(LOCAL_SECRET_ID + LOCAL_SECRET_KEY, /xxxx/);
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

test('credentials of one’s own take the place of the documented ones; a token is accepted', async t => {
  const { server, where, cos } = await sandbox(t, { secretId: 'AKIDmine', secretKey: 'mine' });
  t.is((await cos.putObject({ ...where, Key: 'k', Body: 'x' })).statusCode, 200);
  const documented = { SecretId: LOCAL_SECRET_ID, SecretKey: LOCAL_SECRET_KEY };
  const other = new COS({ ...documented, Domain: `127.0.0.1:${server.port}`, Protocol: 'http:' });
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
