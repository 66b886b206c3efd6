import { existsSync, readFileSync, rmSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import test from 'ava';
import { type Running, type Sandbox, sandbox } from '../support/sandbox.ts';
import { until } from '../support/until.ts';

type Told = Record<string, unknown> & { errors: { path: string }[] };

async function watching(box: Sandbox, changes: Record<string, unknown> = {}): Promise<Running> {
  box.configure({ daemon_mode: '1', watch: '1', watch_delay: '0.2', daemon_interval: '3600', ...changes });
  const running = box.start('--json');
  await until(() => existsSync(join(box.home, 'log/cos_sync.log')) && / ready /.test(box.log()));
  return running;
}

const told = (running: Running) =>
  running
    .output()
    .stdout.split('\n')
    .slice(0, -1)
    .map(line => JSON.parse(line) as Told);

async function next(running: Running, change: () => void): Promise<Told> {
  const known = told(running).length;
  change();
  await until(() => told(running).length > known);
  return told(running)[known]!;
}

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
  const elsewhere = await next(running, () => box.write('b/other.txt', 'changed'));
  t.like(elsewhere, { exit_code: 1, op_status: 'PART_OK', upload_file_ok: 1, upload_file_fail: 1 });
  t.is(elsewhere.errors[0]?.path, 'a/link');
  t.regex(readFileSync(failed, 'utf8'), /a\/link/);
  t.regex(readFileSync(metrics, 'utf8'), /^cos_sync_run_exit_code\{.*\} 1$/m);
  t.like(await statusOf(box), { exit_code: 1, upload_file_fail: 1 });
  t.regex(running.output().stderr, /watch: left by earlier runs .* 1 failure, 0 deletions held back/);

  const cured = await next(running, () => {
    rmSync(join(box.local, 'a/link'));
    box.write('a/link', 'a file now');
  });
  t.like(cured, { exit_code: 0, upload_file_ok: 1, upload_file_fail: 0 });
  t.like(await next(running, () => box.write('b/other.txt', 'again')), { exit_code: 0, upload_file_fail: 0 });
  t.is(readFileSync(failed, 'utf8'), '');
  running.child.kill('SIGTERM');
  t.is((await running.ended).code, 143);
});

test('a run elsewhere does not hide deletions that wait for somebody', async t => {
  const box = await sandbox(t);
  for (let index = 0; index < 5; index++) box.write(`a/${index}.txt`, String(index));
  box.write('b/other.txt', 'b');
  const running = await watching(box, { max_delete: '3' });
  const held = await next(running, () => {
    for (let index = 0; index < 5; index++) rmSync(join(box.local, `a/${index}.txt`));
  });
  t.like(held, { exit_code: 4, deletes_held: 5 });
  const elsewhere = await next(running, () => box.write('b/other.txt', 'changed'));
  t.like(elsewhere, { exit_code: 4, deletes_held: 5, upload_file_ok: 1 });
  t.deepEqual(elsewhere.deletes_held_reasons, ['maxDelete']);
  t.like(await statusOf(box), { exit_code: 4, deletes_held: 5 });
  running.child.kill('SIGTERM');
  t.is((await running.ended).code, 143);
});

test('max_delete 100% holds nothing back, however many runs for changes delete', async t => {
  const box = await sandbox(t);
  box.write('kept.txt', 'k');
  const running = await watching(box, { max_delete: '100%' });
  for (const round of [1, 2]) {
    const sent = await next(running, () => {
      for (let index = 0; index < 60; index++) box.write(`t/${index}`, `${round} ${index}`);
    });
    t.is(sent.exit_code, 0);
    const gone = await next(running, () => {
      for (let index = 0; index < 60; index++) rmSync(join(box.local, `t/${index}`));
    });
    t.like(gone, { exit_code: 0, deletes_held: 0 });
  }
  await until(async () => (await box.keys()).filter(key => /\/t\/./.test(key)).length === 0);
  running.child.kill('SIGTERM');
  t.is((await running.ended).code, 143);
});
