import { execFileSync } from 'node:child_process';
import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import test from 'ava';
import { sandbox } from '../support/sandbox.ts';

test('a dry run in any spelling sends nothing and records nothing; nor does what is refused', async t => {
  const box = await sandbox(t);
  box.write('a.txt', 'a');
  t.is((await box.run()).code, 0);
  box.write('b.txt', 'b');
  rmSync(join(box.local, 'a.txt'));
  const ledger = box.filesIn(join(box.home, 'db'));
  box.proxy.requests.length = 0;
  const dry = [
    ['--dry-run'],
    ['--dry-run=true'],
    ['--dry-run', '1'],
    ['--dry-run', '--dry-run'],
    ['--dry-run=YES', 'sync'],
    ['sync', '--no-dry-run=off'],
  ];
  const refused = [
    ['--dry-run=maybe'],
    ['--dry-run', '2'],
    ['--dry-run', '--no-dry-run'],
    ['sync', '--', '--dry-run'],
    ['-n'],
    ['sync', 'dry-run'],
    ['verify', '--repair', '--dry-run'],
    ['demo', '--config', 'x'],
  ];
  const codes = await Promise.all([...dry, ...refused].map(async args => (await box.run(...args)).code));
  t.deepEqual(codes, [...dry.map(() => 0), ...refused.map(() => 2)]);
  t.deepEqual(box.proxy.requests, []);
  t.deepEqual(box.filesIn(join(box.home, 'db')), ledger);

  t.is((await box.run('--dry-run=0')).code, 0);
  t.deepEqual(await box.keys(), ['backup/b.txt']);
});

test('no configuration file is needed where options and environment give all that is', async t => {
  const box = await sandbox(t);
  const { server, local } = box;
  box.write('a.txt', 'a');
  const home = join(box.root, 'elsewhere');
  mkdirSync(home);
  const env = { COS_SYNC_HOME: home, COS_SECRET_ID: server.secretId, COS_SECRET_KEY: server.secretKey };
  const place = ['--bucket', server.bucket, '--region', server.region, '--endpoint', server.url];
  const run = (...args: string[]) => box.startAs({ env }, ...args).ended;

  t.like(await run(...place, '--local-path', local, '--cos-path', '/backup'), { code: 0, stderr: '' });
  t.deepEqual(await box.keys(), ['backup/a.txt']);
  t.regex(
    (await run('doctor', ...place, '--local-path', local)).stdout,
    /^ok +config +there is no .*config\.json, and options and environment give all that is needed$/m,
  );

  const file = join(home, 'conf', 'config.json');
  const incomplete = await run(...place);
  t.like(incomplete, { code: 2, stdout: '' });
  const [noFile = '', ...others] = incomplete.stderr.trimEnd().split('\n');
  t.regex(
    noFile.replace(file, 'FILE'),
    /^cos_sync: FILE: there is no such file\. To make it: .*main\.ts init$/,
  );
  t.deepEqual(others, [`cos_sync: ${file}: local_path: is missing: write its value`]);
  const named = await run(...place, '--local-path', local, '--config', join(home, 'typo.json'));
  t.is(named.code, 2, 'a file that is named and not there is a slip');
  t.regex(named.stderr, /typo\.json: there is no such file/);
  const nowhere = await run(...place, '--local-path', local, '--home', join(box.root, 'typo'));
  t.is(nowhere.code, 2, 'so is a home that is not there: it would begin with an empty ledger');
  t.false(existsSync(join(box.root, 'typo')));
  const isFile = await run(...place, '--local-path', local, '--home', join(local, 'a.txt'));
  t.regex(isFile.stderr, /a\.txt.*config\.json: there is no such file/);
});

