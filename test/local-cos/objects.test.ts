import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import test from 'ava';
import { refusal, sandbox } from './sandbox.ts';

const md5 = (data: Buffer | string) => createHash('md5').update(data).digest();

test('what was put comes back with its ETag, CRC-64 and headers', async t => {
  const { cos, where } = await sandbox(t);
  const put = await cos.putObject({
    ...where,
    Key: 'a/b.txt',
    Body: '123456789',
    ContentType: 'text/plain; charset=utf-8',
    CacheControl: 'max-age=60',
    ContentDisposition: 'attachment; filename="b.txt"',
    ContentEncoding: 'identity',
    Expires: 'Thu, 01 Dec 2033 16:00:00 GMT',
    StorageClass: 'STANDARD_IA',
    ServerSideEncryption: 'AES256',
    ACL: 'private',
    Headers: { 'x-cos-meta-owner': 'me', 'x-cos-meta-empty': '' },
  });
  t.is(put.ETag, `"${md5('123456789').toString('hex')}"`);
  t.is(put.headers?.['x-cos-hash-crc64ecma'], '11051210869376104954');
  t.is(put.headers?.['x-cos-server-side-encryption'], 'AES256');

  const got = await cos.getObject({ ...where, Key: 'a/b.txt' });
  t.is(got.Body.toString(), '123456789');
  const head = await cos.headObject({ ...where, Key: 'a/b.txt' });
  for (const headers of [got.headers, head.headers]) {
    t.like(headers, {
      'content-length': '9',
      'content-type': 'text/plain; charset=utf-8',
      'cache-control': 'max-age=60',
      'content-disposition': 'attachment; filename="b.txt"',
      'content-encoding': 'identity',
      expires: 'Thu, 01 Dec 2033 16:00:00 GMT',
      'x-cos-storage-class': 'STANDARD_IA',
      'x-cos-server-side-encryption': 'AES256',
      'x-cos-meta-owner': 'me',
      'x-cos-hash-crc64ecma': '11051210869376104954',
      etag: put.ETag,
      server: 'tencent-cos',
    });
    t.truthy(headers?.['x-cos-request-id']);
    t.true(Math.abs(Date.parse(headers?.['last-modified']) - Date.now()) < 60_000);
  }
});

test('a body of every size around the buffers is kept byte for byte', async t => {
  const { call, folder } = await sandbox(t);
  for (const size of [0, 1, 65_536, 262_144, 262_145, 3_000_001]) {
    const body = Buffer.alloc(size, `${size}-`);
    const put = await call({
      method: 'PUT',
      key: `size/${size}`,
      body,
      headers: { 'content-length': String(size) },
    });
    t.is(put.headers.etag, `"${md5(body).toString('hex')}"`);
    t.true(body.equals((await call({ key: `size/${size}` })).body));
    t.true(body.equals(await readFile(join(folder, `size/${size}`))));
  }
});

test('a body without a length, in chunks, is taken too', async t => {
  const { call } = await sandbox(t);
  const put = await call({
    method: 'PUT',
    key: 'k',
    body: 'hello',
    headers: { 'transfer-encoding': 'chunked' },
  });
  t.is(put.status, 200);
  t.is((await call({ key: 'k' })).text, 'hello');
});

test('overwriting replaces bytes and headers', async t => {
  const { call } = await sandbox(t);
  await call({ method: 'PUT', key: 'k', body: 'one', headers: { 'x-cos-meta-a': '1' } });
  await call({ method: 'PUT', key: 'k', body: 'second' });
  const got = await call({ key: 'k' });
  t.is(got.text, 'second');
  t.is(got.headers['x-cos-meta-a'], undefined);
  const kept = await call({
    method: 'PUT',
    key: 'k',
    body: 'third',
    headers: { 'x-cos-forbid-overwrite': 'true' },
  });
  t.is(kept.code, 'FileAlreadyExists');
  t.is((await call({ key: 'k' })).text, 'second');
});

test('an object without a content type is an octet stream, and metadata keeps its bytes', async t => {
  const { call } = await sandbox(t);
  for (const title of ['caf\xe9', Buffer.from('中文 é').toString('latin1')]) {
    const put = { method: 'PUT', key: 'k', headers: { 'x-cos-meta-title': title }, body: Buffer.from('x') };
    t.is((await call({ ...put, meantHeaders: { 'x-cos-meta-title': asMeant(title) } })).status, 200);
    const got = await call({ key: 'k' });
    t.is(got.headers['x-cos-meta-title'], title);
    t.is(got.headers['content-type'], 'application/octet-stream');
    t.is(got.headers['x-cos-storage-class'], undefined);
  }
});

