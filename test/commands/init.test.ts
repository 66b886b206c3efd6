import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import test from 'ava';
import { metadataService } from '../support/credential-services.ts';
import { type Sandbox, sandbox } from '../support/sandbox.ts';
import { testWhere } from '../support/test-where.ts';

const ROOT = resolve(import.meta.dirname, '..', '..');
const MAIN = join(ROOT, 'src', 'main.ts');

/** Runs init with answers on its standard input. */
function init(box: Sandbox, answers: readonly string[], args: readonly string[] = [], env: object = {}) {
  const child = spawn(process.execPath, [MAIN, 'init', ...args], {
    env: { ...process.env, COS_SYNC_HOME: box.home, LANG: 'C.UTF-8', LC_ALL: '', ...env },
  });
  child.stdin.on('error', () => {}).end(answers.map(answer => `${answer}\n`).join(''));
  return ended(child);
}

function ended(child: ChildProcess): Promise<{ code: number | null; stdout: string; stderr: string }> {
  const output = { stdout: '', stderr: '' };
  child.stdout?.setEncoding('utf8').on('data', text => (output.stdout += text));
  child.stderr?.setEncoding('utf8').on('data', text => (output.stderr += text));
  return new Promise(done => child.on('close', code => done({ code, ...output })));
}

const configFile = (box: Sandbox) => join(box.home, 'conf', 'config.json');
const configOf = (box: Sandbox) => JSON.parse(readFileSync(configFile(box), 'utf8'));

function answersFor(box: Sandbox): string[] {
  const { secretId, secretKey, bucket, region } = box.server;
  return [secretId, secretKey, bucket, region, box.local, ''];
}

function useTemplate(box: Sandbox): void {
  mkdirSync(dirname(configFile(box)), { recursive: true });
  writeFileSync(configFile(box), readFileSync(join(ROOT, 'conf', 'config.json')));
}

test('the untouched template is one friendly line, and init makes a configuration of it that works', async t => {
  const box = await sandbox(t);
  useTemplate(box);
  const untouched = await box.run();
  t.is(untouched.code, 2);
  const lines = untouched.stderr.split('\n').filter(line => line.startsWith('cos_sync: '));
  t.is(lines.length, 1, untouched.stderr);
  t.regex(lines[0] ?? '', /is still the template: write your own values into it, or run .* init$/);

  const { code, stdout, stderr } = await init(box, answersFor(box), ['--endpoint', box.proxy.url]);
  t.is(code, 0, stderr);
  t.false(`${stdout}${stderr}`.includes(box.server.secretKey));
  t.is(statSync(configFile(box)).mode & 0o777, 0o600);
  t.like(configOf(box), {
    secret_id: box.server.secretId,
    secret_key: box.server.secretKey,
    bucket: box.server.bucket,
    local_path: box.local,
    cos_path: '/',
    delete_sync: '0',
  });
  t.false('appid' in configOf(box));
  t.deepEqual(await box.objects(), new Map(), 'the test leaves nothing behind');

  box.write('a.txt', 'one');
  t.is((await box.run()).code, 0);
  t.deepEqual([...(await box.objects()).keys()], ['a.txt']);
});

test('an answer that cannot be right is asked for again, with the reason', async t => {
  const box = await sandbox(t);
  rmSync(configFile(box));
  const { secretId, secretKey, bucket, region } = box.server;
  const nowhere = join(box.root, 'nowhere');
  const answers = [secretId, secretKey, 'My_Bucket', bucket, region, 'data', nowhere, `"${box.local}"`, '/b'];
  const { code, stderr } = await init(box, answers, ['--endpoint', box.proxy.url]);
  t.is(code, 0, stderr);
  t.regex(stderr, /bucket: must have only a-z/);
  t.regex(stderr, /local_path: must be an absolute path/);
  t.regex(stderr, /local_path: there is no folder .*nowhere/);
  t.like(configOf(box), { bucket, local_path: box.local, cos_path: '/b' });
});

test('what does not work is not written unless the user says so', async t => {
  const box = await sandbox(t);
  rmSync(configFile(box));
  const answers = answersFor(box);
  answers[1] = 'another0secret0key0of0that0length';
  for (const more of [[], ['n']]) {
    const refused = await init(box, [...answers, ...more], ['--endpoint', box.proxy.url]);
    t.is(refused.code, 5);
    t.regex(refused.stdout, /fail +credentials +code: SignatureDoesNotMatch/);
    t.false(existsSync(configFile(box)));
  }
  const forced = await init(box, [...answers, 'n', 'y'], ['--endpoint', box.proxy.url]);
  t.is(forced.code, 0);
  t.is(configOf(box).secret_key, answers[1]);
});

test('one wrong answer is corrected without giving the others again', async t => {
  const box = await sandbox(t);
  rmSync(configFile(box));
  const answers = answersFor(box);
  answers[1] = 'another0secret0key0of0that0length';
  const again = ['', box.server.secretKey, '', '', '', '', 'y'];
  const { code, stdout } = await init(box, [...answers, 'n', 'c', ...again], ['--endpoint', box.proxy.url]);
  t.is(code, 0);
  t.like(configOf(box), { secret_key: box.server.secretKey, bucket: box.server.bucket, delete_sync: '1' });
  t.regex(stdout, /Next:\n {2}node .*main\.ts sync --dry-run {3}shows/);
});

