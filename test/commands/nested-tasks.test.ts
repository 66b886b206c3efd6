import { mkdirSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'ava';
import { sandbox } from '../support/sandbox.ts';

test('a folder that goes to the same objects as another task is told, unless it is excluded or that very folder', async t => {
  const box = await sandbox(t);
  const mail = join(box.root, 'mail');
  mkdirSync(mail);
  writeFileSync(join(mail, 'a.txt'), 'of the other task');
  box.write('b.txt', 'b');
  const inner = ['--local-path', mail, '--cos-path', '/backup/mail'];
  const outer = ['--cos-path', '/backup'];
  t.is((await box.run('sync', ...inner)).code, 0);
  const apart = await box.run('sync', ...outer);
  t.like(apart, { code: 0, stderr: '' }, 'it has no such folder');

  box.write('mail/a.txt', 'of this task');
  const told = await box.run('sync', '--dry-run', ...outer);
  t.is(told.code, 0);
  t.regex(told.stderr, /^mail\/ goes to the same objects as .*\/mail, which is synced to backup\/mail\/: /m);
  t.regex(told.stderr, /exclude "mail\/" here; .* move \S+\.db out of db\/$/m);
  const excluded = await box.run('sync', '--dry-run', ...outer, '--exclude', 'mail/');
  t.notRegex(excluded.stderr, /same objects/);

  renameSync(join(box.local, 'mail'), join(box.root, 'aside'));
  const nested = join(box.local, 'nested');
  renameSync(mail, nested);
  const same = ['--local-path', nested, '--cos-path', '/backup/nested'];
  t.is((await box.run('sync', ...same)).code, 0);
  const own = await box.run('sync', '--dry-run', ...outer);
  t.notRegex(own.stderr, /same objects/, 'the same files have the same objects');
});
