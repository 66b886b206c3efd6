import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import test from 'ava';
import type COS from 'cos-nodejs-sdk-v5';
import fc from 'fast-check';
import { compareUtf8 } from '../../src/local-cos/key-index.ts';
import type { Version } from '../../src/local-cos/records.ts';
import { versionPage } from '../../src/local-cos/version-listing.ts';
import { refusal, type Sandbox, sandbox } from './sandbox.ts';

const turn = ({ cos, where }: Sandbox, Status: 'Enabled' | 'Suspended') =>
  cos.putBucketVersioning({ ...where, VersioningConfiguration: { Status } });

const put = async ({ cos, where }: Sandbox, Key: string, Body: string) =>
  (await cos.putObject({ ...where, Key, Body })).headers?.['x-cos-version-id'] as string | undefined;

/** The SDK takes a version's ID in more calls than its types say. */
const version = (VersionId: string | undefined): object => ({ VersionId });

const get = async ({ cos, where }: Sandbox, Key: string, VersionId?: string) =>
  (await cos.getObject({ ...where, Key, ...(VersionId !== undefined && { VersionId }) })).Body.toString();

/** All versions of a bucket, as `key: content` or `key: deleted`, newest first in each key; `*` is the latest. */
async function history(box: Sandbox): Promise<string[]> {
  const { Versions = [], DeleteMarkers = [] } = await box.cos.listObjectVersions(box.where);
  const all = await Promise.all([
    ...Versions.map(async ({ Key, VersionId, IsLatest }) => ({
      Key,
      IsLatest,
      VersionId,
      what: await get(box, Key, VersionId || undefined),
    })),
    ...DeleteMarkers.map(marker => ({ ...marker, what: 'deleted' })),
  ]);
  // IDs fall with time; where the version null stands the latest is told apart.
  const place = ({ VersionId, IsLatest }: { VersionId: string; IsLatest: string }) =>
    IsLatest === 'true'
      ? -1n
      : VersionId === 'null'
        ? 2n ** 65n
        : BigInt(Buffer.from(VersionId, 'base64').toString());
  return all
    .sort((a, b) => compareUtf8(a.Key, b.Key) || (place(a) < place(b) ? -1 : 1))
    .map(({ Key, what, IsLatest }) => `${Key}: ${what}${String(IsLatest) === 'true' ? '*' : ''}`);
}

test('a bucket keeps no versions until it is told to, and says so', async t => {
  const box = await sandbox(t);
  const { cos, where } = box;
  t.is((await cos.getBucketVersioning(where)).VersioningConfiguration.Status, undefined as never);
  t.is(await put(box, 'k', 'one'), undefined);
  const listed = await cos.listObjectVersions(where);
  t.like(listed.Versions[0], {
    Key: 'k',
    VersionId: '',
    IsLatest: 'true',
    Size: '3',
    StorageClass: 'STANDARD',
  });
  t.is((await cos.headObject({ ...where, Key: 'k' })).headers?.['x-cos-version-id'], undefined);
  for (const Status of ['Enabled', 'Suspended'] as const) {
    await turn(box, Status);
    t.is((await cos.getBucketVersioning(where)).VersioningConfiguration.Status, Status);
  }
  const odd = turn(box, 'Off' as 'Enabled');
  t.is((await refusal(t, odd)).code, 'MalformedXML');
});

test('each upload is a version of its own, and an older one can be had by its ID', async t => {
  const box = await sandbox(t);
  const { cos, where } = box;
  await put(box, 'k', 'zero');
  await turn(box, 'Enabled');
  const [one, two] = [await put(box, 'k', 'one'), await put(box, 'k', 'two')];
  t.truthy(one);
  t.not(one, two);
  t.is(await get(box, 'k'), 'two');
  t.is(await get(box, 'k', one), 'one');
  t.is(await get(box, 'k', 'null'), 'zero');
  t.deepEqual(await history(box), ['k: two*', 'k: one', 'k: zero']);
  const head = await cos.headObject({ ...where, Key: 'k', ...version(one) });
  t.like(head.headers, { 'x-cos-version-id': one, 'content-length': '3' });
  t.is((await cos.headObject({ ...where, Key: 'k' })).headers?.['x-cos-version-id'], two);
  t.is((await refusal(t, get(box, 'k', 'MTIz'))).code, 'NoSuchVersion');
  t.is(await readFile(join(box.folder, 'k'), 'utf8'), 'two', 'the folder shows what is current');
  t.deepEqual(
    (await cos.getBucket(where)).Contents.map(({ Key, Size }) => [Key, Size]),
    [['k', '3']],
  );
});

