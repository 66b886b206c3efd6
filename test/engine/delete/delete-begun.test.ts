import { readdirSync, renameSync, rmSync, utimesSync } from 'node:fs';
import { join } from 'node:path';
import test from 'ava';
import { openLedger } from '../../../src/ledger/ledger.ts';
import { ledgerFile } from '../../../src/ledger/task.ts';
import { type Sandbox, sandbox } from '../../support/sandbox.ts';
import { taskIn } from '../../support/task.ts';

const REFUSAL = { kind: 'status', status: 400, code: 'InvalidArgument' } as const;

/** Another tool puts an object where cos_sync would. */
async function putByOthers(box: Sandbox, path: string, content: string): Promise<void> {
  const place = { Bucket: box.server.bucket, Region: box.server.region };
  await box.cos.putObject({ ...place, Key: `backup/${path}`, Body: content });
}

/** What the ledger notes of objects that were about to be sent and are not known to be there. */
async function begunIn(box: Sandbox): Promise<string[]> {
  const task = taskIn(box.home);
  const ledger = await openLedger({ file: ledgerFile(join(box.home, 'db'), task), task, readOnly: true });
  const paths = [...ledger.begun.keys()];
  await ledger.close();
  return paths.sort();
}

/** A run whose uploads of `a.txt` get to COS while their answers do not come back. */
async function loseAnswer(box: Sandbox, ...args: string[]): Promise<void> {
  box.proxy.fault = ({ method, path }) =>
    method === 'PUT' && path.endsWith('/a.txt') ? { kind: 'loseAnswer' } : undefined;
  await box.run('--retry-num', '0', ...args);
  box.proxy.fault = undefined;
}

/** A run that is killed when it is about to send `a.txt`, which does not get to COS. */
async function killBeforeSending(box: Sandbox): Promise<void> {
  const run = box.start();
  box.proxy.fault = ({ method, path }) => {
    if (method !== 'PUT' || !path.endsWith('/a.txt')) return undefined;
    run.child.kill('SIGKILL');
    return { kind: 'hang' };
  };
  await run.ended;
  box.proxy.fault = undefined;
}

test('an object that another tool put is not deleted, though COS once refused ours', async t => {
  const box = await sandbox(t);
  box.write('stays', 's');
  box.write('a.txt', 'content');
  box.write('folder/b.txt', 'content');
  box.proxy.fault = ({ method, path }) =>
    method === 'PUT' && !path.endsWith('/stays') ? REFUSAL : undefined;
  t.is((await box.run()).code, 1);
  t.deepEqual(await begunIn(box), []);
  box.proxy.fault = undefined;
  rmSync(join(box.local, 'a.txt'));
  rmSync(join(box.local, 'folder'), { recursive: true });
  for (const path of ['a.txt', 'folder/b.txt']) await putByOthers(box, path, 'content');
  await putByOthers(box, 'folder/', '');
  t.like((await box.runJson()).json, { del_file_ok: 0, del_folder_ok: 0, exit_code: 0 });
  t.deepEqual(await box.keys(), ['backup/a.txt', 'backup/folder/', 'backup/folder/b.txt', 'backup/stays']);
});

test('what was never sent, because the run was stopped, is not noted any more', async t => {
  const box = await sandbox(t);
  for (let index = 0; index < 50; index++) box.write(`f${index}`, 'content');
  box.proxy.fault = ({ method }) =>
    method === 'PUT' ? { kind: 'status', status: 403, code: 'InvalidAccessKeyId' } : undefined;
  t.is((await box.run()).code, 5);
  t.deepEqual(await begunIn(box), []);
});

test('what may be in COS stays noted, and is deleted with its file', async t => {
  const box = await sandbox(t);
  box.write('stays', 's');
  box.write('a.txt', 'content');
  await loseAnswer(box);
  t.deepEqual(await begunIn(box), ['a.txt']);
  // A refusal says nothing of the earlier try.
  box.proxy.fault = ({ path }) => (path.endsWith('/a.txt') ? REFUSAL : undefined);
  t.is((await box.run()).code, 1);
  t.deepEqual(await begunIn(box), ['a.txt']);
  box.proxy.fault = undefined;
  rmSync(join(box.local, 'a.txt'));
  t.like((await box.runJson()).json, { del_file_ok: 1, exit_code: 0 });
  t.deepEqual(await box.keys(), ['backup/stays']);
  t.deepEqual(await begunIn(box), []);
});

