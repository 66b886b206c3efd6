import test from 'ava';
import { authorize, refusal, type Sandbox, sandbox, send } from './sandbox.ts';

const source = ({ where }: Sandbox, key: string) => `${where.Bucket}.cos.${where.Region}.myqcloud.com/${key}`;

test('a bucket in strict signature mode refuses what is sent and not signed', async t => {
  const box = await sandbox(t, { traits: { strictSignatures: true } });
  const host = `127.0.0.1:${box.server.port}`;
  const body = Buffer.from('x');
  const sent = { host, 'content-length': '1', 'content-type': 'text/plain', 'x-cos-acl': 'private' };
  const put = async (signed: Record<string, string>, query: Record<string, string> = {}, search = '') => {
    const authorization = authorize(box.server, { method: 'PUT', key: 'k', headers: signed, query });
    const headers = { ...sent, authorization };
    const { status, text } = await send(box.server.port, {
      method: 'PUT',
      path: `/k${search}`,
      headers,
      body,
    });
    return [status, /<Message>(.*)<\/Message>/.exec(text)?.[1]];
  };
  const missing = [403, 'Strict signature missing header that must be signed'];
  t.deepEqual(await put(sent), [200, undefined]);
  for (const name of Object.keys(sent)) {
    const signed = Object.fromEntries(Object.entries(sent).filter(([other]) => other !== name));
    t.deepEqual(await put(signed), missing, name);
  }
  t.deepEqual(await put(sent, {}, '?response-expires=0'), [
    403,
    'Strict signature missing param that must be signed',
  ]);
  t.deepEqual(await put(sent, { 'response-expires': '0' }, '?response-expires=0'), [200, undefined]);
  box.server.traits.strictSignatures = false;
  t.deepEqual(await put({}), [200, undefined]);
});

test('the SDK passes strict signature mode with all that it does', async t => {
  const box = await sandbox(t, { traits: { strictSignatures: true } });
  const { cos, where } = box;
  const headers = { 'x-cos-meta-a': 'b', 'x-cos-storage-class': 'STANDARD_IA' };
  await cos.putObject({ ...where, Key: 'k', Body: 'x', ContentType: 'text/plain', Headers: headers });
  await cos.sliceUploadFile({ ...where, Key: 'parts', FilePath: import.meta.filename, SliceSize: 1 });
  await cos.putObjectCopy({ ...where, Key: 'copy', CopySource: source(box, 'k') });
  await cos.getObject({ ...where, Key: 'k', Range: 'bytes=0-0' });
  await cos.headObject({ ...where, Key: 'k' });
  await cos.getBucket({ ...where, Prefix: 'k', Delimiter: '/' });
  await cos.deleteMultipleObject({ ...where, Objects: [{ Key: 'k' }] });
  t.is((await cos.deleteObject({ ...where, Key: 'copy' })).statusCode, 204);
});

test('a policy denies actions, everywhere or below a prefix', async t => {
  const box = await sandbox(t);
  const { cos, where, server } = box;
  await cos.putObject({ ...where, Key: 'a/k', Body: 'x' });
  const codes = async (key: string) => {
    const calls: Promise<unknown>[] = [
      cos.putObject({ ...where, Key: key, Body: 'x' }),
      cos.getObject({ ...where, Key: key }),
      cos.headObject({ ...where, Key: key }),
      cos.getBucket(where),
    ];
    return Promise.all(
      calls.map(call =>
        call.then(
          () => 200,
          error => (error as { statusCode: number }).statusCode,
        ),
      ),
    );
  };
  t.deepEqual(await codes('a/k'), [200, 200, 200, 200]);
  server.traits.deny = [{ action: 'PutObject', prefix: 'a/' }];
  t.deepEqual(await codes('a/k'), [403, 200, 200, 200]);
  t.deepEqual(await codes('b'), [200, 200, 200, 200]);
  server.traits.deny = [{ action: 'Get*' }];
  t.deepEqual(await codes('a/k'), [200, 403, 200, 403]);
  server.traits.deny = [{ action: '*', prefix: 'a/' }];
  t.deepEqual(await codes('a/k'), [403, 403, 403, 200], 'a prefix says nothing of the bucket itself');
  server.traits.deny = [{ action: 'HeadObject' }, { action: 'GetBucket' }];
  t.deepEqual(await codes('a/k'), [200, 200, 403, 403]);
  t.is((await refusal(t, cos.getBucket(where))).code, 'AccessDenied');
});

test('each request of an upload in parts is an action of its own', async t => {
  const box = await sandbox(t);
  const { server, call } = box;
  const attempt = async (method: string, query: Record<string, string>) =>
    (await call({ method, key: 'k', query, body: method === 'PUT' ? 'x' : '' })).status;
  const begin = await call({ method: 'POST', key: 'k', query: { uploads: '' } });
  const uploadId = /<UploadId>(.*)<\/UploadId>/.exec(begin.text)![1]!;
  server.traits.deny = [
    { action: 'UploadPart' },
    { action: 'CompleteMultipartUpload' },
    { action: 'ListParts' },
  ];
  t.is(await attempt('PUT', { uploadId, partNumber: '1' }), 403);
  t.is(await attempt('POST', { uploadId }), 403);
  t.is(await attempt('GET', { uploadId }), 403);
  server.traits.deny = [{ action: 'InitiateMultipartUpload' }, { action: 'AbortMultipartUpload' }];
  t.is(await attempt('PUT', { uploadId, partNumber: '1' }), 200);
  t.is(await attempt('DELETE', { uploadId }), 403);
  t.is(await attempt('POST', { uploads: '' }), 403);
  server.traits.deny = [{ action: 'ListMultipartUploads' }];
  t.is((await call({ query: { uploads: '' } })).status, 403);
  t.is(await attempt('DELETE', { uploadId }), 204);
});

test('a copy needs to read its source, and DELETE Multiple is denied key by key', async t => {
  const box = await sandbox(t);
  const { cos, where, server } = box;
  for (const Key of ['a/1', 'b/1']) await cos.putObject({ ...where, Key, Body: 'x' });
  server.traits.deny = [
    { action: 'GetObject', prefix: 'a/' },
    { action: 'DeleteObject', prefix: 'a/' },
  ];
  const copy = (key: string) => cos.putObjectCopy({ ...where, Key: 'to', CopySource: source(box, key) });
  t.is((await refusal(t, copy('a/1'))).code, 'AccessDenied');
  t.is((await copy('b/1')).statusCode, 200);
  const { Deleted, Error: failed } = await cos.deleteMultipleObject({
    ...where,
    Objects: [{ Key: 'a/1' }, { Key: 'b/1' }],
  });
  t.deepEqual(
    Deleted.map(({ Key }) => Key),
    ['b/1'],
  );
  t.like(failed[0], { Key: 'a/1', Code: 'AccessDenied' });
  t.is((await cos.headObject({ ...where, Key: 'a/1' })).statusCode, 200);
});
