import { readFileSync, renameSync, rmSync } from 'node:fs';
import { join, resolve } from 'node:path';
import test from 'ava';
import { type Sandbox, sandbox } from '../support/sandbox.ts';

const ROOT = resolve(import.meta.dirname, '..', '..');
const MiB = 1024 * 1024;

/** Every action of COS that the program ever needs. */
const ACTIONS = [
  'AbortMultipartUpload',
  'CompleteMultipartUpload',
  'DeleteObject',
  'GetBucket',
  'GetBucketObjectVersions',
  'GetBucketVersioning',
  'GetObject',
  'HeadBucket',
  'HeadObject',
  'InitiateMultipartUpload',
  'ListMultipartUploads',
  'ListParts',
  'PostObjectRestore',
  'PutObject',
  'UploadPart',
];

interface Policy {
  statement: { action: string[] }[];
}

/** The policies that a manual shows, from the smallest. */
function policiesIn(file: string): Policy[] {
  const text = readFileSync(join(ROOT, file), 'utf8');
  const blocks = [...text.matchAll(/```json\n(\{\n {2}"version": "2\.0"[\s\S]*?)```/g)];
  return blocks.map(([, json = '']) => JSON.parse(json) as Policy);
}

function allowOnly({ server }: Sandbox, { statement }: Policy): void {
  const allowed = statement.flatMap(({ action }) => action.map(name => name.replace('name/cos:', '')));
  const denied = ACTIONS.filter(action => !allowed.includes(action));
  server.traits.deny = denied.map(action => ({ action }));
}

test('both manuals show the same policies', t => {
  t.is(policiesIn('README.md').length, 3);
  t.deepEqual(policiesIn('README.md'), policiesIn('README.zh-CN.md'));
});

test("the manual's smallest policy is enough to upload, to go on and to move", async t => {
  const box = await sandbox(t);
  allowOnly(box, policiesIn('README.md')[0] as Policy);
  box.configure({ delete_sync: 0, multipart_threshold: 1, part_size: 1, thread_num: 1, retry_num: 0 });
  box.write('small.txt', 's');
  box.write('large.bin', Buffer.alloc(3 * MiB, 'l'));
  box.proxy.fault = ({ query }) => (query.get('partNumber') === '2' ? { kind: 'reset' } : undefined);
  await box.run();
  box.proxy.fault = undefined;
  t.is((await box.run()).code, 0);
  renameSync(join(box.local, 'small.txt'), join(box.local, 'moved.txt'));
  const { json } = await box.runJson();
  t.like(json, { upload_file_ok: 1, upload_bytes: 0, exit_code: 0 });
});

test("the manual's second policy is enough to delete", async t => {
  const box = await sandbox(t);
  allowOnly(box, policiesIn('README.md')[1] as Policy);
  for (const name of ['a', 'b']) box.write(name, name);
  await box.run();
  rmSync(join(box.local, 'a'));
  t.like((await box.runJson()).json, { del_file_ok: 1, exit_code: 0 });
});

test("the manual's largest policy leaves nothing for doctor and verify to wish for", async t => {
  const box = await sandbox(t);
  allowOnly(box, policiesIn('README.md')[2] as Policy);
  box.write('a', 'a');
  await box.run();
  const { stdout } = await box.run('doctor');
  t.notRegex(stdout, /^(warn|fail|skip)/m, stdout);
  t.is((await box.run('verify')).code, 0);
  t.is((await box.run('ledger', 'uploads')).code, 0);
});
