import { renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import test from 'ava';
import type { Fault, SeenRequest } from '../../support/proxy.ts';
import { type Sandbox, sandbox } from '../../support/sandbox.ts';

const MiB = 1024 * 1024;

const refusal = (status: number, code: string): Fault => ({ kind: 'status', status, code });
const isPart = ({ query }: SeenRequest) => query.has('partNumber');
const isComplete = ({ method, query }: SeenRequest) => method === 'POST' && query.has('uploadId');

/** Everything is in COS and recorded: nothing is left to be asked or sent. */
async function isSettled({ proxy, run }: Sandbox): Promise<boolean> {
  proxy.fault = undefined;
  proxy.requests.length = 0;
  return (await run()).code === 0 && proxy.requests.length === 0;
}

test('a conflict of requests for one name passes: on an object, a part and a deletion', async t => {
  const box = await sandbox(t);
  box.configure({ multipart_threshold: 1, part_size: 1 });
  box.write('a.txt', 'a');
  box.write('gone.txt', 'gone');
  box.write('large.bin', Buffer.alloc(2 * MiB, 'l'));
  const seen = new Set<string>();
  const once = (name: string, code: string) => {
    if (seen.has(name)) return undefined;
    seen.add(name);
    return refusal(409, code);
  };
  box.proxy.fault = request => {
    if (isPart(request)) return once(`part ${request.query.get('partNumber')}`, 'UploadConflict');
    if (request.method === 'PUT') return once(request.path, 'PathConflict');
    return undefined;
  };
  const { code, json } = await box.runJson();
  t.is(code, 0, JSON.stringify(json.errors));
  t.like(json, { upload_file_ok: 3, upload_file_fail: 0 });

  rmSync(join(box.local, 'gone.txt'));
  let deletions = 0;
  const conflict =
    '<DeleteResult><Error><Key>backup/gone.txt</Key><Code>PathConflict</Code><Message>m</Message></Error></DeleteResult>';
  box.proxy.fault = ({ query }) =>
    query.has('delete') && deletions++ === 0
      ? { kind: 'status', status: 200, code: '', body: conflict }
      : undefined;
  t.like((await box.runJson()).json, { del_file_ok: 1, del_file_fail: 0, exit_code: 0 });
  t.is(deletions, 2);
  t.true(await isSettled(box));
});

for (const code of ['UploadConflict', 'NoSuchUpload']) {
  test(`a Complete that was carried out unheard, and answers ${code} from then on, is done`, async t => {
    const box = await sandbox(t);
    box.configure({ multipart_threshold: 1, part_size: 1 });
    box.write('large.bin', Buffer.alloc(2 * MiB, 'l'));
    let completes = 0;
    box.proxy.fault = request => {
      if (!isComplete(request)) return undefined;
      return completes++ === 0 ? { kind: 'loseAnswer' } : refusal(code === 'NoSuchUpload' ? 404 : 409, code);
    };
    const { code: exit, json } = await box.runJson();
    t.is(exit, 0, JSON.stringify(json.errors));
    t.is(box.proxy.requests.filter(isPart).length, 2, 'no part is sent twice');
    t.true(await isSettled(box));
  });
}

test('a key that is locked, or may not be deleted, fails alone and says why', async t => {
  const box = await sandbox(t);
  for (const name of ['denied', 'gone', 'locked', 'stays']) box.write(`${name}.txt`, name);
  await box.run();
  for (const name of ['denied', 'gone', 'locked']) rmSync(join(box.local, `${name}.txt`));
  const error = (name: string, code: string) =>
    `<Error><Key>backup/${name}.txt</Key><Code>${code}</Code><Message>m</Message></Error>`;
  const body = `<DeleteResult><Deleted><Key>backup/gone.txt</Key></Deleted>${error('locked', 'ObjectLocked')}${error('denied', 'AccessDenied')}</DeleteResult>`;
  box.proxy.fault = ({ query }) =>
    query.has('delete') ? { kind: 'status', status: 200, code: '', body } : undefined;
  const { code, json } = await box.runJson();
  t.is(code, 1);
  t.like(json, { del_file_ok: 1, del_file_fail: 2 });
  t.deepEqual(json.errors.map(({ path, code }) => [path, code]).sort(), [
    ['denied.txt', 'AccessDenied'],
    ['locked.txt', 'ObjectLocked'],
  ]);
});

test('an answer that is not from COS costs a try and judges nothing, neither object nor credentials', async t => {
  const box = await sandbox(t);
  for (let n = 0; n < 5; n++) box.write(`${n}.txt`, String(n));
  let portals = 0;
  const portal: Fault = {
    kind: 'status',
    status: 302,
    code: '',
    headers: { 'x-cos-request-id': undefined, location: `${box.server.url}/elsewhere` },
  };
  box.proxy.fault = () => (portals++ === 2 ? portal : undefined);
  const { code, json } = await box.runJson();
  t.is(code, 0, JSON.stringify(json.errors));
  t.like(json, { upload_file_ok: 5 });
  t.false(
    box.proxy.requests.some(({ path }) => path.includes('elsewhere')),
    'nothing follows a redirect',
  );

  box.write('6.txt', 'six');
  box.proxy.fault = () => portal;
  const lasting = await box.run('--retry-num', '0');
  t.is(lasting.code, 5);
  t.regex(lasting.stderr, /no connection to COS: code: -3, .*not from COS.*\(HTTP 302\)/);
  t.notRegex(lasting.stderr, /secret_id/);
});

/** A file of four parts, of which two are in COS when the run is interrupted. */
async function interrupted(box: Sandbox): Promise<void> {
  box.configure({ multipart_threshold: 1, part_size: 1, thread_num: 1, retry_num: 0 });
  box.write('large.bin', Buffer.alloc(4 * MiB, 'l'));
  box.age('large.bin');
  box.proxy.fault = ({ query }) => (query.get('partNumber') === '3' ? { kind: 'reset' } : undefined);
  await box.run();
  box.proxy.requests.length = 0;
}

const denied = refusal(403, 'AccessDenied');

test('where parts may not be listed, nor uploads ended, an interrupted file goes on by what the ledger knows', async t => {
  const box = await sandbox(t);
  await interrupted(box);
  box.proxy.fault = ({ method, query }) =>
    query.has('uploadId') && (method === 'GET' || method === 'DELETE') ? denied : undefined;
  const { code, json } = await box.runJson();
  t.is(code, 0, JSON.stringify(json.errors));
  t.deepEqual(
    box.proxy.requests.filter(isPart).map(({ query }) => query.get('partNumber')),
    ['3', '4'],
  );
  t.is((await box.objects()).get('backup/large.bin')?.length, 4 * MiB);
  t.true(await isSettled(box));
});

test('where parts may not be listed and the upload is gone, the file is begun anew within the run', async t => {
  const box = await sandbox(t);
  await interrupted(box);
  let old: string | null = null;
  box.proxy.fault = ({ method, query }) => {
    old ??= query.get('uploadId');
    if (query.get('uploadId') !== old || old === null) return undefined;
    return method === 'GET' ? denied : refusal(404, 'NoSuchUpload');
  };
  const { code, json } = await box.runJson();
  t.is(code, 0, JSON.stringify(json.errors));
  t.true(await isSettled(box));
});

test('where objects may not be looked at, what a Complete did unheard is found in the listing', async t => {
  const box = await sandbox(t);
  box.configure({ multipart_threshold: 1, part_size: 1 });
  box.write('large.bin', Buffer.alloc(2 * MiB, 'l'));
  let completes = 0;
  box.proxy.fault = request => {
    if (request.method === 'HEAD') return denied;
    return isComplete(request) && completes++ === 0 ? { kind: 'loseAnswer' } : undefined;
  };
  const { code, json } = await box.runJson();
  t.is(code, 0, JSON.stringify(json.errors));
  t.true(await isSettled(box));
});

test('where nothing may be looked at, a Complete that COS confirms is enough', async t => {
  const box = await sandbox(t);
  box.configure({ multipart_threshold: 1, part_size: 1 });
  box.write('large.bin', Buffer.alloc(2 * MiB, 'l'));
  box.proxy.fault = request => {
    if (request.method === 'HEAD' || request.method === 'GET') return denied;
    return isComplete(request)
      ? { kind: 'headers', headers: { 'x-cos-hash-crc64ecma': undefined } }
      : undefined;
  };
  const { code, json } = await box.runJson();
  t.is(code, 0, JSON.stringify(json.errors));
  t.true(await isSettled(box));
});

test('a gateway that gives no CRC-64 is believed by its ETags and the size', async t => {
  const box = await sandbox(t);
  box.configure({ multipart_threshold: 1, part_size: 1 });
  box.write('small.txt', 's');
  box.write('large.bin', Buffer.alloc(2 * MiB + 5, 'l'));
  box.proxy.fault = () => ({ kind: 'headers', headers: { 'x-cos-hash-crc64ecma': undefined } });
  const { code, json } = await box.runJson();
  t.is(code, 0, JSON.stringify(json.errors));
  t.is((await box.objects()).get('backup/large.bin')?.length, 2 * MiB + 5);
  t.true(await isSettled(box));

  box.write('other.bin', Buffer.alloc(2 * MiB, 'o'));
  box.proxy.fault = request => ({
    kind: 'headers',
    headers: {
      'x-cos-hash-crc64ecma': undefined,
      ...(isPart(request) ? { etag: `"${'0'.repeat(32)}"` } : {}),
    },
  });
  const wrong = await box.runJson('--retry-num', '0');
  t.is(wrong.code, 1, 'a part of another MD5 is no part of the file');
  t.is(wrong.json.errors[0]?.code, 'ChecksumMismatch');
});

test('a file that moved is uploaded where copies are not allowed', async t => {
  const box = await sandbox(t);
  box.write('a.txt', 'moves');
  await box.run();
  renameSync(join(box.local, 'a.txt'), join(box.local, 'b.txt'));
  box.proxy.fault = ({ headers }) => (headers['x-cos-copy-source'] ? denied : undefined);
  t.like((await box.runJson()).json, { upload_file_ok: 1, upload_bytes: 5, del_file_ok: 1, exit_code: 0 });
  t.true(await isSettled(box));
});