test('a refused value is blamed on what gave it: the option, the environment, or the file', async t => {
  const box = await sandbox(t);
  const file = join(box.root, 'd.json');
  writeFileSync(file, '{"secret_id": "AKIDtest", "bucket": "b-1250000000", "timeout": "long"}', {
    mode: 0o600,
  });
  const env = { COS_SECRET_KEY: 'not a key' };
  const { code, stderr } = await box.startAs({ env }, '--thread-num', 'abc', '--config', file).ended;
  t.is(code, 2);
  t.deepEqual(
    stderr.split('\n').sort(),
    [
      '',
      'cos_sync: --thread-num: must be a number from 1 to 512, not "abc"',
      `cos_sync: ${file}: local_path: is missing: write its value`,
      `cos_sync: ${file}: timeout: must be a number from 1 to 3600, not "long"`,
      'cos_sync: COS_SECRET_KEY: has characters that no credential has: copy it again, without spaces or line ends',
    ].sort(),
  );
});

const onPosix = process.platform === 'win32' ? test.skip : test;

onPosix('a pipe or a device in the place of a file is refused by every command that reads one', async t => {
  const box = await sandbox(t);
  const pipe = join(box.root, 'pipe');
  execFileSync('mkfifo', [pipe]);
  const calls = [pipe, '/dev/zero'].flatMap(file => [
    ['--config', file],
    ['init', '--config', file],
    ['status', '--config', file],
    ['ledger', 'import', file],
    ['ledger', 'adopt', '--from', file],
  ]);
  const ends = await Promise.all(calls.map(args => box.run(...args)));
  for (const [index, { code, stderr }] of ends.entries()) {
    t.is(code, 2, calls[index]!.join(' '));
    t.regex(stderr, /^cos_sync: .*(pipe|\/dev\/zero).*\n$/);
  }
});

onPosix('a pipe or a device in the place of a ledger or of the history holds up no command', async t => {
  const box = await sandbox(t);
  box.write('a.txt', 'a');
  t.is((await box.run()).code, 0);
  const db = join(box.home, 'db');
  const ledger = join(db, readdirSync(db).find(name => /^(?!history).*\.db$/.test(name)) ?? '');
  const content = readFileSync(ledger);
  rmSync(ledger);
  const calls = [['sync'], ['sync', '--dry-run'], ['verify'], ['ledger', 'export'], ['ledger', 'rebuild']];
  execFileSync('mkfifo', [ledger]);
  const ends = await Promise.all([...calls, ['doctor']].map(args => box.run(...args)));
  for (const { code, stderr } of ends.slice(0, -1)) {
    t.is(code, 4, stderr);
    t.regex(stderr, /ledger .* cannot be used \(EINVAL\)/);
  }
  t.regex(ends.at(-1)!.stdout, /^fail {2}ledger /m);
  rmSync(ledger);
  symlinkSync('/dev/zero', ledger);
  t.is((await box.run('ledger', 'export')).code, 4);

  rmSync(ledger);
  writeFileSync(ledger, content);
  rmSync(join(db, 'history.db'));
  execFileSync('mkfifo', [join(db, 'history.db')]);
  box.write('b.txt', 'b');
  t.is((await box.run()).code, 0);
  const history = await box.run('history');
  t.is(history.code, 2);
  t.regex(history.stderr, /^cos_sync: .*history\.db: cannot be read \(EINVAL\)/);
  const back = await box.run('restore', '--to', join(box.root, 'back'), '--run', '1');
  t.regex(back.stderr, /history\.db: cannot be read \(EINVAL\)/);
});

onPosix('where the current folder was removed, that is said in one line', async t => {
  const box = await sandbox(t);
  const gone = join(box.root, 'gone');
  mkdirSync(gone);
  const inGone = { through: ['sh', '-c', `cd '${gone}' && rmdir '${gone}' && exec "$0" "$@"`] };
  const { code, stderr } = await box.startAs(inGone, 'sync', '--local-path', box.local).ended;
  t.is(code, 2);
  t.is(stderr, 'cos_sync: the current folder was removed: change to one that is there, with cd\n');
});
