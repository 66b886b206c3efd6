import { renameSync, utimesSync } from 'node:fs';
import { join } from 'node:path';
import test from 'ava';
import { type Sandbox, sandbox } from '../../support/sandbox.ts';
import { until } from '../../support/until.ts';

/** File bytes that went to COS, copies and folders being none. */
function bytesSent({ proxy }: Sandbox): number {
  return proxy.requests.filter(({ method }) => method === 'PUT').reduce((sum, { bytes }) => sum + bytes, 0);
}

function moveTo(box: Sandbox, from: string, to: string): void {
  renameSync(join(box.local, from), join(box.local, to));
}

test('a renamed file and a renamed folder are copied inside COS, and not sent again', async t => {
  const box = await sandbox(t);
  box.write('报告 1+1.txt', 'the report');
  box.write('old/a.txt', 'aaa');
  box.write('old/deep/b.txt', 'bbbb');
  await box.run();
  moveTo(box, '报告 1+1.txt', "report #1 %41 & 'co'.txt");
  moveTo(box, 'old', 'new');
  box.proxy.requests.length = 0;
  const { code, stdout } = await box.run();
  t.is(code, 0);
  t.is(bytesSent(box), 0);
  t.regex(stdout, /upload_file_ok : 3\n/);
  t.regex(stdout, /upload_bytes : 0\n/);
  t.true(
    stdout.includes(`[ok]   [   uploadFile] [${box.local}/new/a.txt] moved from ${box.local}/old/a.txt\n`),
  );
  const copies = box.proxy.requests.filter(({ headers }) => headers['x-cos-copy-source']);
  t.is(copies.length, 3);
  for (const { headers } of copies)
    t.regex(String(headers['x-cos-copy-source-if-match']), /^"[0-9a-f]{32}"$/);
  const objects = await box.objects();
  t.deepEqual([...objects.keys()].sort(), [
    'backup/new/',
    'backup/new/a.txt',
    'backup/new/deep/',
    'backup/new/deep/b.txt',
    "backup/report #1 %41 & 'co'.txt",
  ]);
  t.is(objects.get("backup/report #1 %41 & 'co'.txt")?.toString(), 'the report');
  t.is(objects.get('backup/new/deep/b.txt')?.toString(), 'bbbb');
});

test('the copy comes before the deletion, so that the content is never absent from COS', async t => {
  const box = await sandbox(t);
  box.write('a.txt', 'content');
  await box.run();
  moveTo(box, 'a.txt', 'b.txt');
  box.proxy.requests.length = 0;
  await box.run();
  const [copy, deletion] = box.proxy.requests;
  t.is(copy?.method, 'PUT');
  t.is(deletion?.method, 'POST');
  t.true(deletion?.query.has('delete'));
});

test('a moved file whose object COS lost, or holds with another content, is uploaded', async t => {
  const box = await sandbox(t);
  const place = { Bucket: box.server.bucket, Region: box.server.region };
  box.write('lost.txt', 'lost content');
  box.write('other.txt', 'recorded content');
  await box.run();
  await box.cos.deleteObject({ ...place, Key: 'backup/lost.txt' });
  await box.cos.putObject({ ...place, Key: 'backup/other.txt', Body: 'someone else wrote' });
  moveTo(box, 'lost.txt', 'lost2.txt');
  moveTo(box, 'other.txt', 'other2.txt');
  const { code, json } = await box.runJson();
  t.is(code, 0);
  t.like(json, { upload_file_ok: 2, upload_bytes: 28, del_file_ok: 2 });
  const objects = await box.objects();
  t.deepEqual([...objects].map(([key, body]) => [key, body.toString()]).sort(), [
    ['backup/lost2.txt', 'lost content'],
    ['backup/other2.txt', 'recorded content'],
  ]);
});

test('a moved file whose copy is denied is uploaded', async t => {
  const box = await sandbox(t);
  box.write('a.txt', 'content');
  await box.run();
  moveTo(box, 'a.txt', 'b.txt');
  box.proxy.fault = ({ headers }) =>
    headers['x-cos-copy-source'] ? { kind: 'status', status: 403, code: 'AccessDenied' } : undefined;
  const { code, json } = await box.runJson();
  t.is(code, 0);
  t.like(json, { upload_file_ok: 1, upload_bytes: 7, del_file_ok: 1 });
  t.deepEqual(json.errors, []);
  t.deepEqual([...(await box.objects())], [['backup/b.txt', Buffer.from('content')]]);
});

