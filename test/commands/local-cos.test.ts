import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'ava';
import { sandbox } from '../support/sandbox.ts';
import { until } from '../support/until.ts';

test('local-cos prints what a configuration needs, serves, and ends on SIGTERM', async t => {
  const box = await sandbox(t);
  const dir = join(box.root, 'objects');
  const running = box.start('local-cos', '--json', '--dir', dir);
  await until(() => running.output().stdout.endsWith('\n'));
  const { url, dir: where, ...config } = JSON.parse(running.output().stdout);
  t.is(where, dir);
  t.regex(url, /^http:\/\/127\.0\.0\.1:\d+$/);
  t.deepEqual(Object.keys(config), ['secret_id', 'secret_key', 'appid', 'bucket', 'region', 'endpoint']);
  t.is(config.bucket, `local-${config.appid}`);
  box.write('a.txt', 'through the server');
  box.configure(config);
  t.is((await box.run()).code, 0);
  t.true([...box.filesIn(dir).values()].includes('through the server'));
  running.child.kill('SIGTERM');
  const { code, stderr } = await running.ended;
  t.is(code, 143);
  t.is(stderr, '');
});

test('local-cos takes the place of a bucket for a configuration as it is, and prints no keys that it was given', async t => {
  const box = await sandbox(t);
  const env = { COS_SECRET_ID: 'AKIDexample', COS_SECRET_KEY: 'kept-to-itself' };
  const dir = join(box.root, 'objects');
  const where = ['--bucket', 'photos-1250000001', '--region', 'ap-guangzhou'];
  const running = box.startAs({ env }, 'local-cos', '--dir', dir, ...where);
  await until(() => /Ctrl-C/.test(running.output().stdout));
  const { stdout } = running.output();
  t.regex(stdout, /"appid" +: "1250000001"/);
  t.regex(stdout, /COS_SECRET_ID and COS_SECRET_KEY/);
  t.notRegex(stdout, /AKIDexample|kept-to-itself/);
  box.configure({
    secret_id: undefined,
    secret_key: undefined,
    bucket: 'photos',
    appid: '1250000001',
    region: 'ap-guangzhou',
    endpoint: /http:\/\/[\d.:]+/.exec(stdout)![0],
  });
  box.write('a.txt', 'through the server');
  t.is((await box.startAs({ env }).ended).code, 0);
  t.true(box.filesIn(join(dir, 'photos-1250000001')).size > 0);
});

test('a folder that is a file, or that nothing can be written into, is said in one line', async t => {
  const box = await sandbox(t);
  const file = join(box.root, 'file');
  writeFileSync(file, '');
  for (const dir of [file, join(file, 'below')]) {
    const { code, stderr } = await box.run('local-cos', '--dir', dir);
    t.is(code, 2);
    t.regex(stderr, /^cos_sync: --dir: must be a folder, but .*file.* is a file[^\n]*\n$/);
  }
});

test('a port in use, an impossible port or bucket and a folder in use are each said in one line', async t => {
  const box = await sandbox(t);
  const dir = join(box.root, 'other');
  const port = await box.run('local-cos', '--dir', dir, '--port', String(box.server.port));
  t.is(port.code, 1);
  t.is(port.stderr, `cos_sync: port ${box.server.port} is in use: give another with --port\n`);
  for (const bad of ['99999', 'abc', '1.5']) {
    const refused = await box.run('local-cos', '--dir', dir, '--port', bad);
    t.is(refused.code, 2);
    t.is(refused.stderr, `cos_sync: --port: must be a number from 0 to 65535, not "${bad}"\n`);
  }
  const name = await box.run('local-cos', '--dir', dir, '--bucket', 'photos');
  t.is(name.code, 2);
  t.regex(name.stderr, /^cos_sync: --bucket: .*"photos-1250000000".*\n$/);
  const folder = await box.run('local-cos', '--dir', box.server.dir);
  t.is(folder.code, 2);
  t.is(folder.stderr, `cos_sync: --dir: another local-cos uses ${box.server.dir}: give another folder\n`);
});