test('a deletion leaves a marker, which hides the object until it is deleted itself', async t => {
  const box = await sandbox(t);
  const { cos, where } = box;
  await turn(box, 'Enabled');
  await put(box, 'a/k', 'one');
  const { headers } = await cos.deleteObject({ ...where, Key: 'a/k' });
  const marker = headers?.['x-cos-version-id'];
  t.like(headers, { 'x-cos-delete-marker': 'true' });
  t.is((await refusal(t, get(box, 'a/k'))).code, 'NoSuchKey');
  const gone = await box.call({ method: 'HEAD', key: 'a/k' });
  t.deepEqual(
    [gone.status, gone.headers['x-cos-delete-marker'], gone.headers['x-cos-version-id']],
    [404, 'true', marker],
  );
  t.is((await box.call({ method: 'HEAD', key: 'a/k', query: { versionId: marker } })).status, 404);
  t.deepEqual((await cos.getBucket(where)).Contents, []);
  t.deepEqual(await history(box), ['a/k: deleted*', 'a/k: one']);
  t.is((await box.call({ method: 'DELETE' })).code, 'BucketNotEmpty');

  const undone = await cos.deleteObject({ ...where, Key: 'a/k', ...version(marker) });
  t.like(undone.headers, { 'x-cos-delete-marker': 'true', 'x-cos-version-id': marker });
  t.is(await get(box, 'a/k'), 'one');
  t.is(await readFile(join(box.folder, 'a/k'), 'utf8'), 'one');
});

test('a version that is deleted is gone for good, and the one before it is current again', async t => {
  const box = await sandbox(t);
  const { cos, where } = box;
  await turn(box, 'Enabled');
  const [one, two, three] = [await put(box, 'k', '1'), await put(box, 'k', '2'), await put(box, 'k', '3')];
  const remove = (id: string) => cos.deleteObject({ ...where, Key: 'k', ...version(id) });
  const removed = await remove(two!);
  t.is(removed.headers?.['x-cos-delete-marker'], undefined);
  t.is((await refusal(t, get(box, 'k', two))).code, 'NoSuchVersion');
  await remove(three!);
  t.is(await get(box, 'k'), '1');
  t.is(await readFile(join(box.folder, 'k'), 'utf8'), '1');
  t.is((await remove(two!)).statusCode, 204, 'what is gone is no error');
  await remove(one!);
  t.deepEqual(await history(box), []);
  t.is((await box.call({ method: 'DELETE' })).status, 204, 'nothing is left in the bucket');
});

test('a suspended bucket writes and deletes only the version null', async t => {
  const box = await sandbox(t);
  const { cos, where } = box;
  await turn(box, 'Enabled');
  const one = await put(box, 'k', 'one');
  await turn(box, 'Suspended');
  t.is(await put(box, 'k', 'two'), undefined);
  await put(box, 'k', 'three');
  t.deepEqual(await history(box), ['k: three*', 'k: one']);
  t.is((await cos.headObject({ ...where, Key: 'k' })).headers?.['x-cos-version-id'], 'null');
  const { headers } = await cos.deleteObject({ ...where, Key: 'k' });
  t.like(headers, { 'x-cos-delete-marker': 'true', 'x-cos-version-id': 'null' });
  t.is((await refusal(t, get(box, 'k'))).code, 'NoSuchKey');
  t.deepEqual(await history(box), ['k: deleted*', 'k: one']);
  t.is(await get(box, 'k', one), 'one');
});

