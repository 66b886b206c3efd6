import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, readdir, readFile, rm, stat, utimes, writeFile } from 'node:fs/promises';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test from 'ava';
import fc from 'fast-check';
import { startLocalCos } from '../../src/local-cos/server.ts';
import { authorize, type Sandbox, sandbox } from './sandbox.ts';

async function listAll({ call }: Sandbox): Promise<string[]> {
  const { text } = await call({ query: { 'encoding-type': 'url' } });
  return [...text.matchAll(/<Key>(.*?)<\/Key>/g)].map(match => decodeURIComponent(match[1]!));
}

/** All files below a folder, relative. */
async function filesBelow(folder: string): Promise<string[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  return entries
    .filter(entry => entry.isFile())
    .map(entry => join(entry.parentPath, entry.name).slice(folder.length + 1))
    .toSorted();
}

const NASTY = [
  '.',
  '..',
  '',
  'a',
  'A',
  'b',
  'CON',
  'nul.txt',
  'a.',
  'a ',
  ' a',
  '<>:"|?*',
  '\\',
  '..\\..',
  '%2e%2e',
  '%00',
];
const ODD = [
  '\0',
  '\x01\x7f',
  '\n',
  '\r\n',
  'é',
  'e\u0301',
  '😀',
  '\uffee',
  'x'.repeat(260),
  '中'.repeat(90),
  '.local-cos',
  '~',
  '#?&+=;',
];
const segment = fc.oneof(fc.constantFrom(...NASTY, ...ODD), fc.string({ unit: 'binary', maxLength: 5 }));
const nastyKey = fc
  .array(segment, { minLength: 1, maxLength: 4 })
  .map(segments => segments.join('/'))
  .filter(key => key !== '' && key.isWellFormed() && Buffer.byteLength(key) <= 850);

test('every key can be put, listed, read back and deleted, beside all others', async t => {
  const box = await sandbox(t);
  const { call, server } = box;
  const scenario = fc.asyncProperty(fc.uniqueArray(nastyKey, { minLength: 1, maxLength: 6 }), async keys => {
    for (const [i, key] of keys.entries()) {
      const put = await call({ method: 'PUT', key, body: i % 3 === 0 ? '' : `${i}:${key}` });
      t.is(put.status, 200, JSON.stringify(key));
    }
    const byBytes = (a: string, b: string) => Buffer.compare(Buffer.from(a), Buffer.from(b));
    t.deepEqual(await listAll(box), keys.toSorted(byBytes));
    for (const [i, key] of keys.entries()) {
      t.is((await call({ key })).text, i % 3 === 0 ? '' : `${i}:${key}`, JSON.stringify(key));
    }
    for (const key of keys) t.is((await call({ method: 'DELETE', key })).status, 204);
    t.deepEqual(await listAll(box), []);
    t.deepEqual(await readdir(box.folder), [], 'nothing is left of deleted objects');
  });
  await fc.assert(scenario, { numRuns: 60 });
  t.deepEqual((await readdir(server.dir)).toSorted(), ['.local-cos', server.bucket]);
});

test('an ordinary key is a file with its bytes, a folder object is a folder', async t => {
  const { call, folder } = await sandbox(t);
  await call({ method: 'PUT', key: 'a/照片 1.txt', body: 'bytes' });
  await call({ method: 'PUT', key: 'empty/dir/', body: '' });
  t.is(await readFile(join(folder, 'a/照片 1.txt'), 'utf8'), 'bytes');
  t.true((await stat(join(folder, 'empty/dir'))).isDirectory());
  t.deepEqual(await filesBelow(folder), ['a/照片 1.txt']);
  await call({ method: 'DELETE', key: 'a/照片 1.txt' });
  t.deepEqual(await readdir(folder), ['empty']);
});

test('a folder object stays when the last object in it goes, and may hold bytes', async t => {
  const { call, folder } = await sandbox(t);
  await call({ method: 'PUT', key: 'dir/', body: '' });
  await call({ method: 'PUT', key: 'dir/file', body: 'x' });
  await call({ method: 'DELETE', key: 'dir/file' });
  t.true(existsSync(join(folder, 'dir')));
  await call({ method: 'PUT', key: 'dir/', body: 'content' });
  t.is((await call({ key: 'dir/' })).text, 'content');
  await call({ method: 'PUT', key: 'dir/', body: '' });
  t.is((await call({ key: 'dir/' })).text, '');
  await call({ method: 'DELETE', key: 'dir/' });
  t.deepEqual(await readdir(folder), []);
});

