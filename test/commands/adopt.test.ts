import { readdirSync, renameSync } from 'node:fs';
import { join } from 'node:path';
import test from 'ava';
import { sandbox } from '../support/sandbox.ts';

test('the ledger of a folder that moved is told of, and adopted: nothing is sent again, and deletions go on', async t => {
  const box = await sandbox(t);
  for (const name of ['kept', 'removed', 'also kept']) {
    box.write(name, name);
    box.age(name);
  }
  await box.run();
  const moved = join(box.root, 'moved');
  renameSync(box.local, moved);
  const at = ['--local-path', moved];
  const told = await box.run('--dry-run', ...at);
  const [, file = ''] = /ledger adopt --from (\S+)/.exec(told.stderr) ?? [];
  t.is(
    file,
    join(
      box.home,
      'db',
      readdirSync(join(box.home, 'db')).find(name => /^[^.]+\.db$/.test(name) && name !== 'history.db') ?? '',
    ),
  );
  const refused = await box.run('ledger', 'adopt', '--from', join(moved, 'kept'), ...at);
  t.is(refused.code, 2);
  const adopted = await box.run('ledger', 'adopt', '--from', file, ...at);
  t.is(adopted.code, 0);
  t.regex(adopted.stdout, /3 records taken over/);
  renameSync(join(moved, 'removed'), join(box.root, 'removed'));
  const { json, stderr } = await box.runJson(...at);
  t.like(json, { upload_file_ok: 0, upload_file_skip: 2, del_file_ok: 1, exit_code: 0 });
  t.notRegex(stderr, /adopt/);
  t.deepEqual(await box.keys(), ['backup/also kept', 'backup/kept']);
});