test('many versions are deleted in one request, each told as what it was', async t => {
  const box = await sandbox(t);
  const { cos, where } = box;
  await turn(box, 'Enabled');
  const one = await put(box, 'a', 'one');
  await put(box, 'b', 'two');
  const marker = (await cos.deleteObject({ ...where, Key: 'b' })).headers?.['x-cos-version-id'];
  const { Deleted } = await cos.deleteMultipleObject({
    ...where,
    Objects: [{ Key: 'a', VersionId: one! }, { Key: 'b', VersionId: marker }, { Key: 'c' }],
  });
  const [a, b, c] = Deleted as unknown as Record<string, string>[];
  t.deepEqual(a, { Key: 'a', VersionId: one! });
  t.deepEqual(b, { Key: 'b', DeleteMarker: 'true', DeleteMarkerVersionId: marker, VersionId: marker });
  t.like(c, { Key: 'c', DeleteMarker: 'true' });
  t.deepEqual(await history(box), ['b: two*', 'c: deleted*']);
});

test('a multipart upload and a copy make versions, and a copy can take an older one', async t => {
  const box = await sandbox(t);
  const { cos, where } = box;
  await turn(box, 'Enabled');
  const one = await put(box, 'from', 'one');
  await put(box, 'from', 'two');
  const CopySource = `${where.Bucket}.cos.${where.Region}.myqcloud.com/from`;
  const copy = await cos.putObjectCopy({ ...where, Key: 'to', CopySource: `${CopySource}?versionId=${one}` });
  t.is(copy.headers?.['x-cos-copy-source-version-id'], one);
  t.is(await get(box, 'to'), 'one');
  const again = await cos.putObjectCopy({ ...where, Key: 'to', CopySource });
  t.is(await get(box, 'to'), 'two');
  t.is(await get(box, 'to', (copy as unknown as { VersionId: string }).VersionId), 'one');
  t.is(
    (await cos.headObject({ ...where, Key: 'to' })).headers?.['x-cos-version-id'],
    (again as unknown as { VersionId: string }).VersionId,
  );
  const sent = await cos.sliceUploadFile({ ...where, Key: 'to', FilePath: import.meta.filename });
  t.is(
    sent.headers?.['x-cos-version-id'],
    (await cos.headObject({ ...where, Key: 'to' })).headers?.['x-cos-version-id'],
  );
  t.is((await history(box)).filter(line => line.startsWith('to:')).length, 3);
});

test('folder objects, odd keys and files changed by hand have versions too', async t => {
  const box = await sandbox(t);
  const { cos, where } = box;
  await turn(box, 'Enabled');
  for (const key of ['dir/', '../odd', 'a//b']) {
    const id = await put(box, key, '');
    await put(box, key, 'more');
    await cos.deleteObject({ ...where, Key: key });
    t.is(await get(box, key, id), '', key);
  }
  const id = await put(box, 'hand', 'before');
  await writeFile(join(box.folder, 'hand'), 'by hand');
  t.is(await get(box, 'hand'), 'by hand');
  await put(box, 'hand', 'after');
  t.is(await get(box, 'hand', id), 'by hand');
});

test('versions survive a restart, also when the journal was made small', async t => {
  const box = await sandbox(t);
  const { cos, where } = box;
  await put(box, 'old', 'null');
  await turn(box, 'Enabled');
  for (const text of ['1', '2', '3']) await put(box, 'k', text);
  await put(box, 'gone', 'x');
  await cos.deleteObject({ ...where, Key: 'gone' });
  await put(box, 'gone', 'again');
  await cos.deleteObject({ ...where, Key: 'gone' });
  const before = await history(box);
  t.is(before.length, 8);
  await box.restart();
  t.deepEqual(await history(box), before);

  const journal = join(box.server.dir, '.local-cos', where.Bucket, 'objects.journal');
  await box.server.close();
  const text = await readFile(journal, 'utf8');
  await writeFile(journal, `${'{"key":"none","gone":true}\n'.repeat(1100)}${text}`);
  await box.restart();
  t.true((await readFile(journal, 'utf8')).split('\n').length < 20);
  t.deepEqual(await history(box), before);
  t.is((await box.cos.getBucketVersioning(box.where)).VersioningConfiguration.Status, 'Enabled');
});