test('an object and objects below its name live side by side, in either order', async t => {
  const { call } = await sandbox(t);
  for (const keys of [
    ['a', 'a/b', 'a/b/c'],
    ['x/y/z', 'x/y', 'x'],
  ]) {
    for (const key of keys) t.is((await call({ method: 'PUT', key, body: key })).status, 200);
    for (const key of keys) t.is((await call({ key })).text, key);
  }
});

test('no key leads out of the bucket’s folder', async t => {
  const outer = await mkdtemp(join(tmpdir(), 'local-cos-outer-'));
  t.teardown(() => rm(outer, { recursive: true, force: true }));
  await writeFile(join(outer, 'secret'), 'secret');
  const { call, server } = await sandbox(t, { dir: join(outer, 'inner') });
  await call({ method: 'PUT', key: 'k', body: 'k' });
  const ups = ['../', '../../', '../../../', 'a/../../../', './../../', '..\\..\\', '/../../', '//../'];
  for (const key of ups.map(up => `${up}secret`)) {
    t.is((await call({ key })).code, 'NoSuchKey', key);
    t.is((await call({ method: 'PUT', key, body: 'mine' })).status, 200);
    t.is((await call({ key })).text, 'mine');
    t.is((await call({ key, rawPath: `/${encodeURIComponent(key)}` })).text, 'mine');
    await call({ method: 'DELETE', key });
  }
  t.is((await call({ key: '.local-cos/objects.journal' })).code, 'NoSuchKey');
  t.is((await call({ host: '.local-cos.cos.com' })).code, 'NoSuchBucket');
  t.is(await readFile(join(outer, 'secret'), 'utf8'), 'secret');
  t.deepEqual((await readdir(outer)).toSorted(), ['inner', 'secret']);
  t.deepEqual((await readdir(server.dir)).toSorted(), ['.local-cos', server.bucket]);
});

test('objects, buckets and metadata survive a restart', async t => {
  const box = await sandbox(t);
  const host = 'second-1250000000.cos.ap-local.myqcloud.com';
  await box.call({ method: 'PUT', host });
  const headers = { 'x-cos-meta-a': 'b', 'content-type': 'text/plain' };
  for (const key of ['a/b', '../odd', 'dir/'])
    await box.call({ method: 'PUT', key, headers, body: key === 'dir/' ? '' : key });
  await box.call({ method: 'PUT', host, key: 'k', body: 'second' });
  await box.call({ method: 'PUT', key: 'gone', body: 'x' });
  await box.call({ method: 'DELETE', key: 'gone' });
  const before = await box.call({ key: 'a/b' });
  await box.restart();
  const after = await box.call({ key: 'a/b' });
  for (const name of ['etag', 'last-modified', 'x-cos-hash-crc64ecma', 'x-cos-meta-a', 'content-type']) {
    t.is(after.headers[name], before.headers[name], name);
  }
  t.deepEqual(await listAll(box), ['../odd', 'a/b', 'dir/']);
  t.is((await box.call({ key: '../odd' })).text, '../odd');
  t.is((await box.call({ host, key: 'k' })).text, 'second');
});

test('a journal whose last line was torn loses that line only, and goes on', async t => {
  const box = await sandbox(t);
  await box.call({ method: 'PUT', key: 'a', body: '1' });
  await box.call({ method: 'PUT', key: 'b', body: '2' });
  const journal = join(box.server.dir, '.local-cos', box.server.bucket, 'objects.journal');
  await box.server.close();
  const text = await readFile(journal, 'utf8');
  await writeFile(journal, `null\n7\n\n${text.slice(0, -20)}`);
  await box.restart();
  t.deepEqual(await listAll(box), ['a']);
  await box.call({ method: 'PUT', key: 'c', body: '3' });
  await box.restart();
  t.deepEqual(await listAll(box), ['a', 'c']);
});

test('a journal of many overwrites is made small at start', async t => {
  const box = await sandbox(t);
  for (let i = 0; i < 1100; i++) await box.call({ method: 'PUT', key: 'k', body: String(i) });
  const journal = join(box.server.dir, '.local-cos', box.server.bucket, 'objects.journal');
  await box.restart();
  t.is((await readFile(journal, 'utf8')).split('\n').length, 2);
  t.is((await box.call({ key: 'k' })).text, '1099');
});