test('a moved file that also changed is uploaded', async t => {
  const box = await sandbox(t);
  box.write('a.txt', 'aaaa');
  await box.run();
  moveTo(box, 'a.txt', 'b.txt');
  box.write('b.txt', 'bbbb');
  t.like((await box.runJson()).json, { upload_file_ok: 1, upload_bytes: 4, del_file_ok: 1 });
  t.is((await box.objects()).get('backup/b.txt')?.toString(), 'bbbb');
});

test('a large file that went up in parts is copied too', async t => {
  const box = await sandbox(t);
  box.configure({ multipart_threshold: 1, part_size: 1 });
  const content = Buffer.alloc(3 * 1024 * 1024 + 5, 'large');
  box.write('large.bin', content);
  await box.run();
  moveTo(box, 'large.bin', 'renamed.bin');
  box.proxy.requests.length = 0;
  t.like((await box.runJson()).json, { upload_file_ok: 1, upload_bytes: 0, del_file_ok: 1, exit_code: 0 });
  t.is(bytesSent(box), 0);
  const objects = await box.objects();
  t.deepEqual([...objects.keys()], ['backup/renamed.bin']);
  t.true(objects.get('backup/renamed.bin')?.equals(content));
});

test('a move gives the object the attributes of today', async t => {
  const box = await sandbox(t);
  box.write('a.txt', 'content');
  await box.run();
  box.configure({ storage_class: 'ARCHIVE', meta: { team: 'ops' } });
  moveTo(box, 'a.txt', 'a.html');
  t.is((await box.run()).code, 0);
  const { headers = {} } = await box.cos.headObject({
    Bucket: box.server.bucket,
    Region: box.server.region,
    Key: 'backup/a.html',
  });
  t.like(headers, {
    'x-cos-storage-class': 'ARCHIVE',
    'x-cos-meta-team': 'ops',
    'content-type': 'text/html',
  });
});

test('files that trade places end with their own content', async t => {
  const box = await sandbox(t);
  box.write('a.txt', 'first');
  box.write('b.txt', 'other');
  // Files written in the same tick of the file system's clock have one mtime.
  box.age('a.txt', 1);
  box.age('b.txt', 2);
  await box.run();
  moveTo(box, 'a.txt', 'c.txt');
  moveTo(box, 'b.txt', 'a.txt');
  t.is((await box.run()).code, 0);
  const objects = await box.objects();
  t.deepEqual([...objects].map(([key, body]) => `${key}=${body}`).sort(), [
    'backup/a.txt=other',
    'backup/c.txt=first',
  ]);
});

test('a file that changes while it is looked at for a move is uploaded', async t => {
  const box = await sandbox(t);
  const moved = join(box.local, 'new/large.bin');
  box.write('large.bin', Buffer.alloc(15 * 1024 * 1024, 1));
  box.write('new', '');
  await box.run();
  renameSync(join(box.local, 'new'), join(box.local, 'old'));
  box.write('new/large.bin', Buffer.alloc(15 * 1024 * 1024, 1));
  renameSync(join(box.local, 'large.bin'), moved);
  box.proxy.requests.length = 0;
  const running = box.start('--json', '--max-delete', '100%');
  let day = 1;
  const touch = () => utimesSync(moved, new Date(2020, 0, ++day), new Date(2020, 0, day));
  await until(() => box.proxy.requests.length > 0);
  const begun = Date.now();
  while (Date.now() - begun < 200) {
    touch();
    await new Promise(resolve => setTimeout(resolve, 1));
  }
  const { code, stdout } = await running.ended;
  t.is(code, 0, stdout);
  t.true((await box.keys()).includes('backup/new/large.bin'));
});

for (const [status, code] of [
  [404, 'NoSuchBucket'],
  [403, 'AccessDenied'],
] as const) {
  test(`where COS refuses to copy (${code}), the file is uploaded and the run goes on`, async t => {
    const box = await sandbox(t);
    box.write('a.txt', 'content');
    await box.run();
    moveTo(box, 'a.txt', 'b.txt');
    box.write('c.txt', 'another');
    box.proxy.fault = ({ headers }) =>
      headers['x-cos-copy-source'] === undefined ? undefined : { kind: 'status', status, code };
    const { code: exitCode, json } = await box.runJson();
    t.is(exitCode, 0);
    t.like(json, { upload_file_ok: 2, upload_bytes: 14, del_file_ok: 1 });
    t.deepEqual(await box.keys(), ['backup/b.txt', 'backup/c.txt']);
  });
}
