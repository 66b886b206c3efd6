import { createHash, randomBytes } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import test from 'ava';
import type COS from 'cos-nodejs-sdk-v5';
import { until } from '../support/until.ts';
import { refusal, type Sandbox, sandbox } from './sandbox.ts';

const md5 = (data: string | Buffer) => `"${createHash('md5').update(data).digest('hex')}"`;
const source = ({ where }: Sandbox, key: string) => `${where.Bucket}.cos.${where.Region}.myqcloud.com/${key}`;
const UPLOAD = Buffer.alloc(1_200_000, 'part ');

/** Sends a file in parts of 1 MiB and answers the ETags: of the parts, and of the whole. */
async function inParts({ cos, where }: Sandbox, Key: string, Headers: COS.Headers = {}) {
  const { UploadId } = await cos.multipartInit({ ...where, Key, Headers });
  const bodies = [UPLOAD.subarray(0, 1024 ** 2), UPLOAD.subarray(1024 ** 2)];
  const parts: string[] = [];
  for (const [i, Body] of bodies.entries()) {
    const part = await cos.multipartUpload({
      ...where,
      Key,
      UploadId,
      PartNumber: i + 1,
      Body,
      Headers,
    } as never);
    parts.push((part as COS.MultipartUploadResult).ETag);
  }
  const Parts = parts.map((ETag, i) => ({ ETag, PartNumber: i + 1 }));
  const whole = await cos.multipartComplete({ ...where, Key, UploadId, Parts });
  return { parts, whole, bodies };
}

for (const by of ['the request', 'the bucket']) {
  test(`with KMS asked for by ${by} no ETag is the MD5, and CRC-64 still tells`, async t => {
    const box = await sandbox(t, by === 'the bucket' ? { traits: { encryption: 'cos/kms' } } : {});
    const { cos, where } = box;
    const kms = by === 'the request' ? { 'x-cos-server-side-encryption': 'cos/kms' } : {};
    const put = await cos.putObject({ ...where, Key: 'k', Body: '123456789', Headers: kms });
    t.regex(put.ETag, /^"[0-9a-f]{32}"$/);
    t.not(put.ETag, md5('123456789'));
    t.is(put.headers?.['x-cos-hash-crc64ecma'], '11051210869376104954');
    t.is(put.headers?.['x-cos-server-side-encryption'], 'cos/kms');
    const head = await cos.headObject({ ...where, Key: 'k' });
    t.is(head.headers?.etag, put.ETag);
    t.truthy(head.headers?.['x-cos-server-side-encryption-cos-kms-key-id']);
    t.is((await cos.getObject({ ...where, Key: 'k' })).Body.toString(), '123456789');

    const { parts, whole, bodies } = await inParts(box, 'parts', kms);
    for (const [i, body] of bodies.entries()) t.not(parts[i], md5(body));
    t.regex(whole.ETag, /^"[0-9a-f]{32}-2"$/);
    t.true(UPLOAD.equals((await cos.getObject({ ...where, Key: 'parts' })).Body));

    const plain = await cos.putObjectCopy({ ...where, Key: 'copy', CopySource: source(box, 'k') });
    if (by === 'the request')
      t.is(plain.ETag, md5('123456789'), 'a copy is encrypted only where it asks for it');
    else t.not(plain.ETag, put.ETag);
  });
}

test('parts of an upload with KMS survive a restart with their ETags', async t => {
  const box = await sandbox(t, { traits: { encryption: 'cos/kms' } });
  const begin = await box.cos.multipartInit({ ...box.where, Key: 'k' });
  const { UploadId } = begin;
  const part = await box.cos.multipartUpload({
    ...box.where,
    Key: 'k',
    UploadId,
    PartNumber: 1,
    Body: UPLOAD,
  });
  await box.restart();
  const { Part } = await box.cos.multipartListPart({ ...box.where, Key: 'k', UploadId });
  t.is(Part[0]!.ETag, part.ETag);
});

test('an encryption that is none is refused', async t => {
  const { cos, where } = await sandbox(t);
  const put = (Headers: COS.Headers) => cos.putObject({ ...where, Key: 'k', Body: 'x', Headers });
  t.is((await refusal(t, put({ 'x-cos-server-side-encryption': 'rot13' }))).code, 'SSEContentNotSupported');
});