test('a file that somebody removed is no longer an object', async t => {
  const box = await sandbox(t);
  for (const key of ['a/1', 'a/2', 'b']) await box.call({ method: 'PUT', key, body: key });
  await rm(join(box.folder, 'a'), { recursive: true });
  await rm(join(box.folder, 'b'));
  await mkdir(join(box.folder, 'b'));
  t.is((await box.call({ key: 'a/1' })).code, 'NoSuchKey');
  t.is((await box.call({ key: 'b' })).code, 'NoSuchKey');
  t.deepEqual(await listAll(box), []);
  for (const key of ['a/1', 'b']) t.is((await box.call({ method: 'PUT', key, body: 'new' })).status, 200);
  t.is((await box.call({ key: 'a/1' })).text, 'new');
  t.is((await box.call({ key: 'b' })).text, 'new');
});

test('a file that somebody changed is the object’s new content; one only touched is the same object', async t => {
  const box = await sandbox(t);
  const put = await box.call({ method: 'PUT', key: 'k', body: 'before' });
  const file = join(box.folder, 'k');
  await utimes(file, 1000, 1000);
  t.is((await box.call({ method: 'HEAD', key: 'k' })).headers.etag, put.headers.etag);
  await writeFile(file, 'after!');
  const got = await box.call({ key: 'k' });
  t.is(got.text, 'after!');
  const again = await box.call({ method: 'PUT', key: 'other', body: 'after!' });
  t.is(got.headers.etag, again.headers.etag);
  t.is(got.headers['x-cos-hash-crc64ecma'], again.headers['x-cos-hash-crc64ecma']);
});

for (const size of [1000, 1_000_000]) {
  test(`a client that goes away in the middle of ${size} bytes leaves nothing`, async t => {
    const over = Promise.withResolvers<void>();
    const box = await sandbox(t, { onRequest: r => r.path === '/half' && over.resolve() });
    await box.call({ method: 'PUT', key: 'other', body: 'x' });
    const socket = connect(box.server.port, '127.0.0.1');
    const lines = [
      'PUT /half HTTP/1.1',
      `Host: 127.0.0.1:${box.server.port}`,
      `Content-Length: ${size}`,
      'Expect: 100-continue',
      `Authorization: ${authorize(box.server, { method: 'PUT', key: 'half' })}`,
    ];
    socket.write(`${lines.join('\r\n')}\r\n\r\n`);
    // The server says 100 once it has taken the request on.
    await once(socket, 'data');
    socket.write('x'.repeat(size / 2), () => socket.destroy());
    await over.promise;
    // Closing waits for what is under way.
    await box.server.close();
    t.deepEqual(await filesBelow(box.server.dir), [
      '.local-cos/keys.json',
      `.local-cos/${box.where.Bucket}/objects.journal`,
      `${box.where.Bucket}/other`,
    ]);
    await box.restart();
    t.deepEqual(await listAll(box), ['other']);
  });
}

test('readers of an object that is overwritten meanwhile get one version or the other', async t => {
  const { call } = await sandbox(t);
  const version = (i: number) => Buffer.alloc(400_000, `${i % 10}`);
  await call({ method: 'PUT', key: 'k', body: version(0) });
  const writing = Promise.all(
    Array.from({ length: 20 }, (_, i) => call({ method: 'PUT', key: 'k', body: version(i) })),
  );
  const reads = await Promise.all(Array.from({ length: 40 }, () => call({ key: 'k' })));
  await writing;
  for (const { status, body } of reads) {
    t.is(status, 200);
    t.true(body.equals(Buffer.alloc(400_000, body[0])));
  }
});

test('a taken port and a folder in use are told, and nobody is disturbed', async t => {
  const { server, call } = await sandbox(t);
  await call({ method: 'PUT', key: 'k', body: 'x' });
  const other = await mkdtemp(join(tmpdir(), 'local-cos-'));
  t.teardown(() => rm(other, { recursive: true, force: true }));
  await t.throwsAsync(startLocalCos({ dir: other, port: server.port }), { code: 'EADDRINUSE' });
  await t.throwsAsync(startLocalCos({ dir: other, bucket: '../x' }), { instanceOf: TypeError });
  if (process.platform !== 'darwin')
    await t.throwsAsync(startLocalCos({ dir: server.dir }), { code: 'EBUSY' });
  const second = await startLocalCos({ dir: other });
  t.not(second.port, server.port);
  await second.close();
  t.is((await call({ key: 'k' })).text, 'x');
});
