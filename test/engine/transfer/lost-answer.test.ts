import { mkdirSync, renameSync, rmSync, utimesSync } from 'node:fs';
import { join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import { type Sandbox, sandbox } from '../../support/sandbox.ts';

const OLD = new Date('2020-02-02T02:02:02Z');

test('a file that comes back as it was, after its change got to COS unheard, is uploaded again', async t => {
  const box = await sandbox(t);
  const file = join(box.local, 'a.txt');
  box.write('a.txt', 'the first content');
  utimesSync(file, OLD, OLD);
  await box.run();

  box.write('a.txt', 'another content');
  box.proxy.fault = ({ method }) => (method === 'PUT' ? { kind: 'loseAnswer' } : undefined);
  const lost = await box.run('--retry-num', '0');
  t.not(lost.code, 0);
  t.is((await box.objects()).get('backup/a.txt')?.toString(), 'another content');

  box.proxy.fault = undefined;
  box.write('a.txt', 'the first content');
  utimesSync(file, OLD, OLD);
  t.is((await box.run()).code, 0);
  t.is((await box.objects()).get('backup/a.txt')?.toString(), 'the first content');
});

test('a file that comes back as it was, after it was deleted in COS unheard, is uploaded again', async t => {
  const box = await sandbox(t);
  box.write('a.txt', 'content');
  box.write('other.txt', 'other');
  utimesSync(join(box.local, 'a.txt'), OLD, OLD);
  await box.run();

  renameSync(join(box.local, 'a.txt'), join(box.root, 'aside.txt'));
  box.proxy.fault = ({ method }) => (method === 'POST' ? { kind: 'loseAnswer' } : undefined);
  await box.run('--retry-num', '0');
  t.false((await box.objects()).has('backup/a.txt'));

  box.proxy.fault = undefined;
  renameSync(join(box.root, 'aside.txt'), join(box.local, 'a.txt'));
  t.is((await box.run()).code, 0);
  t.is((await box.objects()).get('backup/a.txt')?.toString(), 'content');
  rmSync(join(box.local, 'a.txt'));
  t.is((await box.run()).code, 0);
  t.false((await box.objects()).has('backup/a.txt'));
});

/** A folder `sub/` was synced beside a file, and is gone. */
async function boxWithGoneFolder(t: ExecutionContext): Promise<Sandbox> {
  const box = await sandbox(t);
  mkdirSync(join(box.local, 'sub'));
  box.write('other.txt', 'other');
  await box.run();
  rmSync(join(box.local, 'sub'), { recursive: true });
  return box;
}

test('a folder that comes back, after it was deleted in COS unheard, is made again', async t => {
  const box = await boxWithGoneFolder(t);
  box.proxy.fault = ({ method }) => (method === 'POST' ? { kind: 'loseAnswer' } : undefined);
  await box.run('--retry-num', '0');
  t.deepEqual(await box.keys(), ['backup/other.txt']);

  box.proxy.fault = undefined;
  mkdirSync(join(box.local, 'sub'));
  t.like((await box.runJson()).json, { create_folder_ok: 1, exit_code: 0 });
  t.deepEqual(await box.keys(), ['backup/other.txt', 'backup/sub/']);
  t.like((await box.runJson()).json, { create_folder_ok: 0, exit_code: 0 });
});

test('a folder whose deletion COS did not do is deleted by the next run', async t => {
  const box = await boxWithGoneFolder(t);
  box.proxy.fault = ({ method }) => (method === 'POST' ? { kind: 'reset' } : undefined);
  t.like((await box.runJson('--retry-num', '0')).json, { del_folder_fail: 1 });
  t.deepEqual(await box.keys(), ['backup/other.txt', 'backup/sub/']);

  box.proxy.fault = undefined;
  t.like((await box.runJson('--max-delete', '0')).json, { del_folder_ok: 0, del_folder_fail: 0 });
  t.like((await box.runJson()).json, { del_folder_ok: 1, exit_code: 0 });
  t.deepEqual(await box.keys(), ['backup/other.txt']);
  box.proxy.requests.length = 0;
  t.is((await box.run()).code, 0);
  t.deepEqual(box.proxy.requests, []);
});

test('a folder that was gone while its deletion went unheard, and is gone still, is forgotten', async t => {
  const box = await boxWithGoneFolder(t);
  box.proxy.fault = ({ method }) => (method === 'POST' ? { kind: 'loseAnswer' } : undefined);
  await box.run('--retry-num', '0');
  box.proxy.fault = undefined;
  t.like((await box.runJson()).json, { exit_code: 0 });
  box.proxy.requests.length = 0;
  t.is((await box.run()).code, 0);
  t.deepEqual(box.proxy.requests, []);
});