/** The text a client meant with these header bytes: UTF-8 where they are that. */
function asMeant(bytes: string): string {
  const text = Buffer.from(bytes, 'latin1').toString('utf8');
  return text.includes('\ufffd') ? bytes : text;
}

test('a range is answered with its bytes', async t => {
  const { call } = await sandbox(t);
  await call({ method: 'PUT', key: 'k', body: '0123456789' });
  const range = async (text: string) => {
    const { status, headers, text: body } = await call({ key: 'k', headers: { range: text } });
    return [status, headers['content-range'], body];
  };
  t.deepEqual(await range('bytes=2-4'), [206, 'bytes 2-4/10', '234']);
  t.deepEqual(await range('bytes=7-'), [206, 'bytes 7-9/10', '789']);
  t.deepEqual(await range('bytes=-3'), [206, 'bytes 7-9/10', '789']);
  t.deepEqual(await range('bytes=-30'), [206, 'bytes 0-9/10', '0123456789']);
  t.deepEqual(await range('bytes=9-900'), [206, 'bytes 9-9/10', '9']);
  t.deepEqual(await range('bytes=4-2'), [200, undefined, '0123456789']);
  t.deepEqual(await range('lines=1-2'), [200, undefined, '0123456789']);
  for (const beyond of ['bytes=10-', 'bytes=-0', 'bytes=10-12']) {
    const { status, code, headers } = await call({ key: 'k', headers: { range: beyond } });
    t.deepEqual([status, code, headers['content-range']], [416, 'InvalidRange', 'bytes */10']);
  }
});

test('a reader resumes with a range only of the content it began with', async t => {
  const { call, cos, where } = await sandbox(t);
  const body = Buffer.alloc(3_000_000, 'abcdefghij');
  const { ETag } = await cos.putObject({ ...where, Key: 'k', Body: body });
  const parts = ['bytes=0-999999', 'bytes=1000000-1999999', 'bytes=2000000-'];
  const read = await Promise.all(
    parts.map(Range => cos.getObject({ ...where, Key: 'k', Range, IfMatch: ETag })),
  );
  t.deepEqual([...new Set(read.map(part => part.statusCode))], [206]);
  t.true(body.equals(Buffer.concat(read.map(part => part.Body))));
  t.is(read[1]!.headers?.['content-range'], 'bytes 1000000-1999999/3000000');
  t.is(read[1]!.headers?.etag, ETag);

  await call({ method: 'PUT', key: 'k', body: 'other' });
  const gone = cos.getObject({ ...where, Key: 'k', Range: 'bytes=0-1', IfMatch: ETag });
  t.is((await refusal(t, gone)).code, 'PreconditionFailed');
});

test('an answer that sends no content still tells which content there is', async t => {
  const { call } = await sandbox(t);
  const { headers } = await call({ method: 'PUT', key: 'k', body: 'x' });
  const { etag } = headers;
  for (const method of ['GET', 'HEAD']) {
    const same = await call({ method, key: 'k', headers: { 'if-none-match': etag! } });
    t.deepEqual([same.status, same.body.length, same.headers.etag], [304, 0, etag]);
    t.truthy(same.headers['last-modified']);
    t.is(same.headers['x-cos-hash-crc64ecma'], headers['x-cos-hash-crc64ecma']);
    const other = await call({ method, key: 'k', headers: { 'if-match': '"other"' } });
    t.deepEqual([other.status, other.headers.etag], [412, etag]);
  }
});

test('conditions on GET and HEAD are kept to', async t => {
  const { call } = await sandbox(t);
  const etag = (await call({ method: 'PUT', key: 'k', body: 'x' })).headers.etag!;
  const past = new Date(Date.now() - 3600_000).toUTCString();
  const future = new Date(Date.now() + 3600_000).toUTCString();
  for (const method of ['GET', 'HEAD']) {
    const status = async (headers: Record<string, string>) =>
      (await call({ method, key: 'k', headers })).status;
    t.is(await status({ 'if-match': etag }), 200);
    t.is(await status({ 'if-match': '"other"' }), 412);
    t.is(await status({ 'if-none-match': etag }), 304);
    t.is(await status({ 'if-none-match': etag.replaceAll('"', '') }), 304);
    t.is(await status({ 'if-none-match': '"other"' }), 200);
    t.is(await status({ 'if-modified-since': past }), 200);
    t.is(await status({ 'if-modified-since': future }), 304);
    t.is(await status({ 'if-unmodified-since': past }), 412);
    t.is(await status({ 'if-unmodified-since': future }), 200);
  }
});

test('a missing object is NoSuchKey, and deleting it is not an error', async t => {
  const { cos, where, call } = await sandbox(t);
  t.is((await call({ key: 'none' })).code, 'NoSuchKey');
  const head = await call({ method: 'HEAD', key: 'none' });
  t.deepEqual([head.status, head.body.length], [404, 0]);
  t.is((await cos.deleteObject({ ...where, Key: 'none' })).statusCode, 204);
});