test('an object with a key of the customer’s own is read with that key only', async t => {
  const box = await sandbox(t);
  const { cos, where } = box;
  const keyHeaders =
    (of = '') =>
    (key: Buffer) => ({
      [`x-cos-${of}server-side-encryption-customer-algorithm`]: 'AES256',
      [`x-cos-${of}server-side-encryption-customer-key`]: key.toString('base64'),
      [`x-cos-${of}server-side-encryption-customer-key-MD5`]: createHash('md5').update(key).digest('base64'),
    });
  const [own, other] = [randomBytes(32), randomBytes(32)].map(keyHeaders()) as [COS.Headers, COS.Headers];
  const put = await cos.putObject({ ...where, Key: 'k', Body: 'secret', Headers: own });
  t.not(put.ETag, md5('secret'));
  const get = (Headers: COS.Headers) => cos.getObject({ ...where, Key: 'k', Headers });
  t.is((await get(own)).Body.toString(), 'secret');
  for (const wrong of [{}, other]) t.is((await refusal(t, get(wrong))).code, 'SsecDecryptHeaderInvalid');
  t.is((await refusal(t, cos.headObject({ ...where, Key: 'k' }))).statusCode, 400);
  const broken = { ...own, 'x-cos-server-side-encryption-customer-key-MD5': 'AAAA' };
  t.is((await refusal(t, get(broken))).code, 'InvalidArgument');

  const copy = (Headers: COS.Headers) =>
    cos.putObjectCopy({ ...where, Key: 'copy', CopySource: source(box, 'k'), Headers });
  t.is((await refusal(t, copy({}))).code, 'SsecDecryptHeaderInvalid');
  const forSource = Object.fromEntries(
    Object.entries(own).map(([name, value]) => [name.replace('x-cos-', 'x-cos-copy-source-'), value]),
  );
  t.is((await copy(forSource)).ETag, md5('secret'));
  const { UploadId } = await cos.multipartInit({ ...where, Key: 'p', Headers: own });
  const part = (Headers: COS.Headers) =>
    cos.multipartUpload({
      ...where,
      Key: 'p',
      UploadId,
      PartNumber: 1,
      Body: 'x',
      Headers,
    } as never) as Promise<never>;
  t.is((await refusal(t, part({}))).code, 'SsecDecryptHeaderInvalid');
  await t.notThrowsAsync(part(own));
});

test('a bucket says of which kind it is', async t => {
  const { cos, where, server } = await sandbox(t);
  const headers = async () => (await cos.headBucket(where)).headers ?? {};
  t.deepEqual(
    [(await headers())['x-cos-bucket-az-type'], (await headers())['x-cos-bucket-arch']],
    [undefined, undefined],
  );
  server.traits.kind = 'MAZ';
  t.is((await headers())['x-cos-bucket-az-type'], 'MAZ');
  server.traits.kind = 'OFS';
  t.is((await headers())['x-cos-bucket-arch'], 'OFS');
  t.is((await headers())['x-cos-bucket-region'], server.region);
});

test('a bucket of several zones takes their classes only, and another takes none of them', async t => {
  const box = await sandbox(t);
  const { cos, where, server } = box;
  const code = (StorageClass: string) =>
    cos.putObject({ ...where, Key: 'k', Body: 'x', StorageClass: StorageClass as 'STANDARD' }).then(
      () => '',
      (error: { code: string }) => error.code,
    );
  t.is(await code('STANDARD_IA'), '');
  t.is(await code('MAZ_STANDARD_IA'), 'MAZOperationNotSupportOnOAZBucket');
  t.is(await code('GLASS'), 'NotSupportedStorageClass');
  server.traits.kind = 'MAZ';
  t.is(await code('MAZ_STANDARD_IA'), '');
  t.is(await code('STANDARD'), 'OAZOperationNotSupportOnMAZBucket');
  await cos.putObject({ ...where, Key: 'k', Body: 'x' });
  t.is((await cos.headObject({ ...where, Key: 'k' })).headers?.['x-cos-storage-class'], 'MAZ_STANDARD');
  await cos.putObjectCopy({ ...where, Key: 'copy', CopySource: source(box, 'k') });
  t.is((await cos.getBucket(where)).Contents[0]!.StorageClass, 'MAZ_STANDARD');
});

test('a bucket that is a file system copies nothing, and has no file where a folder is', async t => {
  const box = await sandbox(t, { traits: { kind: 'OFS' } });
  const { cos, where, call } = box;
  const put = (Key: string) => cos.putObject({ ...where, Key, Body: '' });
  await put('file');
  await put('dir/a');
  for (const key of ['file/', 'file/a/b', 'dir']) {
    const { code, statusCode } = await refusal(t, put(key));
    t.deepEqual([code, statusCode], ['PathConflict', 409], key);
  }
  await put('dir/');
  const copy = cos.putObjectCopy({ ...where, Key: 'to', CopySource: source(box, 'file') });
  t.is((await refusal(t, copy)).code, 'MethodNotAllowed');
  const { UploadId: uploadId } = await cos.multipartInit({ ...where, Key: 'to' });
  const headers = { 'x-cos-copy-source': source(box, 'file') };
  const part = await call({ method: 'PUT', key: 'to', query: { uploadId, partNumber: '1' }, headers });
  t.is(part.code, 'MethodNotAllowed');
});

test('a listing lags behind, and nothing else does', async t => {
  const { cos, where, server } = await sandbox(t);
  const keys = async () => (await cos.getBucket(where)).Contents.map(({ Key, Size }) => `${Key} ${Size}`);
  for (const Key of ['kept', 'gone']) await cos.putObject({ ...where, Key, Body: '1' });
  await delay(5);
  server.traits.listingLag = 500_000;
  await cos.putObject({ ...where, Key: 'kept', Body: '22' });
  await cos.putObject({ ...where, Key: 'new', Body: '22' });
  await cos.deleteObject({ ...where, Key: 'gone' });
  t.deepEqual(await keys(), ['gone 1', 'kept 1']);
  t.is((await cos.headObject({ ...where, Key: 'new' })).statusCode, 200);
  t.is((await refusal(t, cos.getObject({ ...where, Key: 'gone' }))).code, 'NoSuchKey');
  server.traits.listingLag = 0;
  t.deepEqual(await keys(), ['kept 2', 'new 2']);
});