test('a configuration that is filled in is changed only on request, and keeps what was not asked for', async t => {
  const box = await sandbox(t);
  box.configure({ exclude: ['*.tmp'], thread_num: '7' });
  const before = readFileSync(configFile(box), 'utf8');
  for (const answers of [[], ['n'], ['']]) {
    const { code, stdout } = await init(box, answers);
    t.is(code, 1);
    t.regex(stdout, /Nothing was written/);
    t.is(readFileSync(configFile(box), 'utf8'), before);
  }
  const { code } = await init(box, ['y', '', '', '', '', '', '/elsewhere']);
  t.is(code, 0);
  t.deepEqual(configOf(box), { ...JSON.parse(before), cos_path: '/elsewhere' });
});

test('input that ends too early is a usage error, and a file that is not JSON is kept', async t => {
  const box = await sandbox(t);
  writeFileSync(configFile(box), '{ "secret_id": "half');
  const early = await init(box, ['y', 'AKIDx']);
  t.is(early.code, 2);
  t.regex(early.stderr, /secret_key: has no usable answer: nothing was written/);
  t.is(readFileSync(configFile(box), 'utf8'), '{ "secret_id": "half', 'nothing was written');
  t.is((await init(box, ['y', ...answersFor(box)], ['--endpoint', box.proxy.url])).code, 0);
  t.is(readFileSync(`${configFile(box)}.old`, 'utf8'), '{ "secret_id": "half');
  writeFileSync(configFile(box), 'other half');
  t.is((await init(box, ['y', ...answersFor(box)], ['--endpoint', box.proxy.url])).code, 0);
  t.is(readFileSync(`${configFile(box)}.old`, 'utf8'), '{ "secret_id": "half');
  t.is(readFileSync(`${configFile(box)}.old-2`, 'utf8'), 'other half');
});

test('keys from the environment are neither asked for nor written', async t => {
  const box = await sandbox(t);
  rmSync(configFile(box));
  const { secretId, secretKey, bucket, region } = box.server;
  const { code, stdout } = await init(
    box,
    [],
    [
      '--endpoint',
      box.proxy.url,
      '--bucket',
      bucket,
      '--region',
      region,
      '--local-path',
      box.local,
      '--cos-path',
      '/c',
    ],
    { COS_SECRET_ID: secretId, COS_SECRET_KEY: secretKey, COS_TOKEN: '' },
  );
  t.is(code, 0, stdout);
  t.deepEqual(Object.keys(configOf(box)).sort(), [
    'bucket',
    'cos_path',
    'delete_sync',
    'endpoint',
    'local_path',
    'region',
  ]);
});

const onTerminal = testWhere(
  existsSync('/usr/bin/script'),
  '/usr/bin/script is missing (apt-get install bsdutils)',
);

onTerminal('on a terminal the secret key is not shown, and Ctrl-C leaves everything as it was', async t => {
  const box = await sandbox(t);
  rmSync(configFile(box));
  const child = spawn('/usr/bin/script', ['-qec', `${process.execPath} ${MAIN} init`, '/dev/null'], {
    env: { ...process.env, COS_SYNC_HOME: box.home, TERM: 'xterm', LANG: 'C.UTF-8', LC_ALL: '' },
  });
  t.teardown(() => child.kill('SIGKILL'));
  let shown = '';
  let wake = () => {};
  child.stdout.setEncoding('utf8').on('data', text => {
    shown += text;
    wake();
  });
  const until = async (text: string) => {
    while (!shown.includes(text)) await new Promise<void>(done => (wake = done));
  };
  await until('SecretId:');
  child.stdin.write('AKIDvisible\r');
  await until('SecretKey (is not shown):');
  child.stdin.write('donotshowthis\r');
  await until('Bucket');
  child.stdin.write('\u0003');
  const code = await new Promise(done => child.on('close', done));
  t.is(code, 130);
  t.true(shown.includes('AKIDvisible'));
  t.false(shown.includes('donotshowthis'));
  t.regex(shown, /cancelled: nothing was written/);
  t.false(existsSync(configFile(box)));
});

test('init offers the role that a machine has, and writes no secret then', async t => {
  const box = await sandbox(t);
  useTemplate(box);
  const service = await metadataService(t, box.server);
  const answers = ['', box.server.bucket, box.server.region, box.local, ''];
  const env = { COS_SYNC_METADATA_URL: service.url };
  const { code, stdout, stderr } = await init(box, answers, ['--endpoint', box.proxy.url], env);
  t.is(code, 0, stdout + stderr);
  t.regex(stdout, /ok {4}keys {9}the CAM role backup of this machine/);
  t.is(configOf(box).credentials, 'cvm_role');
  t.false('secret_id' in configOf(box) || 'secret_key' in configOf(box));
});