test('what an earlier try may have brought to COS stays noted, though the last one is refused', async t => {
  const box = await sandbox(t);
  box.write('stays', 's');
  box.write('a.txt', 'content');
  box.write('folder/b.txt', 'content');
  const sent = new Map<string, number>();
  box.proxy.fault = ({ method, path }) => {
    if (method !== 'PUT' || path.endsWith('/stays')) return undefined;
    const tries = (sent.get(path) ?? 0) + 1;
    sent.set(path, tries);
    return tries === 1 ? { kind: 'garbage', body: '' } : REFUSAL;
  };
  t.is((await box.run('--retry-num', '1')).code, 1);
  t.deepEqual(await begunIn(box), ['a.txt', 'folder/', 'folder/b.txt']);
  box.proxy.fault = undefined;
  rmSync(join(box.local, 'a.txt'));
  rmSync(join(box.local, 'folder'), { recursive: true });
  t.like((await box.runJson()).json, { del_file_ok: 2, del_folder_ok: 1, exit_code: 0 });
  t.deepEqual(await box.keys(), ['backup/stays']);
});

const NOTHING_SAID = { kind: 'status', status: 200, code: '' } as const;
for (const [whose, answer, exitCode] of [
  ['COS', NOTHING_SAID, 1],
  ['somebody on the way', { ...NOTHING_SAID, headers: { 'x-cos-request-id': undefined } }, 5],
] as const) {
  test(`what a copy may have brought to COS that an answer of ${whose} says nothing of stays noted`, async t => {
    const box = await sandbox(t);
    box.write('stays', 's');
    box.write('old.txt', 'content');
    await box.run();
    renameSync(join(box.local, 'old.txt'), join(box.local, 'a.txt'));
    box.proxy.fault = ({ method, path, headers }) => {
      if (method !== 'PUT' || !path.endsWith('/a.txt')) return undefined;
      return headers['x-cos-copy-source'] === undefined ? REFUSAL : answer;
    };
    t.is((await box.run('--retry-num', '0')).code, exitCode);
    t.deepEqual(await begunIn(box), ['a.txt']);
  });
}

test('a run that is stopped while it waits to try again keeps what may be in COS noted', async t => {
  const box = await sandbox(t);
  box.write('a.txt', 'content');
  const run = box.start();
  box.proxy.fault = ({ method }) => {
    if (method !== 'PUT') return undefined;
    setTimeout(() => run.child.kill('SIGINT'), 100);
    return { kind: 'loseAnswer' };
  };
  t.is((await run.ended).code, 130);
  t.deepEqual(await begunIn(box), ['a.txt']);
});

test('an object of a file that was begun with different sizes is deleted, whichever of them it has', async t => {
  for (const held of ['first', 'second']) {
    const box = await sandbox(t);
    box.write('stays', 's');
    box.write('a.txt', 'content');
    await loseAnswer(box);
    box.write('a.txt', 'longer content');
    if (held === 'second') await loseAnswer(box);
    else await killBeforeSending(box);
    rmSync(join(box.local, 'a.txt'));
    t.like((await box.runJson()).json, { del_file_ok: 1, exit_code: 0 });
    t.deepEqual(await box.keys(), ['backup/stays']);
  }
});

test("an object of a size that no run began it with is nobody's", async t => {
  const box = await sandbox(t);
  box.write('stays', 's');
  box.write('a.txt', 'content');
  await loseAnswer(box);
  await putByOthers(box, 'a.txt', "another tool's");
  rmSync(join(box.local, 'a.txt'));
  t.like((await box.runJson()).json, { del_file_ok: 0, exit_code: 0 });
  t.deepEqual(await box.keys(), ['backup/a.txt', 'backup/stays']);
});

