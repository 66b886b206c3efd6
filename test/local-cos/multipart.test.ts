import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { readdir, readFile } from 'node:fs/promises';
import { request as httpRequest, type IncomingMessage } from 'node:http';
import { join } from 'node:path';
import test from 'ava';
import type COS from 'cos-nodejs-sdk-v5';
import fc from 'fast-check';
import { type Answer, authorize, refusal, type Sandbox, sandbox } from './sandbox.ts';

const MB = 1024 ** 2;
const md5 = (data: Buffer) => createHash('md5').update(data).digest();
const part = (number: number, size = MB) => Buffer.alloc(size, `part ${number} `);

async function begin({ cos, where }: Sandbox, Key: string, more = {}) {
  const { UploadId } = await cos.multipartInit({ ...where, Key, ...more });
  return { Key, UploadId };
}

function uploadPart(
  { cos, where }: Sandbox,
  upload: { Key: string; UploadId: string },
  number: number,
  Body: Buffer,
) {
  return cos.multipartUpload({ ...where, ...upload, PartNumber: number, Body });
}

function listParts({ cos, where }: Sandbox, upload: { Key: string; UploadId: string }, more = {}) {
  return cos.multipartListPart({ ...where, ...upload, ...more }) as Promise<COS.MultipartListPartResult>;
}

function listUploads({ cos, where }: Sandbox, more = {}) {
  const params = { ...where, Prefix: '', Delimiter: '', ...more };
  return cos.multipartList(params) as Promise<COS.MultipartListResult>;
}

function complete(
  box: Sandbox,
  upload: { Key: string; UploadId: string },
  parts: [number, string][],
): Promise<Answer> {
  const xml = parts
    .map(([n, etag]) => `<Part><PartNumber>${n}</PartNumber><ETag>${etag}</ETag></Part>`)
    .join('');
  return box.call({
    method: 'POST',
    key: upload.Key,
    query: { uploadId: upload.UploadId },
    body: `<CompleteMultipartUpload>${xml}</CompleteMultipartUpload>`,
  });
}

test('parts become one object, with the ETag and CRC-64 COS gives it', async t => {
  const box = await sandbox(t);
  const { cos, where, call } = box;
  const bodies = [part(1), part(2, 2 * MB), part(3, 5)];
  const upload = await begin(box, 'big/文件', { ContentType: 'video/mp4', Headers: { 'x-cos-meta-a': 'b' } });
  const Parts = [];
  for (const [i, body] of bodies.entries()) {
    const { ETag, headers } = await uploadPart(box, upload, i + 1, body);
    t.is(ETag, `"${md5(body).toString('hex')}"`);
    t.regex(headers?.['x-cos-hash-crc64ecma'], /^\d+$/);
    Parts.push({ PartNumber: i + 1, ETag });
  }
  t.is((await call({ key: 'big/文件' })).code, 'NoSuchKey', 'nothing is there before Complete');
  const done = await cos.multipartComplete({ ...where, ...upload, Parts });
  const etag = `"${createHash('md5')
    .update(Buffer.concat(bodies.map(md5)))
    .digest('hex')}-3"`;
  t.is(done.ETag, etag);

  const whole = Buffer.concat(bodies);
  const got = await call({ key: 'big/文件' });
  t.true(got.body.equals(whole));
  t.like(got.headers, { etag, 'content-type': 'video/mp4', 'x-cos-meta-a': 'b' });
  const simple = await call({ method: 'PUT', key: 'simple', body: whole });
  t.is(done.headers?.['x-cos-hash-crc64ecma'], simple.headers['x-cos-hash-crc64ecma']);
  t.is(got.headers['x-cos-hash-crc64ecma'], simple.headers['x-cos-hash-crc64ecma']);
  t.true(whole.equals(await readFile(join(box.folder, 'big/文件'))));
  t.is((await complete(box, upload, [[1, 'x']])).code, 'NoSuchUpload');
});

