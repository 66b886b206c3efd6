import { spawnSync } from 'node:child_process';
import test from 'ava';
import fc from 'fast-check';
import { cronLine, editCrontab, shellWord } from '../../src/schedule/cron.ts';
import type { Job } from '../../src/schedule/job.ts';
import { asCronReadsIt } from '../support/cron.ts';
import { hardPaths } from '../support/paths.ts';

const DAILY = { unit: 'daily', hour: 2, minute: 0 } as const;

function jobOf(command: Job['command'], folder = '/'): Job {
  return { name: 'backup', command, folder, interval: DAILY };
}

/** What a line of a crontab does, and says, when cron starts it. */
function runAsCron(line: string) {
  const { fields, command } = asCronReadsIt(line);
  const { stdout, stderr } = spawnSync('/bin/sh', ['-c', command], { encoding: 'utf8' });
  return { fields, stdout, stderr };
}

test('a line says what runs when, in which folder', t => {
  t.is(
    cronLine({ ...jobOf(['/opt/cos_sync/cos_sync', 'sync', '--quiet'], '/opt/cos_sync'), name: 'a' }),
    '0 2 * * * cd /opt/cos_sync && out=$(/opt/cos_sync/cos_sync sync --quiet 2>&1) || [ $? -eq 3 ] || printf \'\\%s\\n\' "$out" # cos_sync schedule: a',
  );
});

test('any path reaches the program as it is, through cron and its shell', t => {
  fc.assert(
    fc.property(fc.array(hardPaths(), { minLength: 1, maxLength: 3 }), paths => {
      // printf ends what it prints with a failure, or cron would not show it.
      const print = ['/bin/sh', '-c', 'printf "<%s>" "$@"; exit 1', 'sh', ...paths] as const;
      const { fields, stdout, stderr } = runAsCron(cronLine(jobOf([...print])));
      t.is(fields, '0 2 * * *');
      t.is(stderr, '');
      t.is(stdout, `${paths.map(path => `<${path}>`).join('')}\n`);
    }),
    { numRuns: 60, examples: [[['/a\\%b', '/\\\\%%', "/'%\\'"]]] },
  );
});

test('cron mails what a failed run said, and nothing of any other', t => {
  const run = (script: string) => runAsCron(cronLine(jobOf(['/bin/sh', '-c', script])));
  t.like(run('echo done; echo warned >&2; exit 0'), { stdout: '', stderr: '' });
  t.like(run('echo locked >&2; exit 3'), { stdout: '', stderr: '' });
  t.like(run('echo some failed; echo why >&2; exit 1'), { stdout: 'some failed\nwhy\n', stderr: '' });
  t.like(run('echo stopped >&2; exit 4'), { stdout: 'stopped\n', stderr: '' });
});

test('a folder that is gone is said in the mail, and nothing runs', t => {
  const { stdout, stderr } = runAsCron(cronLine(jobOf(['/bin/echo', 'ran'], '/no/such folder')));
  t.regex(stderr, /no\/such folder/);
  t.notRegex(stdout, /ran/);
});

test('only the line of that name is replaced, added or removed', t => {
  const other = '# mine\n5 4 * * * backup # cos_sync schedule: other\n';
  const old = '0 1 * * * old # cos_sync schedule: a\n';
  const line = '0 2 * * * new # cos_sync schedule: a';
  t.is(editCrontab('', 'a', line), `${line}\n`);
  t.is(editCrontab(other, 'a', line), `${other}${line}\n`);
  t.is(editCrontab(`${old}${other}`, 'a', line), `${other}${line}\n`);
  t.is(editCrontab('0 0 * * * x', 'a', line), `0 0 * * * x\n${line}\n`);
  t.is(editCrontab(`${other}${old}`, 'a', undefined), other);
  t.is(editCrontab(`#${old}${other}`, 'a', undefined), other, 'one that was commented out, too');
  t.is(editCrontab(other, 'a', undefined), other);
  t.is(editCrontab('0 0 * * * x', 'a', undefined), '0 0 * * * x');
});

test('a crontab is as it was after a line is added and removed', t => {
  fc.assert(
    fc.property(fc.array(fc.string({ unit: 'grapheme' })), hardPaths(), (lines, path) => {
      const before = lines.map(line => `${line}\n`).join('');
      const line = cronLine(jobOf([path], path));
      t.is(editCrontab(editCrontab(before, 'backup', line), 'backup', undefined), before);
    }),
  );
});

test('a plain word is not quoted, a hard one is', t => {
  t.is(shellWord('/opt/cos_sync/cos_sync'), '/opt/cos_sync/cos_sync');
  t.is(shellWord('--quiet'), '--quiet');
  t.is(shellWord("/it's 100%"), `'/it'\\''s 100%'`);
  t.is(shellWord(''), `''`);
});
