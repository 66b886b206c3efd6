import { createHash } from 'node:crypto';
import test, { type ExecutionContext } from 'ava';
import type { Access } from '../../src/cos/access.ts';
import { openStore } from '../../src/cos/client.ts';
import { holdFixed } from '../../src/cos/credentials/holder.ts';
import type { ObjectStore } from '../../src/cos/store.ts';
import { type Sandbox, sandbox } from '../support/sandbox.ts';

const BODY = Buffer.alloc(1024 * 1024, 'b');
const MD5 = createHash('md5').update(BODY).digest();
const HOST = 'local-1250000000.cos.ap-local.myqcloud.com';
const ACCELERATE = 'local-1250000000.cos.accelerate.myqcloud.com';

const inPieces = {
  size: BODY.length,
  open: () =>
    (async function* () {
      yield BODY;
    })(),
};

function storeOf(t: ExecutionContext, { server, proxy }: Sandbox, more: Partial<Access>): ObjectStore {
  const { secretId, secretKey, bucket, region } = server;
  const store = openStore({
    credentials: holdFixed({ secretId, secretKey, token: 'a-token-that-is-long-enough' }),
    bucket,
    region,
    protocol: 'http:',
    host: `127.0.0.1:${proxy.port}`,
    timeout: 5,
    proxy: undefined,
    userAgent: 'test',
    ...more,
  });
  t.teardown(store.close);
  return store;
}

/** Every kind of request that writes, reads or lists. */
async function askEverything(store: ObjectStore): Promise<void> {
  const { etag } = await store.put('a', BODY, MD5, { 'content-type': 'text/plain', 'x-cos-meta-a': 'ä' });
  await store.put('in pieces', inPieces, MD5, {});
  await store.copy('b', { key: 'a', etag }, { 'x-cos-tagging': 'k=v' });
  const uploadId = await store.startUpload('c', { 'x-cos-storage-class': 'STANDARD_IA' });
  const first = await store.putPart('c', uploadId, 1, inPieces);
  const second = await store.copyPart('c', uploadId, 2, { key: 'a', etag }, 0, 9);
  await store.listParts('c', uploadId);
  await store.listUploads('');
  await store.completeUpload('c', uploadId, [
    { number: 1, size: BODY.length, etag: first.etag },
    { number: 2, size: 10, etag: second.etag },
  ]);
  await store.abortUpload('d', await store.startUpload('d', {}));
  await store.head('c');
  await store.list('', undefined);
  await store.deleteMany(['a', 'odd \u0001 key']);
}

test('a bucket in strict signature mode is served, whatever is asked of it', async t => {
  const box = await sandbox(t);
  box.server.traits.strictSignatures = true;
  await t.notThrowsAsync(askEverything(storeOf(t, box, {})));
  const requestHeaders = { referer: 'https://a.example', 'x-cos-traffic-limit': '819200' };
  await t.notThrowsAsync(askEverything(storeOf(t, box, { requestHeaders })));
});

test('what the accelerate domain does not serve is asked of the region', async t => {
  const box = await sandbox(t);
  const proxy = box.proxy.url;
  await askEverything(storeOf(t, box, { host: ACCELERATE, ordinaryHost: HOST, proxy }));
  const by = Object.groupBy(box.proxy.requests, ({ headers }) => String(headers.host));
  t.deepEqual(Object.keys(by).sort(), [ACCELERATE, HOST]);
  const kinds = by[HOST]?.map(({ method, path, query, headers }) =>
    headers['x-cos-copy-source']
      ? 'copy'
      : `${method} ${path === '/' ? 'bucket' : 'object'} ${[...query.keys()][0] ?? ''}`,
  );
  t.deepEqual([...new Set(kinds)].sort(), [
    'DELETE object ',
    'GET bucket prefix',
    'GET bucket uploads',
    'POST bucket delete',
    'copy',
  ]);
});

test("a copy takes its own tags and not the source's", async t => {
  const box = await sandbox(t);
  const store = storeOf(t, box, {});
  const { etag } = await store.put('a', BODY, MD5, { 'x-cos-tagging': 'from=source' });
  await store.copy('b', { key: 'a', etag }, { 'x-cos-tagging': 'k=v' });
  const copy = box.proxy.requests.at(-1);
  t.is(copy?.headers['x-cos-tagging'], 'k=v');
  t.is(copy?.headers['x-cos-tagging-directive'], 'Replaced');
});

test('a denied request names the action that a policy must allow', async t => {
  const box = await sandbox(t);
  const store = storeOf(t, box, {});
  const { etag } = await store.put('a', BODY, MD5, {});
  box.server.traits.deny = [{ action: '*' }];
  const needs = async (work: Promise<unknown>) => {
    const failure = await t.throwsAsync(work);
    return (failure as { action?: string }).action;
  };
  t.is(await needs(store.put('a', BODY, MD5, {})), 'name/cos:PutObject');
  t.is(await needs(store.copy('b', { key: 'a', etag }, {})), 'name/cos:PutObject, name/cos:GetObject');
  t.is(await needs(store.startUpload('a', {})), 'name/cos:InitiateMultipartUpload');
  t.is(await needs(store.putPart('a', 'u', 1, inPieces)), 'name/cos:UploadPart');
  t.is(await needs(store.listParts('a', 'u')), 'name/cos:ListParts');
  t.is(await needs(store.completeUpload('a', 'u', [])), 'name/cos:CompleteMultipartUpload');
  t.is(await needs(store.abortUpload('a', 'u')), 'name/cos:AbortMultipartUpload');
  t.is(await needs(store.head('a')), 'name/cos:HeadObject');
  t.is(await needs(store.list('', undefined)), 'name/cos:GetBucket');
  t.is(await needs(store.listUploads('')), 'name/cos:ListMultipartUploads');
});