test('Complete refuses a list of parts that is not right, and the upload goes on', async t => {
  const box = await sandbox(t);
  const upload = await begin(box, 'k');
  const tags: string[] = [''];
  for (const [number, size] of [
    [1, MB],
    [2, MB - 1],
    [3, 7],
  ] as const) {
    tags.push((await uploadPart(box, upload, number, part(number, size))).ETag);
  }
  const code = async (...parts: [number, string][]) => (await complete(box, upload, parts)).code;
  t.is(await code([3, tags[3]!], [1, tags[1]!]), 'InvalidPartOrder');
  t.is(await code([1, tags[1]!], [1, tags[1]!]), 'InvalidPartOrder');
  t.is(await code([1, tags[2]!]), 'InvalidPart');
  t.is(await code([1, tags[1]!], [3, tags[3]!]), 'InvalidPart', 'a gap');
  t.is(await code([1, tags[1]!], [4, tags[1]!]), 'InvalidPart');
  t.is(await code([1, tags[1]!], [2, tags[2]!], [3, tags[3]!]), 'EntityTooSmall');
  t.is(await code(), 'MalformedXML');
  const done = await complete(box, upload, [
    [1, tags[1]!.replaceAll('"', '')],
    [2, tags[2]!],
  ]);
  t.is(done.status, 200);
  t.is((await box.call({ key: 'k' })).body.length, 2 * MB - 1);
});

test('a part sent again takes the place of the earlier one', async t => {
  const box = await sandbox(t);
  const upload = await begin(box, 'k');
  const old = await uploadPart(box, upload, 1, part(1));
  const { ETag } = await uploadPart(box, upload, 1, Buffer.from('new'));
  t.is((await complete(box, upload, [[1, old.ETag]])).code, 'InvalidPart');
  t.is((await complete(box, upload, [[1, ETag]])).status, 200);
  t.is((await box.call({ key: 'k' })).text, 'new');
});

test('parts are listed in pages, also after a restart', async t => {
  const box = await sandbox(t);
  const upload = await begin(box, 'k');
  for (const number of [3, 1, 10_000, 2]) await uploadPart(box, upload, number, part(number, 10 + number));
  await box.restart();
  const first = await listParts(box, upload, { MaxParts: 3 });
  t.deepEqual(
    first.Part.map(({ PartNumber, Size }) => [PartNumber, Size]),
    [
      ['1', '11'],
      ['2', '12'],
      ['3', '13'],
    ],
  );
  t.is(first.IsTruncated, 'true');
  const rest = await listParts(box, upload, { PartNumberMarker: first.NextPartNumberMarker });
  t.deepEqual(
    rest.Part.map(({ PartNumber, ETag }) => [PartNumber, ETag]),
    [['10000', `"${md5(part(10_000, 10_010)).toString('hex')}"`]],
  );
  t.is(rest.IsTruncated, 'false');
  t.is((await complete(box, upload, [[10_000, rest.Part[0]!.ETag]])).code, 'InvalidPart');
});

test('an aborted upload is gone, with its bytes', async t => {
  const box = await sandbox(t);
  const { cos, where } = box;
  const upload = await begin(box, 'k');
  await uploadPart(box, upload, 1, part(1));
  t.is((await cos.multipartAbort({ ...where, ...upload })).statusCode, 204);
  t.is((await refusal(t, uploadPart(box, upload, 2, part(2)))).code, 'NoSuchUpload');
  t.is((await refusal(t, listParts(box, upload))).code, 'NoSuchUpload');
  t.is((await refusal(t, cos.multipartAbort({ ...where, ...upload }))).code, 'NoSuchUpload');
  t.deepEqual(await readdir(join(box.server.dir, '.local-cos', where.Bucket, 'uploads')), []);
});

