import test from 'ava';
import { type Sandbox, sandbox } from '../support/sandbox.ts';

const putsIn = ({ proxy }: Sandbox, folder: string) =>
  proxy.requests.filter(({ method, path }) => method === 'PUT' && path.startsWith(`/backup/${folder}`))
    .length;

/** Denies what is written anywhere but below z/. */
function allowOnlyZ({ proxy }: Sandbox): void {
  proxy.fault = ({ path }) =>
    path.startsWith('/backup/z/') ? undefined : { kind: 'status', status: 403, code: 'AccessDenied' };
}

test('a folder that may not be written is left after some denials, and the next one is served', async t => {
  const box = await sandbox(t);
  box.configure({ thread_num: 1, create_folders: 0 });
  for (let n = 0; n < 60; n++) box.write(`a/${n}`, `${n}`);
  for (let n = 0; n < 5; n++) box.write(`z/${n}`, `${n}`);
  allowOnlyZ(box);
  const { code, json } = await box.runJson();
  t.is(code, 1);
  t.like(json, { upload_file_ok: 5, upload_file_fail: 60 });
  t.is(putsIn(box, 'a/'), 10);
  t.deepEqual(Object.groupBy(json.errors, ({ code }) => code).AccessDenied?.length, 10);
  t.regex(json.errors.at(-1)?.message ?? '', /not tried: COS denied what else is in this folder/);
});

test('where nothing at all is allowed the exit code is 5, after few of many requests', async t => {
  const box = await sandbox(t);
  box.configure({ thread_num: 2 });
  for (let n = 0; n < 200; n++) box.write(`a/${n}`, `${n}`);
  for (let n = 0; n < 300; n++) box.write(`${n}/file`, `${n}`);
  box.proxy.fault = () => ({ kind: 'status', status: 403, code: 'AccessDenied' });
  const { code, stderr } = await box.run();
  t.is(code, 5);
  t.regex(stderr, /COS refuses: AccessDenied/);
  t.true(box.proxy.requests.length <= 210, `${box.proxy.requests.length} requests`);
});

test('denied folder objects do not keep the files from COS', async t => {
  const box = await sandbox(t);
  for (let n = 0; n < 120; n++) box.write(`${n}/file`, `${n}`);
  box.proxy.fault = ({ path }) =>
    path.endsWith('/') ? { kind: 'status', status: 403, code: 'AccessDenied' } : undefined;
  const { code, json } = await box.runJson();
  t.is(code, 1);
  t.like(json, { upload_file_ok: 120, create_folder_fail: 120 });
});