test('any history reads the same after a restart', async t => {
  const step = fc.record({
    key: fc.constantFrom('a', 'a/b', 'dir/'),
    what: fc.constantFrom('put', 'put', 'delete', 'remove', 'suspend', 'enable'),
    which: fc.nat(),
  });
  const box = await sandbox(t);
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 12 }), async steps => {
      let count = 0;
      for (const { key, what, which } of steps) {
        if (what === 'put') await put(box, key, `${count++}`);
        if (what === 'delete') await box.call({ method: 'DELETE', key });
        if (what === 'suspend') await turn(box, 'Suspended');
        if (what === 'enable') await turn(box, 'Enabled');
        if (what === 'remove') {
          const { Versions } = await box.cos.listObjectVersions(box.where);
          const one = Versions[which % Math.max(1, Versions.length)];
          if (one)
            await box.call({ method: 'DELETE', key: one.Key, query: { versionId: one.VersionId || 'null' } });
        }
      }
      const before = await history(box);
      await box.restart();
      t.deepEqual(await history(box), before);
    }),
    { numRuns: 15 },
  );
});

const keysOf = (versions: ReadonlyMap<string, readonly Version[]>) => [...versions.keys()].sort(compareUtf8);

test('pages put together are the whole list of versions, each once', t => {
  const key = fc.string({ unit: fc.constantFrom('a', 'b', '/', '😀', '\uffee'), minLength: 1, maxLength: 4 });
  const bucket = fc.dictionary(key, fc.integer({ min: 1, max: 3 }));
  fc.assert(
    fc.property(
      bucket,
      fc.constantFrom('', '/'),
      fc.integer({ min: 1, max: 4 }),
      (counts, delimiter, maxKeys) => {
        const versions = new Map(
          Object.entries(counts).map(([name, count]) => [
            name,
            Array.from(
              { length: count },
              (_, i): Version => ({ marker: true, version: `${i}`, modified: 0 }),
            ),
          ]),
        );
        const page = (keyMarker: string, versionIdMarker: string, most: number) =>
          versionPage(keysOf(versions), name => versions.get(name)!, {
            ...{ prefix: '', delimiter, keyMarker, versionIdMarker, maxKeys: most },
          });
        const whole = page('', '', 1000);
        const found = { versions: [] as unknown[], commonPrefixes: [] as string[] };
        let [marker, id] = ['', ''];
        for (let pages = 0; pages < 100; pages++) {
          const next = page(marker, id, maxKeys);
          found.versions.push(...next.versions);
          found.commonPrefixes.push(...next.commonPrefixes);
          if (!next.truncated) break;
          [marker, id] = [next.nextKeyMarker, next.nextVersionIdMarker];
        }
        t.deepEqual(found, { versions: whole.versions, commonPrefixes: whole.commonPrefixes });
      },
    ),
    { numRuns: 500 },
  );
});

type Page = COS.ListObjectVersionsResult & { NextKeyMarker: string; NextVersionIdMarker: string };

test('the SDK pages through versions with key and version markers', async t => {
  const box = await sandbox(t);
  await turn(box, 'Enabled');
  for (const key of ['a', 'b', 'c']) for (const text of ['1', '2', '3']) await put(box, key, text);
  const ids: string[] = [];
  let marker = {};
  for (let pages = 0; pages < 20; pages++) {
    const page = (await box.cos.listObjectVersions({ ...box.where, MaxKeys: '2', ...marker })) as Page;
    ids.push(...page.Versions.map(({ Key, VersionId }) => `${Key} ${VersionId}`));
    if (page.IsTruncated !== 'true') break;
    marker = { KeyMarker: page.NextKeyMarker, VersionIdMarker: page.NextVersionIdMarker };
  }
  t.is(ids.length, 9);
  t.is(new Set(ids).size, 9);
});