test('part numbers outside 1 to 10000 and an upload of another key are refused', async t => {
  const box = await sandbox(t);
  const { UploadId: uploadId } = await begin(box, 'k');
  const put = async (partNumber: string, key = 'k') =>
    (await box.call({ method: 'PUT', key, query: { partNumber, uploadId }, body: 'x' })).code;
  for (const number of ['0', '10001', '-1', '1.5', 'x', ''])
    t.is(await put(number), 'InvalidArgument', number);
  t.is(await put('1', 'other'), 'NoSuchUpload');
  t.is(await put('10000'), '');
});

test('uploads under way are listed by key and age, in pages', async t => {
  const box = await sandbox(t);
  const ids: string[] = [];
  for (const key of ['b/2', 'a', 'b/1', 'a', 'c']) {
    ids.push((await begin(box, key)).UploadId);
  }
  const all = await listUploads(box);
  t.deepEqual(
    all.Upload.map(upload => upload.Key),
    ['a', 'a', 'b/1', 'b/2', 'c'],
  );
  t.deepEqual(all.Upload.map(upload => upload.UploadId).toSorted(), ids.toSorted());
  t.deepEqual(
    (await listUploads(box, { Prefix: 'b/' })).Upload.map(upload => upload.Key),
    ['b/1', 'b/2'],
  );

  const seen: string[] = [];
  let KeyMarker = '';
  let UploadIdMarker = '';
  for (let pages = 0; pages < 10; pages++) {
    const page = await listUploads(box, { MaxUploads: '1', KeyMarker, UploadIdMarker });
    seen.push(...page.Upload.map(upload => upload.UploadId));
    if (page.IsTruncated === 'false') break;
    [KeyMarker, UploadIdMarker] = [page.NextKeyMarker, page.NextUploadIdMarker];
  }
  t.deepEqual(
    seen,
    all.Upload.map(upload => upload.UploadId),
  );

  const grouped = await box.call({ query: { uploads: '', delimiter: '/' } });
  t.regex(grouped.text, /<CommonPrefixes><Prefix>b\/<\/Prefix><\/CommonPrefixes>/);
  t.notRegex(grouped.text, /<Key>b/);
});

test('a part can be copied from a range of an object', async t => {
  const box = await sandbox(t);
  const { call, cos, where } = box;
  const source = Buffer.concat([part(1, MB), part(2, MB)]);
  await call({ method: 'PUT', key: 'source', body: source });
  const upload = await begin(box, 'joined');
  const CopySource = `${where.Bucket}.cos.${where.Region}.myqcloud.com/source`;
  const copy = (PartNumber: number, CopySourceRange: string) =>
    cos.uploadPartCopy({
      ...where,
      ...upload,
      PartNumber,
      CopySource,
      CopySourceRange,
    }) as Promise<COS.UploadPartCopyResult>;
  const one = await copy(1, `bytes=${MB}-${2 * MB - 1}`);
  t.is(one.ETag, `"${md5(part(2, MB)).toString('hex')}"`);
  const two = await copy(2, 'bytes=0-4');
  t.is((await refusal(t, copy(3, `bytes=0-${2 * MB}`))).code, 'InvalidRange');
  t.is(
    (
      await complete(box, upload, [
        [1, one.ETag],
        [2, two.ETag],
      ])
    ).status,
    200,
  );
  t.true((await call({ key: 'joined' })).body.equals(Buffer.concat([part(2, MB), source.subarray(0, 5)])));
});

