import { readFileSync, rmSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import test from 'ava';
import { type Running, type Sandbox, sandbox } from '../support/sandbox.ts';
import { until } from '../support/until.ts';
import { end, watching } from '../support/watching.ts';

type Told = Record<string, unknown> & { errors: { path: string }[] };

const told = (running: Running) =>
  running
    .output()
    .stdout.split('\n')
    .slice(0, -1)
    .map(line => JSON.parse(line) as Told);

/** The first report after a change that is of it: a folder in which something failed is tried again meanwhile. */
async function next(running: Running, change: () => void, isOfIt: (report: Told) => boolean): Promise<Told> {
  // That of the full scan comes before all of them.
  await until(() => told(running).length > 0);
  const known = told(running).length;
  change();
  const found = () => told(running).slice(known).find(isOfIt);
  await until(() => found() !== undefined);
  return found()!;
}

const hasSent = ({ upload_file_ok }: Told) => upload_file_ok !== 0;

async function statusOf(box: Sandbox) {
  const { json } = await box.runJson('status');
  return (json as unknown as { last_run: Told }).last_run;
}

test('a run elsewhere does not hide what failed before, until that is made good', async t => {
  const box = await sandbox(t);
  const [failed, metrics] = [join(box.root, 'failed.jsonl'), join(box.root, 'metrics')];
  box.write('a/good.txt', 'a');
  box.write('b/other.txt', 'b');
  symlinkSync('nowhere', join(box.local, 'a/link'));
  const running = await watching(box, { failed_file: failed, metrics_file: metrics });
  const elsewhere = await next(running, () => box.write('b/other.txt', 'changed'), hasSent);
  t.like(elsewhere, { exit_code: 1, op_status: 'PART_OK', upload_file_ok: 1, upload_file_fail: 1 });
  t.is(elsewhere.errors[0]?.path, 'a/link');
  t.regex(readFileSync(failed, 'utf8'), /a\/link/);
  t.regex(readFileSync(metrics, 'utf8'), /^cos_sync_run_exit_code\{.*\} 1$/m);
  t.like(await statusOf(box), { exit_code: 1, upload_file_fail: 1 });
  t.regex(running.output().stderr, /watch: left by earlier runs .* 1 failure, 0 deletions held back/);

  const cured = await next(
    running,
    () => {
      rmSync(join(box.local, 'a/link'));
      box.write('a/link', 'a file now');
    },
    hasSent,
  );
  t.like(cured, { exit_code: 0, upload_file_ok: 1, upload_file_fail: 0 });
  t.like(await next(running, () => box.write('b/other.txt', 'again'), hasSent), {
    exit_code: 0,
    upload_file_fail: 0,
  });
  t.is(readFileSync(failed, 'utf8'), '');
  t.is(await end(running), 143);
});

test('a run elsewhere does not hide deletions that wait for somebody', async t => {
  const box = await sandbox(t);
  for (let index = 0; index < 5; index++) box.write(`a/${index}.txt`, String(index));
  box.write('b/other.txt', 'b');
  const running = await watching(box, { max_delete: '3' });
  const held = await next(
    running,
    () => {
      for (let index = 0; index < 5; index++) rmSync(join(box.local, `a/${index}.txt`));
    },
    ({ deletes_held }) => deletes_held !== 0,
  );
  t.like(held, { exit_code: 4, deletes_held: 5 });
  const elsewhere = await next(running, () => box.write('b/other.txt', 'changed'), hasSent);
  t.like(elsewhere, { exit_code: 4, deletes_held: 5, upload_file_ok: 1 });
  t.deepEqual(elsewhere.deletes_held_reasons, ['maxDelete']);
  t.like(await statusOf(box), { exit_code: 4, deletes_held: 5 });
  t.is(await end(running), 143);
});

test('max_delete 100% holds nothing back, however many runs for changes delete', async t => {
  const box = await sandbox(t);
  box.write('kept.txt', 'k');
  const running = await watching(box, { max_delete: '100%' });
  // An object may be deleted while they are listed.
  const inCos = async () =>
    (await box.keys().catch(() => undefined))?.filter(key => /\/t\/./.test(key)).length;
  for (const round of [1, 2]) {
    for (let index = 0; index < 60; index++) box.write(`t/${index}`, `${round} ${index}`);
    await until(async () => (await inCos()) === 60);
    for (let index = 0; index < 60; index++) rmSync(join(box.local, `t/${index}`));
    await until(async () => (await inCos()) === 0);
  }
  t.is(await end(running), 143);
  t.notRegex(box.log(), /held.*delete.*reason=maxDelete/);
  t.false(told(running).some(({ exit_code }) => exit_code === 4));
});