test('a wrong or senseless Content-MD5 leaves nothing behind', async t => {
  const { call } = await sandbox(t);
  const put = (value: string) =>
    call({ method: 'PUT', key: 'k', body: 'abc', headers: { 'content-md5': value } });
  t.is((await put(md5('abd').toString('base64'))).code, 'BadDigest');
  t.is((await put('bm8=')).code, 'InvalidDigest');
  t.is((await put('!!!')).code, 'InvalidDigest');
  t.is((await call({ key: 'k' })).code, 'NoSuchKey');
  t.is((await put(md5('abc').toString('base64'))).status, 200);
});

test('limits are kept: key length in bytes, size of one PUT, storage classes', async t => {
  const { call, cos, where } = await sandbox(t);
  t.is((await call({ method: 'PUT', key: 'x'.repeat(850), body: '' })).status, 200);
  t.is((await call({ method: 'PUT', key: `${'中'.repeat(283)}xx`, body: '' })).code, 'KeyTooLong');
  const huge = { 'content-length': String(5 * 1024 ** 3 + 1) };
  t.is(
    (await call({ method: 'PUT', key: 'k', headers: { ...huge, expect: '100-continue' } })).code,
    'EntityTooLarge',
  );
  const error = await refusal(
    t,
    cos.putObject({ ...where, Key: 'k', Body: 'x', StorageClass: 'GLASS' as 'STANDARD' }),
  );
  t.is(error.code, 'NotSupportedStorageClass');
});

test('a copy has the same bytes, and the metadata that was asked for', async t => {
  const { cos, where, call } = await sandbox(t);
  const source = { 'x-cos-meta-a': '1', 'content-type': 'text/plain', 'x-cos-storage-class': 'STANDARD_IA' };
  await call({ method: 'PUT', key: 'from/源 1.txt', body: 'bytes', headers: source });
  const CopySource = `${where.Bucket}.cos.${where.Region}.myqcloud.com/${encodeURIComponent('from/源 1.txt')}`;
  const copy = await cos.putObjectCopy({ ...where, Key: 'copy', CopySource });
  t.is(copy.ETag, `"${md5('bytes').toString('hex')}"`);
  t.truthy(copy.headers?.['x-cos-hash-crc64ecma']);
  const got = await call({ key: 'copy' });
  t.is(got.text, 'bytes');
  t.like(got.headers, { 'x-cos-meta-a': '1', 'content-type': 'text/plain' });
  t.is(got.headers['x-cos-storage-class'], undefined, 'a copy is STANDARD unless it says otherwise');

  const changed = {
    'x-cos-metadata-directive': 'Replaced',
    'x-cos-meta-b': '2',
    'x-cos-copy-source': CopySource,
  };
  await call({ method: 'PUT', key: 'copy', headers: changed });
  const again = await call({ key: 'copy' });
  t.is(again.headers['x-cos-meta-a'], undefined);
  t.is(again.headers['x-cos-meta-b'], '2');
});

test('a copy is only made under its conditions', async t => {
  const { call, server } = await sandbox(t);
  const etag = (await call({ method: 'PUT', key: 'k', body: 'x' })).headers.etag!;
  const past = new Date(Date.now() - 3600_000).toUTCString();
  const copy = async (headers: Record<string, string>, source = `127.0.0.1:${server.port}/k`) => {
    const answer = await call({
      method: 'PUT',
      key: 'copy',
      headers: { 'x-cos-copy-source': source, ...headers },
    });
    return answer.code || answer.status;
  };
  t.is(await copy({ 'x-cos-copy-source-If-Match': '"other"' }), 'PreconditionFailed');
  t.is(await copy({ 'x-cos-copy-source-If-None-Match': etag }), 'PreconditionFailed');
  t.is(await copy({ 'x-cos-copy-source-If-Unmodified-Since': past }), 'PreconditionFailed');
  t.is(await copy({}, '127.0.0.1/none'), 'NoSuchCopySource');
  t.is(await copy({}, 'other-1250000000.cos.ap-local.myqcloud.com/k'), 'NoSuchBucket');
  t.is(await copy({}, 'nonsense'), 'InvalidArgument');
  t.is(await copy({ 'x-cos-metadata-directive': 'Maybe' }), 'InvalidArgument');
  t.is((await call({ key: 'copy' })).code, 'NoSuchKey');
  t.is(await copy({ 'x-cos-copy-source-If-Match': etag, 'x-cos-copy-source-If-Modified-Since': past }), 200);
  const onItself = { 'x-cos-copy-source': `127.0.0.1/k` };
  t.is((await call({ method: 'PUT', key: 'k', headers: onItself })).code, 'InvalidRequest');
});