test('an archived object is read after it was thawed', async t => {
  const box = await sandbox(t, { traits: { thawTime: 500_000 } });
  const { cos, where, server } = box;
  const Key = 'k';
  await cos.putObject({ ...where, Key, Body: 'cold', StorageClass: 'ARCHIVE' });
  const thaw = (Days = 1, Tier: 'Expedited' | 'Bulk' = 'Expedited') =>
    cos.restoreObject({ ...where, Key, RestoreRequest: { Days, CASJobParameters: { Tier } } });
  const state = async () => (await cos.headObject({ ...where, Key })).headers ?? {};
  const get = await refusal(t, cos.getObject({ ...where, Key }));
  t.deepEqual([get.code, get.statusCode], ['InvalidObjectState', 403]);
  const copy = cos.putObjectCopy({ ...where, Key: 'to', CopySource: source(box, Key) });
  t.is((await refusal(t, copy)).code, 'InvalidObjectState');
  t.is((await state())['x-cos-restore'], undefined);

  t.is((await thaw()).statusCode, 202);
  t.is((await state())['x-cos-restore'], 'ongoing-request="true"');
  t.regex((await state())['x-cos-restore-status'], /^tier="expedited"; request-date="\w{3}, .* GMT"$/);
  t.is((await refusal(t, thaw())).code, 'RestoreAlreadyInProgress');

  await cos.putObject({ ...where, Key, Body: 'colder', StorageClass: 'DEEP_ARCHIVE' });
  t.is((await state())['x-cos-restore'], undefined, 'another object of that name is another thaw');
  server.traits.thawTime = 20;
  await thaw(2, 'Bulk');
  await until(async () =>
    (await state())['x-cos-restore']?.startsWith('ongoing-request="false", expiry-date="'),
  );
  t.is((await cos.getObject({ ...where, Key })).Body.toString(), 'colder');
  t.is((await thaw()).statusCode, 200, 'what is thawed is kept for longer');
  await cos.putObject({ ...where, Key: 'warm', Body: 'x' });
  const warm = cos.restoreObject({
    ...{ ...where, Key: 'warm' },
    RestoreRequest: { Days: 1, CASJobParameters: { Tier: 'Bulk' } },
  });
  t.is((await refusal(t, warm)).code, 'RestoreNonArchiveObject');
  t.is((await refusal(t, thaw(0))).code, 'MalformedXML');
});

test('tags and an ACL are kept and told', async t => {
  const box = await sandbox(t);
  const { cos, where } = box;
  const Headers = { 'x-cos-tagging': 'team=ops&name=a%20b', 'x-cos-acl': 'public-read' };
  await cos.putObject({ ...where, Key: 'k', Body: 'x', Headers });
  const tags = async (Key: string) => (await cos.getObjectTagging({ ...where, Key })).Tags;
  const both = [
    { Key: 'team', Value: 'ops' },
    { Key: 'name', Value: 'a b' },
  ];
  t.deepEqual(await tags('k'), both);
  const head = await cos.headObject({ ...where, Key: 'k' });
  t.is(head.headers?.['x-cos-tagging-count'], '2');
  t.is(head.headers?.['x-cos-acl'], undefined);
  t.is((await cos.getObjectAcl({ ...where, Key: 'k' })).ACL, 'public-read');
  const CopySource = source(box, 'k');
  await cos.putObjectCopy({ ...where, Key: 'copy', CopySource });
  t.deepEqual(await tags('copy'), both);
  t.is((await cos.getObjectAcl({ ...where, Key: 'copy' })).ACL, 'private');
  const replaced = { 'x-cos-tagging': 'a=b', 'x-cos-tagging-directive': 'Replaced' };
  await cos.putObjectCopy({ ...where, Key: 'copy', CopySource, Headers: replaced });
  t.deepEqual(await tags('copy'), [{ Key: 'a', Value: 'b' }]);
});

test('a header that would be taken and forgotten is refused', async t => {
  const { call } = await sandbox(t);
  const put = async (name: string, value: string) => {
    const { code, status } = await call({ method: 'PUT', key: 'k', body: 'x', headers: { [name]: value } });
    return code || status;
  };
  t.is(await put('x-cos-grant-read', 'id="100000000001"'), 'NotImplemented');
  t.is(await put('pic-operations', '{}'), 'NotImplemented');
  t.is(await put('x-cos-acl', 'everybody'), 'InvalidArgument');
  t.is(await put('x-cos-traffic-limit', '819200'), 200);
  t.is(await put('x-cos-traffic-limit', '819199'), 'InvalidArgument');
  t.is(await put('x-cos-traffic-limit', 'fast'), 'InvalidArgument');
});
