import { appendFileSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'ava';
import { type Sandbox, sandbox } from '../support/sandbox.ts';
import { until } from '../support/until.ts';
import { end, fullScans, watching } from '../support/watching.ts';

async function holds(box: Sandbox, paths: readonly string[]): Promise<void> {
  const wanted = paths.map(path => `backup/${path}`).sort();
  // An object may be deleted while they are listed.
  const keys = () => box.keys().catch(() => []);
  await until(async () => JSON.stringify(await keys()) === JSON.stringify(wanted)).catch(async () => {
    throw new Error(`there is ${(await box.keys()).join(' ')}`);
  });
}

test('what is created, changed, renamed and deleted is in COS soon after, without another full scan', async t => {
  const box = await sandbox(t);
  box.write('a/one.txt', 'one');
  box.write('b/two.txt', 'two');
  const metrics = join(box.root, 'metrics.prom');
  const running = await watching(box, { metrics_file: metrics });
  await holds(box, ['a/', 'a/one.txt', 'b/', 'b/two.txt']);
  box.write('a/three.txt', 'three');
  await holds(box, ['a/', 'a/one.txt', 'a/three.txt', 'b/', 'b/two.txt']);
  appendFileSync(join(box.local, 'a/one.txt'), ' more');
  await until(
    async () =>
      (await box.objects().catch(() => undefined))?.get('backup/a/one.txt')?.toString() === 'one more',
  );
  renameSync(join(box.local, 'a'), join(box.local, 'b/moved'));
  await holds(box, ['b/', 'b/moved/', 'b/moved/one.txt', 'b/moved/three.txt', 'b/two.txt']);
  mkdirSync(join(box.root, 'outside/deep/er'), { recursive: true });
  writeFileSync(join(box.root, 'outside/deep/er/four.txt'), 'four');
  renameSync(join(box.root, 'outside'), join(box.local, 'in'));
  const inside = ['in/', 'in/deep/', 'in/deep/er/', 'in/deep/er/four.txt'];
  await holds(box, ['b/', 'b/moved/', 'b/moved/one.txt', 'b/moved/three.txt', 'b/two.txt', ...inside]);
  box.write('in/deep/er/five.txt', 'five');
  rmSync(join(box.local, 'b'), { recursive: true });
  await holds(box, [...inside, 'in/deep/er/five.txt']);
  t.is(fullScans(box), 1);
  t.regex(readFileSync(metrics, 'utf8'), /^cos_sync_full_scans\{.*reason="start"\} 1$/m);
  t.regex(readFileSync(metrics, 'utf8'), /^cos_sync_changes_waiting\{.*\} \d+$/m);
  t.regex(box.log(), /moved_from=a\/one\.txt/);
  t.is(await end(running), 143);
});

test('a change in a folder touches nothing of others, of which events were lost', async t => {
  const box = await sandbox(t);
  for (const folder of ['a', 'a/inner', 'b', 'c']) box.write(`${folder}/file.txt`, folder);
  const running = await watching(box);
  box.write('a/new.txt', 'new');
  const all = ['a/', 'a/file.txt', 'a/inner/', 'a/inner/file.txt', 'a/new.txt'];
  await holds(box, [...all, 'b/', 'b/file.txt', 'c/', 'c/file.txt']);
  t.is(await end(running), 143);
});

test('deletions by many runs for changes count together against max_delete', async t => {
  const box = await sandbox(t);
  for (let index = 0; index < 6; index++) box.write(`${index}.txt`, String(index));
  box.write('kept/k.txt', 'k');
  const running = await watching(box, { max_delete: '3' });
  for (let index = 0; index < 6; index++) {
    const known = running.output().stdout.split('\n').length;
    rmSync(join(box.local, `${index}.txt`));
    await until(() => running.output().stdout.split('\n').length > known);
  }
  const keys = await box.keys();
  t.is(keys.filter(key => /\d\.txt$/.test(key)).length, 3);
  t.regex(box.log(), /held.*delete.*reason=maxDelete/);
  t.is(await end(running), 143);
});