test("an object that came long after the run that began it is nobody's", async t => {
  const box = await sandbox(t);
  box.write('stays', 's');
  box.write('a.txt', 'content');
  await loseAnswer(box);
  const hourAgo = new Date(Date.now() - 3_600_000);
  for (const name of readdirSync(join(box.home, 'db')))
    utimesSync(join(box.home, 'db', name), hourAgo, hourAgo);
  rmSync(join(box.local, 'a.txt'));
  t.like((await box.runJson()).json, { del_file_ok: 0, exit_code: 0 });
  t.deepEqual(await box.keys(), ['backup/a.txt', 'backup/stays']);
});

test('an object is of the run that noted it, however many runs came after', async t => {
  const box = await sandbox(t);
  box.write('stays', 's');
  box.write('a.txt', 'content');
  await killBeforeSending(box);
  const hourAgo = new Date(Date.now() - 3_600_000);
  for (const name of readdirSync(join(box.home, 'db')))
    utimesSync(join(box.home, 'db', name), hourAgo, hourAgo);
  rmSync(join(box.local, 'a.txt'));
  t.is((await box.run('--delete-sync', '0')).code, 0);
  await putByOthers(box, 'a.txt', 'content');
  t.like((await box.runJson()).json, { del_file_ok: 0, exit_code: 0 });
  t.deepEqual(await box.keys(), ['backup/a.txt', 'backup/stays']);
});

test('a note of a name that COS takes for no key is forgotten', async t => {
  const box = await sandbox(t);
  box.write('stays', 's');
  await box.run();
  const task = taskIn(box.home);
  const ledger = await openLedger({ file: ledgerFile(join(box.home, 'db'), task), task });
  ledger.putBegun({ path: 'esc\u001b[31m', begun: [{ at: Date.now(), until: undefined, size: 1 }] });
  await ledger.close();
  t.deepEqual(await begunIn(box), ['esc\u001b[31m']);
  t.is((await box.run()).code, 0);
  t.deepEqual(await begunIn(box), []);
});

test('a look that is refused once forgets nothing: what was begun is deleted later', async t => {
  const box = await sandbox(t);
  box.write('stays', 's');
  box.write('a.txt', 'content');
  await loseAnswer(box);
  rmSync(join(box.local, 'a.txt'));
  box.proxy.fault = ({ method }) =>
    method === 'HEAD' || method === 'GET' ? { kind: 'status', status: 400, code: '' } : undefined;
  t.is((await box.run()).code, 0);
  t.deepEqual(await begunIn(box), ['a.txt']);
  box.proxy.fault = undefined;
  t.like((await box.runJson()).json, { del_file_ok: 1, exit_code: 0 });
  t.deepEqual(await box.keys(), ['backup/stays']);
});

test('max_delete and an emptied folder hold back what was begun, too', async t => {
  const box = await sandbox(t);
  box.write('stays', 's');
  box.write('a.txt', 'content');
  await loseAnswer(box);
  rmSync(join(box.local, 'a.txt'));
  const limited = await box.runJson('--max-delete', '0');
  t.is(limited.code, 4);
  t.like(limited.json, { del_file_ok: 0, deletes_held: 1 });
  rmSync(join(box.local, 'stays'));
  const emptied = await box.runJson();
  t.is(emptied.code, 4);
  t.like(emptied.json, { del_file_ok: 0, deletes_held: 2 });
  t.deepEqual(await box.keys(), ['backup/a.txt', 'backup/stays']);
  t.like((await box.runJson('--allow-empty')).json, { del_file_ok: 2, exit_code: 0 });
  t.deepEqual(await box.keys(), []);
});

test('where objects may not be looked at, the listing tells what was begun; without either it stays noted', async t => {
  const box = await sandbox(t);
  box.write('stays', 's');
  box.write('a.txt', 'content');
  await loseAnswer(box);
  rmSync(join(box.local, 'a.txt'));
  box.server.traits.deny = [{ action: 'HeadObject' }, { action: 'GetBucket' }];
  t.like((await box.runJson()).json, { del_file_fail: 0, exit_code: 0 });
  t.deepEqual(await begunIn(box), ['a.txt']);
  box.server.traits.deny = [{ action: 'HeadObject' }];
  t.like((await box.runJson()).json, { del_file_ok: 1, exit_code: 0 });
  box.server.traits.deny = [];
  t.deepEqual(await box.keys(), ['backup/stays']);
});
