import {
  chownSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import test from 'ava';
import { type Sandbox, sandbox } from '../support/sandbox.ts';

const TEMPLATE = readFileSync(resolve(import.meta.dirname, '..', '..', 'conf', 'config.json'), 'utf8');

const fileOf = (box: Sandbox) => join(box.home, 'conf', 'config.json');
const keptOf = (box: Sandbox) => join(box.home, 'conf', 'config.last-good.json');

test('a newer zip over the folder: the next start says so, and one command puts everything back', async t => {
  const box = await sandbox(t);
  box.write('a.txt', 'a');
  await box.run();
  const good = readFileSync(fileOf(box), 'utf8');
  t.is(readFileSync(keptOf(box), 'utf8'), good);
  t.is(statSync(keptOf(box)).mode & 0o777, 0o600);

  writeFileSync(fileOf(box), TEMPLATE);
  for (const args of [['sync'], ['doctor'], ['sync', '--bucket', 'a-1', '--local-path', box.local]]) {
    const { code, stdout, stderr } = await box.run(...args);
    t.is(code, args[0] === 'doctor' ? 1 : 2);
    t.regex(stdout + stderr, /is the template, which a newer version's zip put .* init --recover$/m);
  }
  const recovered = await box.run('init', '--recover');
  t.like(recovered, { code: 0, stderr: '' });
  t.is(readFileSync(fileOf(box), 'utf8'), good);
  t.is(statSync(fileOf(box)).mode & 0o777, 0o600);
  t.deepEqual(readdirSync(dirname(fileOf(box))).sort(), ['config.json', 'config.last-good.json']);
  t.like((await box.runJson()).json, { exit_code: 0, upload_file_skip: 1 });
  t.regex((await box.run('init', '--recover')).stdout, /is the last good configuration already/);
});

test('the template is never kept, nor what was refused, nor anything by a dry run', async t => {
  const box = await sandbox(t);
  box.write('a.txt', 'a');
  await box.run('--dry-run');
  t.false(existsSync(keptOf(box)));
  await box.run('doctor');
  const good = readFileSync(keptOf(box), 'utf8');
  box.configure({ thread_num: 'many' });
  t.is((await box.run()).code, 2);
  writeFileSync(fileOf(box), TEMPLATE);
  t.is((await box.run()).code, 2);
  t.is(readFileSync(keptOf(box), 'utf8'), good);
});

test('the kept copy is never uploaded, wherever the configuration lies, and belongs to whom that belongs', async t => {
  const box = await sandbox(t);
  const file = join(box.local, 'conf', 'config.json');
  box.write('conf/config.json', readFileSync(fileOf(box)));
  box.write('conf/other.txt', 'mine');
  if (process.getuid?.() === 0) chownSync(file, 54_321, 54_321);
  for (let runs = 0; runs < 2; runs++) t.is((await box.run('--config', file)).code, 0);
  t.deepEqual(await box.keys(), ['backup/conf/', 'backup/conf/other.txt']);
  t.is(statSync(join(box.local, 'conf', 'config.last-good.json')).uid, statSync(file).uid);
});

test('a run without a configuration file keeps no copy', async t => {
  const box = await sandbox(t);
  const { secretId, secretKey, bucket, region } = box.server;
  rmSync(fileOf(box));
  const env = { COS_SECRET_ID: secretId, COS_SECRET_KEY: secretKey };
  const given = ['--bucket', bucket, '--region', region, '--endpoint', box.proxy.url];
  const { code, stderr } = await box.startAs({ env }, 'sync', ...given, '--local-path', box.local).ended;
  t.is(code, 0, stderr);
  t.false(existsSync(keptOf(box)));
});

test('what is in the place of a recovered configuration is kept, and a lost file is recovered too', async t => {
  const box = await sandbox(t);
  await box.run();
  const good = readFileSync(fileOf(box), 'utf8');
  for (const [text, name] of [
    ['not JSON', 'config.json.old'],
    ['{"bucket": "mine-1"}', 'config.json.old-2'],
  ] as const) {
    writeFileSync(fileOf(box), text);
    const { stdout } = await box.run('init', '--recover');
    t.true(stdout.includes(name), stdout);
    t.is(readFileSync(join(dirname(fileOf(box)), name), 'utf8'), text);
    t.is(readFileSync(fileOf(box), 'utf8'), good);
  }
  rmSync(fileOf(box));
  t.regex((await box.run()).stderr, /no such file\. To put back the last good one .* init --recover; /);
  t.is((await box.run('init', '--recover')).code, 0);
  t.is(readFileSync(fileOf(box), 'utf8'), good);
});

test('nothing is kept beside a file of another name, and without a copy there is nothing to recover', async t => {
  const box = await sandbox(t);
  const other = join(box.root, 'elsewhere', 'mine.json');
  mkdirSync(dirname(other));
  writeFileSync(other, readFileSync(fileOf(box)));
  await box.run('--config', other);
  t.deepEqual(readdirSync(dirname(other)), ['mine.json']);
  const { code, stderr } = await box.run('init', '--recover');
  t.is(code, 2);
  t.regex(stderr, /--recover: there is nothing to put back: .*config\.last-good\.json is missing/);
});