test('however parts come, again and out of order and across a restart, the object is what was listed', async t => {
  const box = await sandbox(t);
  const size = fc.constantFrom(MB, MB, MB, MB + 1, 2 * MB, MB + 4096);
  const sending = fc.record({ number: fc.integer({ min: 1, max: 4 }), size, copied: fc.boolean() });
  const scenario = fc.record({
    sendings: fc.array(sending, { minLength: 1, maxLength: 7 }),
    restartAfter: fc.nat(7),
    left: fc.option(fc.integer({ min: 1, max: 4 })),
  });
  await fc.assert(
    fc.asyncProperty(scenario, async ({ sendings, restartAfter, left }) => {
      const upload = await begin(box, 'k');
      const bodies = new Map<number, Buffer>();
      for (const [i, { number, size: length, copied }] of sendings.entries()) {
        const body = Buffer.alloc(length, `${i}-${number} `);
        const query = { partNumber: String(number), uploadId: upload.UploadId };
        const headers: Record<string, string> = copied ? { 'x-cos-copy-source': '127.0.0.1/source' } : {};
        if (copied) await box.call({ method: 'PUT', key: 'source', body });
        const put = await box.call({ method: 'PUT', key: 'k', query, headers, body: copied ? '' : body });
        t.is(put.headers.etag, `"${md5(body).toString('hex')}"`);
        bodies.set(number, body);
        if (i === restartAfter) await box.restart();
      }
      const known = [...bodies.keys()].toSorted();
      // Mostly those that have no gap before them, which is all that COS takes.
      const numbers = known.filter((number, i) => number !== left && (left === 4 || number === i + 1));
      if (numbers.length === 0) return;
      const done = await complete(
        box,
        upload,
        numbers.map(number => [number, md5(bodies.get(number)!).toString('hex')]),
      );
      const hasGap = numbers.at(-1) !== numbers.length;
      t.is(done.code || done.status, hasGap ? 'InvalidPart' : 200, done.text);
      if (hasGap) return;
      const whole = Buffer.concat(numbers.map(number => bodies.get(number)!));
      t.true((await box.call({ key: 'k' })).body.equals(whole));
      const simple = await box.call({ method: 'PUT', key: 'simple', body: whole });
      t.is(done.headers['x-cos-hash-crc64ecma'], simple.headers['x-cos-hash-crc64ecma']);
    }),
    { numRuns: 25 },
  );
});

test('after a restart no part is written over another', async t => {
  const box = await sandbox(t);
  const upload = await begin(box, 'k');
  const sizes = new Map([
    [2, 2 * MB],
    [1, MB],
    [3, MB],
  ]);
  const tags = new Map<number, string>();
  for (const [number, size] of sizes) {
    if (number === 3) await box.restart();
    const body = Buffer.alloc(size, String(number));
    const query = { partNumber: String(number), uploadId: upload.UploadId };
    await box.call({ method: 'PUT', key: 'k', query, body });
    tags.set(number, md5(body).toString('hex'));
  }
  const done = await complete(
    box,
    upload,
    [1, 2, 3].map(number => [number, tags.get(number)!]),
  );
  t.is(done.status, 200, done.text);
  const whole = Buffer.concat([1, 2, 3].map(number => Buffer.alloc(sizes.get(number)!, String(number))));
  t.true((await box.call({ key: 'k' })).body.equals(whole));
});

test('a part that is still coming when Complete is called does not end up in the object', async t => {
  const box = await sandbox(t);
  const upload = await begin(box, 'k');
  const tags = [];
  for (const number of [1, 2]) tags.push((await uploadPart(box, upload, number, part(number))).ETag);
  const query = { partNumber: '3', uploadId: upload.UploadId };
  const late = httpRequest({
    port: box.server.port,
    method: 'PUT',
    path: `/k?partNumber=3&uploadId=${upload.UploadId}`,
    headers: {
      'content-length': MB,
      expect: '100-continue',
      authorization: authorize(box.server, { method: 'PUT', key: 'k', query }),
    },
  });
  late.flushHeaders();
  await once(late, 'continue');
  late.write(Buffer.alloc(1000, 'z'));
  const done = await complete(box, upload, [
    [1, tags[0]!],
    [2, tags[1]!],
  ]);
  t.is(done.status, 200);
  late.end(Buffer.alloc(MB - 1000, 'z'));
  const [response] = (await once(late, 'response')) as [IncomingMessage];
  response.resume();
  t.is(response.statusCode, 404);
  t.true((await box.call({ key: 'k' })).body.equals(Buffer.concat([part(1), part(2)])));
});
