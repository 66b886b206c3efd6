import { existsSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import test from 'ava';
import { refusal, sandbox } from './sandbox.ts';

const HOST = (bucket: string) => `${bucket}.cos.ap-local.myqcloud.com`;

test('the default bucket is there, and knows its region', async t => {
  const { cos, where } = await sandbox(t, { bucket: 'mine-1250000001' });
  t.is(where.Bucket, 'mine-1250000001');
  t.is((await cos.headBucket(where)).statusCode, 200);
  t.is((await cos.getBucketLocation(where)).LocationConstraint, 'ap-local');
});

test('buckets are made, listed by the service and deleted when empty', async t => {
  const { call, server } = await sandbox(t);
  const host = HOST('second-1250000000');
  t.is((await call({ host })).code, 'NoSuchBucket');
  t.is((await call({ method: 'HEAD', host })).status, 404);
  t.is((await call({ method: 'PUT', host })).status, 200);
  t.is((await call({ method: 'PUT', host })).code, 'BucketAlreadyOwnedByYou');
  t.true(existsSync(join(server.dir, 'second-1250000000')));

  const service = await call({ host: 'service.cos.myqcloud.com' });
  t.deepEqual(
    [...service.text.matchAll(/<Name>(.*?)<\/Name><Location>(.*?)</g)].map(match => match.slice(1)),
    [
      [server.bucket, 'ap-local'],
      ['second-1250000000', 'ap-local'],
    ],
  );

  await call({ method: 'PUT', host, key: 'a/b', body: 'x' });
  t.is((await call({ key: 'a/b' })).code, 'NoSuchKey', 'buckets do not share keys');
  t.is((await call({ method: 'DELETE', host })).code, 'BucketNotEmpty');
  await call({ method: 'DELETE', host, key: 'a/b' });
  t.is((await call({ method: 'DELETE', host })).status, 204);
  t.is((await call({ method: 'DELETE', host })).code, 'NoSuchBucket');
  t.false(existsSync(join(server.dir, 'second-1250000000')));
});

test('a bucket name that is none is refused', async t => {
  const { call } = await sandbox(t);
  for (const name of ['noappid', '-a-1250000000', 'a_b-1250000000', `${'x'.repeat(60)}-1250000000`]) {
    t.is((await call({ method: 'PUT', host: HOST(name) })).code, 'InvalidBucketName', name);
  }
  for (const host of ['..', '...cos.com', '%2e%2e.cos.com']) {
    const { status } = await call({ method: 'PUT', host });
    t.true(status >= 400 && status < 500, host);
  }
});

test('a listing tells of every object what COS tells, and groups by delimiter', async t => {
  const { cos, where, call } = await sandbox(t);
  for (const key of ['b', 'a/1', 'a/2/x', 'a/2/y', 'dir/', '中', '😀', '\uffee']) {
    await call({ method: 'PUT', key, body: key, headers: { 'x-cos-storage-class': 'ARCHIVE' } });
  }
  const all = await cos.getBucket(where);
  t.deepEqual(
    all.Contents.map(entry => entry.Key),
    ['a/1', 'a/2/x', 'a/2/y', 'b', 'dir/', '中', '\uffee', '😀'],
  );
  t.like(all.Contents[0], { Size: '3', StorageClass: 'ARCHIVE' });
  t.regex(all.Contents[0]!.ETag, /^"[0-9a-f]{32}"$/);
  t.regex(all.Contents[0]!.LastModified, /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/);
  t.is(all.IsTruncated, 'false');

  const top = await cos.getBucket({ ...where, Delimiter: '/' });
  t.deepEqual(
    top.CommonPrefixes.map(entry => entry.Prefix),
    ['a/', 'dir/'],
  );
  t.deepEqual(
    top.Contents.map(entry => entry.Key),
    ['b', '中', '\uffee', '😀'],
  );
  const below = await cos.getBucket({ ...where, Prefix: 'a/', Delimiter: '/' });
  t.deepEqual(
    below.CommonPrefixes.map(entry => entry.Prefix),
    ['a/2/'],
  );
  t.deepEqual(
    below.Contents.map(entry => entry.Key),
    ['a/1'],
  );

  const first = await cos.getBucket({ ...where, MaxKeys: 2, Delimiter: '/' });
  t.like(first, { IsTruncated: 'true', NextMarker: 'b' });
  const rest = await cos.getBucket({ ...where, Marker: first.NextMarker!, Delimiter: '/' });
  t.deepEqual(
    rest.CommonPrefixes.map(entry => entry.Prefix),
    ['dir/'],
  );
});

test('a listing in URL encoding carries keys that XML cannot', async t => {
  const { call } = await sandbox(t);
  const key = 'a\x01b\r\n<&"+% 中/';
  await call({ method: 'PUT', key, body: 'x' });
  const { text } = await call({ query: { 'encoding-type': 'url', prefix: 'a\x01' } });
  t.is(decodeURIComponent(/<Key>(.*?)<\/Key>/.exec(text)![1]!), key);
  t.regex(text, /<Prefix>a%01<\/Prefix>/);
  t.is((await call({ query: { 'encoding-type': 'base64' } })).code, 'InvalidArgument');
  t.is((await call({ query: { 'max-keys': 'many' } })).code, 'InvalidArgument');
});

test('a hundred thousand objects are listed a thousand at a time, quickly', async t => {
  const box = await sandbox(t);
  const key = (i: number) => `d${i % 100}/f${i}/`;
  const object = {
    size: 0,
    etag: 'd41d8cd98f00b204e9800998ecf8427e',
    crc: '0',
    modified: 0,
    headers: {},
    mtime: 0,
  };
  const lines = Array.from({ length: 100_000 }, (_, i) =>
    JSON.stringify({ key: key(i), ...object, place: { kind: 'folder' } }),
  );
  await writeFile(join(box.server.dir, '.local-cos', box.server.bucket, 'objects.journal'), lines.join('\n'));
  await box.restart();

  const start = performance.now();
  let count = 0;
  let marker = '';
  for (let pages = 0; pages < 200; pages++) {
    const { text } = await box.call({ query: { marker } });
    count += text.split('<Contents>').length - 1;
    if (!text.includes('<IsTruncated>true<')) break;
    marker = /<NextMarker>(.*?)</.exec(text)![1]!;
    // Changes in between must not make each page sort everything again.
    await box.call({ method: 'PUT', key: `0/${pages}`, body: '' });
  }
  t.is(count, 100_000);
  t.true(performance.now() - start < 20_000);
  const { text } = await box.call({ query: { delimiter: '/' } });
  t.is(text.split('<CommonPrefixes>').length - 1, 101);
});

test('many objects are deleted at once, quietly if wanted', async t => {
  const { cos, where, call } = await sandbox(t);
  const keys = ['a', 'b/c', 'x & <y>', '中', 'tab\tcr\rlf\n', '&amp;'];
  for (const key of keys) await call({ method: 'PUT', key, body: key });
  const [kept, ...gone] = keys;
  const done = await cos.deleteMultipleObject({
    ...where,
    Objects: [...gone.slice(0, 3), 'none'].map(Key => ({ Key })),
  });
  t.deepEqual(
    done.Deleted.map(entry => entry.Key),
    [...gone.slice(0, 3), 'none'],
  );
  const xml = gone
    .slice(3)
    .map(key => `<Object><Key>${key.replaceAll('&', '&amp;').replaceAll('\r', '&#13;')}</Key></Object>`);
  const quiet = await call({
    method: 'POST',
    query: { delete: '' },
    body: `<?xml version="1.0"?><Delete><Quiet>true</Quiet>${xml.join('')}</Delete>`,
  });
  t.notRegex(quiet.text, /Deleted/);
  t.deepEqual(
    (await cos.getBucket(where)).Contents.map(entry => entry.Key),
    [kept!],
  );
});

test('a list of keys to delete that is too long or no list is MalformedXML', async t => {
  const { cos, where, call } = await sandbox(t);
  await call({ method: 'PUT', key: 'k', body: '' });
  const many = Array.from({ length: 1001 }, (_, i) => ({ Key: `k${i}` }));
  t.is((await refusal(t, cos.deleteMultipleObject({ ...where, Objects: many }))).code, 'MalformedXML');
  t.is((await cos.deleteMultipleObject({ ...where, Objects: many.slice(1) })).Deleted.length, 1000);
  const bodies = [
    '',
    'no xml',
    '<Delete>',
    '<Delete></Delete>',
    '<Other><Object><Key>k</Key></Object></Other>',
    '<Delete><Object><Key></Key></Object></Delete>',
    '<Delete><Object>k</Object></Delete>',
    '<!DOCTYPE a [<!ENTITY k "k">]><Delete><Object><Key>&k;</Key></Object></Delete>',
    `<Delete>${'<a>'.repeat(5000)}${'</a>'.repeat(5000)}</Delete>`,
    `<Delete><Object><Key>${'k'.repeat(2.1 * 1024 ** 2)}</Key></Object></Delete>`,
  ];
  for (const body of bodies) {
    t.is(
      (await call({ method: 'POST', query: { delete: '' }, body })).code,
      'MalformedXML',
      body.slice(0, 60),
    );
  }
  t.is((await call({ method: 'HEAD', key: 'k' })).status, 200);
});

test('requests for parts of the API that are not here are refused and change nothing', async t => {
  const { call } = await sandbox(t);
  await call({ method: 'PUT', key: 'k', body: 'x' });
  for (const name of ['legal-hold', 'lifecycle', 'versioning', 'cors', 'policy', 'append', 'made-up']) {
    for (const method of ['GET', 'PUT', 'DELETE', 'POST']) {
      const { status, code } = await call({
        method,
        key: 'k',
        query: { [name]: '' },
        body: method === 'PUT' ? 'y' : '',
      });
      t.deepEqual([status, code], [501, 'NotImplemented'], `${method} ${name}`);
    }
  }
  for (const method of ['PUT', 'DELETE'])
    t.is((await call({ method, query: { versions: '' } })).code, 'NotImplemented', `${method} the bucket`);
  t.is((await call({ method: 'PATCH', key: 'k' })).code, 'MethodNotAllowed');
  t.is((await call({ method: 'OPTIONS', key: 'k' })).code, 'MethodNotAllowed');
  t.is((await call({ key: 'k' })).text, 'x');
});
