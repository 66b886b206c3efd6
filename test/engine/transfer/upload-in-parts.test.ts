import { closeSync, ftruncateSync, openSync, rmSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import test from 'ava';
import { type Sandbox, sandbox } from '../../support/sandbox.ts';
import { until } from '../../support/until.ts';

const MiB = 1024 * 1024;

/** A file of that size that takes little room on the disk; each MiB begins with its number and `mark`. */
function writeSparse({ local }: Sandbox, path: string, megabytes: number, mark = ''): void {
  const file = openSync(join(local, path), 'w');
  ftruncateSync(file, megabytes * MiB);
  for (let index = 0; index < megabytes; index++) writeSync(file, `${index}${mark}`, index * MiB);
  closeSync(file);
}

function partsIn({ proxy }: Sandbox): number[] {
  const parts = proxy.requests.filter(({ method, query }) => method === 'PUT' && query.has('partNumber'));
  return parts.map(({ query }) => Number(query.get('partNumber'))).sort((a, b) => a - b);
}

const range = (first: number, last: number) =>
  Array.from({ length: last - first + 1 }, (_, index) => first + index);

test('a file of 100 MB goes up in parts and arrives whole, with its CRC-64 checked', async t => {
  const box = await sandbox(t);
  writeSparse(box, 'large.bin', 100);
  box.write('small.bin', Buffer.alloc(16 * MiB, 's'));
  const { code, json } = await box.runJson();
  t.is(code, 0);
  t.like(json, { upload_file_ok: 2, upload_bytes: 116 * MiB });
  t.deepEqual(partsIn(box), range(1, 13), 'of 8 MiB, only of the file above the threshold');
  const object = (await box.objects()).get('backup/large.bin');
  t.is(object?.length, 100 * MiB);
  t.true(
    range(0, 99).every(index =>
      object?.toString('latin1', index * MiB, index * MiB + 3).startsWith(`${index}`),
    ),
  );
  box.proxy.requests.length = 0;
  t.like((await box.runJson()).json, { upload_file_skip: 2 });
  t.deepEqual(box.proxy.requests, []);
});

/** Starts a run of a file of 12 parts and kills it when four are up and the fifth hangs. */
async function killInMidUpload(box: Sandbox): Promise<void> {
  box.configure({ multipart_threshold: 1, part_size: 1, thread_num: 1 });
  writeSparse(box, 'large.bin', 12);
  box.proxy.fault = ({ query }) => (query.get('partNumber') === '5' ? { kind: 'hang' } : undefined);
  const running = box.start();
  await until(() => partsIn(box).includes(5));
  running.child.kill('SIGKILL');
  await running.ended;
  box.proxy.fault = undefined;
  box.proxy.requests.length = 0;
}

test('after a kill in mid-upload the parts that are there are not sent again', async t => {
  const box = await sandbox(t);
  await killInMidUpload(box);
  const { code, json } = await box.runJson();
  t.deepEqual(json.errors, []);
  t.is(code, 0);
  t.like(json, { upload_file_ok: 1, upload_bytes: 12 * MiB });
  t.deepEqual(partsIn(box), range(5, 12));
  const object = (await box.objects()).get('backup/large.bin');
  t.is(object?.length, 12 * MiB);
  t.is(object?.toString('latin1', 3 * MiB, 3 * MiB + 1), '3');
  const { Upload: uploads = [] } = await box.cos.multipartList({
    Bucket: box.server.bucket,
    Region: box.server.region,
  } as never);
  t.deepEqual(uploads, []);
});

test('a part that changed in the file since is sent anew, even where size and mtime are the same', async t => {
  const box = await sandbox(t);
  await killInMidUpload(box);
  const file = openSync(join(box.local, 'large.bin'), 'r+');
  writeSync(file, 'changed', 2 * MiB);
  closeSync(file);
  t.is((await box.run()).code, 0);
  const object = (await box.objects()).get('backup/large.bin');
  t.is(object?.toString('latin1', 2 * MiB, 2 * MiB + 7), 'changed');
});

test('an upload that COS forgot is begun anew', async t => {
  const box = await sandbox(t);
  await killInMidUpload(box);
  const place = { Bucket: box.server.bucket, Region: box.server.region };
  const { Upload: uploads = [] } = await box.cos.multipartList(place as never);
  t.is(uploads.length, 1);
  await box.cos.multipartAbort({ ...place, Key: 'backup/large.bin', UploadId: uploads[0]!.UploadId });
  t.is((await box.run()).code, 0);
  t.deepEqual(partsIn(box), range(1, 12));
  t.is((await box.objects()).get('backup/large.bin')?.length, 12 * MiB);
});

test('an upload whose parts COS does not take for those that it was sent is ended, with its parts', async t => {
  const box = await sandbox(t);
  box.configure({ multipart_threshold: 1, part_size: 1, retry_num: 1 });
  writeSparse(box, 'large.bin', 3);
  box.proxy.fault = ({ query }) =>
    query.get('partNumber') === '2'
      ? { kind: 'headers', headers: { etag: `"${'0'.repeat(32)}"` } }
      : undefined;
  t.like((await box.runJson()).json, { exit_code: 1, errors: [{ code: 'InvalidPart' }] });
  box.proxy.fault = undefined;
  t.regex((await box.run('ledger', 'uploads')).stdout, /no unfinished uploads/i);
  t.like((await box.runJson()).json, { exit_code: 0, upload_file_ok: 1 });
});

test('the parts of a file that is gone are taken out of COS', async t => {
  const box = await sandbox(t);
  await killInMidUpload(box);
  rmSync(join(box.local, 'large.bin'));
  t.is((await box.run()).code, 0);
  const place = { Bucket: box.server.bucket, Region: box.server.region };
  const { Upload: uploads = [] } = await box.cos.multipartList(place as never);
  t.deepEqual(uploads, []);
  box.proxy.requests.length = 0;
  await box.run();
  t.deepEqual(box.proxy.requests, []);
});

test('a SIGTERM in mid-upload ends after the parts under way, and the next run goes on from there', async t => {
  const box = await sandbox(t);
  box.configure({ multipart_threshold: 1, part_size: 1, thread_num: 2 });
  writeSparse(box, 'large.bin', 12);
  let go = () => {};
  const held = new Promise<void>(resolve => {
    go = resolve;
  });
  box.proxy.fault = ({ query }) =>
    Number(query.get('partNumber')) >= 4 ? { kind: 'wait', until: held } : undefined;
  const running = box.start();
  await until(() => partsIn(box).some(part => part >= 4));
  running.child.kill('SIGTERM');
  go();
  const { code, stderr } = await running.ended;
  t.is(code, 143);
  t.regex(stderr, /interrupted by SIGTERM/);
  const done = partsIn(box);
  t.true(done.length < 12);
  box.proxy.fault = undefined;
  box.proxy.requests.length = 0;
  t.is((await box.run()).code, 0);
  t.deepEqual(
    partsIn(box),
    range(1, 12).filter(part => !done.includes(part)),
  );
  const message = `resumed, ${done.length} of 12 parts`;
  t.true(box.log().includes(` resumed run=2 path=large.bin message="${message}" bytes=`), message);
});

test('a changed file is uploaded even where the unfinished upload before it may not be ended', async t => {
  const box = await sandbox(t);
  await killInMidUpload(box);
  writeSparse(box, 'large.bin', 12, 'changed');
  box.proxy.fault = ({ method }) =>
    method === 'DELETE' ? { kind: 'status', status: 403, code: 'AccessDenied' } : undefined;
  const { code, json } = await box.runJson();
  t.is(code, 0);
  t.like(json, { upload_file_ok: 1, upload_bytes: 12 * MiB });
  t.true((await box.objects()).get('backup/large.bin')?.toString('latin1', 0, 8) === '0changed');
});
