import { spawnSync } from 'node:child_process';
import {
  existsSync,
  lstatSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import { runHook } from '../../src/commands/task/hook.ts';
import { emptyStatistics } from '../../src/engine/statistics.ts';
import { metricsText } from '../../src/report/metrics.ts';
import { type Sandbox, sandbox } from '../support/sandbox.ts';

/** A hook that writes down what it was given. */
function noteTaker(box: Sandbox, name: string): { command: string[]; note(): Note; wasCalled(): boolean } {
  const script = join(box.root, `${name}.mjs`);
  const file = join(box.root, `${name}.json`);
  writeFileSync(
    script,
    `import { readFileSync, writeFileSync } from 'node:fs';
     const input = readFileSync(0, 'utf8');
     writeFileSync(process.argv[2], JSON.stringify({ input, args: process.argv.slice(3), env: process.env }));`,
  );
  return {
    command: [process.execPath, script, file, 'a b', '$HOME; exit'],
    note: () => JSON.parse(readFileSync(file, 'utf8')) as Note,
    wasCalled: () => existsSync(file),
  };
}

interface Note {
  input: string;
  args: string[];
  env: Record<string, string>;
}

async function sandboxWithHooks(t: ExecutionContext) {
  const box = await sandbox(t);
  const success = noteTaker(box, 'success');
  const failure = noteTaker(box, 'failure');
  return { box, success, failure, hooks: { on_success: success.command, on_failure: failure.command } };
}

test('on_success is given the summary, its own arguments as they are, and no secret', async t => {
  const { box, success, failure, hooks } = await sandboxWithHooks(t);
  box.configure({ ...hooks, secret_key: undefined });
  box.write('a.txt', 'one');
  const environment = {
    COS_SECRET_KEY: box.server.secretKey,
    TENCENTCLOUD_SESSION_TOKEN: '',
    OTHER: 'stays',
  };
  const { code } = await box.startAs({ env: environment }).ended;
  t.is(code, 0);
  const { input, args, env } = success.note();
  t.like(JSON.parse(input), {
    op_status: 'ALL_OK',
    exit_code: 0,
    upload_file_ok: 1,
    local_path: box.local,
    target: `cos://${box.server.bucket}/backup/`,
  });
  t.deepEqual(args, ['a b', '$HOME; exit']);
  t.is(env.OTHER, 'stays');
  t.false(JSON.stringify(env).includes(box.server.secretKey));
  t.false(failure.wasCalled());
});

test('on_failure is called for a run that failed, and its own failure changes nothing', async t => {
  const { box, success, failure, hooks } = await sandboxWithHooks(t);
  box.configure({ ...hooks, local_path: join(box.root, 'nowhere') });
  t.is((await box.run()).code, 4);
  t.like(JSON.parse(failure.note().input), { exit_code: 4, op_status: 'ALL_FAIL' });
  t.false(success.wasCalled());

  box.configure({ on_success: [process.execPath, '-e', 'console.log("no mail today"); process.exit(7)'] });
  const { code, stdout, stderr } = await box.run();
  t.is(code, 0);
  t.regex(stderr, /on_success failed: exit code 7: no mail today/);
  t.notRegex(stdout, /no mail today/);

  box.configure({ on_success: '/no/such/program --with arguments' });
  const missing = await box.run();
  t.is(missing.code, 0);
  t.regex(
    missing.stderr,
    /on_success failed: "\/no\/such\/program --with arguments" cannot be started \(ENOENT\)/,
  );
});

test('a dry run calls no hook and writes no file', async t => {
  const { box, success, failure, hooks } = await sandboxWithHooks(t);
  const files = { metrics_file: join(box.root, 'x.prom'), failed_file: join(box.root, 'failed.jsonl') };
  box.configure({ ...hooks, ...files });
  box.write('a.txt', 'one');
  await box.run('--dry-run');
  t.false(success.wasCalled() || failure.wasCalled());
  for (const file of Object.values(files)) t.false(existsSync(file));
});

test('a hook that does not end is killed, with what it started', async t => {
  const begun = Date.now();
  const script = `const { spawn } = require('node:child_process');
    const child = spawn(process.execPath, ['-e', 'setInterval(() => {}, 1000)'], { stdio: 'inherit' });
    console.log(child.pid);
    setInterval(() => {}, 1000);`;
  const { end, output } = await runHook({
    command: [process.execPath, '-e', script],
    input: '',
    cwd: '.',
    timeLimit: 5_000,
    signal: new AbortController().signal,
  });
  t.deepEqual(end, { kind: 'timedOut' });
  t.true(Date.now() - begun < 60_000);
  const grandchild = Number(output);
  t.true(grandchild > 0);
  await isGone(grandchild);
  t.pass();
});

/** Waits until there is no such process; the test's own time limit ends the wait. */
async function isGone(pid: number): Promise<void> {
  for (;;) {
    // A process that nobody has waited for yet is gone as well.
    const state = readIfThere(`/proc/${pid}/stat`);
    if (state === undefined || / Z /.test(state)) return;
    await new Promise(done => setTimeout(done, 20));
  }
}

function readIfThere(file: string): string | undefined {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return undefined;
  }
}

test('a hook that reads nothing of a long summary, or leaves a process behind, does no harm', async t => {
  const script = `require('node:child_process').spawn(process.execPath, ['-e', 'setTimeout(() => {}, 30_000)'],
    { stdio: 'inherit', detached: true }).unref();`;
  const begun = Date.now();
  const { end } = await runHook({
    command: [process.execPath, '-e', script],
    input: 'x'.repeat(5_000_000),
    cwd: '.',
    timeLimit: 60_000,
    signal: new AbortController().signal,
  });
  t.deepEqual(end, { kind: 'exited', code: 0 });
  t.true(Date.now() - begun < 25_000, 'what is left behind is not waited for');
});

test('--metrics-file is written whole at the end of each run, and remembers the last success', async t => {
  const box = await sandbox(t);
  const file = join(box.root, 'metrics', 'cos_sync.prom');
  const unwritable = await box.run('--metrics-file', file);
  t.is(unwritable.code, 0);
  t.regex(unwritable.stderr, /cos_sync\.prom cannot be written \(ENOENT\)/);

  box.write('a "quoted"\\name.txt', 'one');
  const metrics = join(box.root, 'cos_sync.prom');
  await box.run('--metrics-file', metrics);
  const first = readFileSync(metrics, 'utf8');
  t.deepEqual(
    readdirSync(dirname(metrics)).filter(name => name.includes('.tmp')),
    [],
  );
  t.is(sampleOf(first, 'cos_sync_run_success'), 1);
  t.is(sampleOf(first, 'cos_sync_uploaded_bytes'), 3);
  t.is(sampleOf(first, 'cos_sync_operations', 'operation="upload_file",result="ok"'), 1);
  const success = sampleOf(first, 'cos_sync_last_success_time_seconds') ?? 0;
  t.true(Math.abs(success - Date.now() / 1000) < 60);

  rmSync(box.local, { recursive: true });
  t.is((await box.run('--metrics-file', metrics)).code, 4);
  const second = readFileSync(metrics, 'utf8');
  t.is(sampleOf(second, 'cos_sync_run_success'), 0);
  t.is(sampleOf(second, 'cos_sync_run_exit_code'), 4);
  t.is(sampleOf(second, 'cos_sync_last_success_time_seconds'), success);
});

function sampleOf(text: string, name: string, labels = ''): number | undefined {
  const line = text.split('\n').find(sample => sample.startsWith(`${name}{`) && sample.includes(labels));
  return line === undefined ? undefined : Number(line.slice(line.lastIndexOf(' ') + 1));
}

test('the metrics keep to the text format, whatever a path is called', t => {
  const now = new Date();
  const text = metricsText(
    {
      number: undefined,
      statistics: emptyStatistics(),
      deletesHeld: 0,
      heldReasons: [],
      errors: [],
      startTime: now,
      endTime: now,
      dryRun: false,
      exitCode: 0,
      interruptedBy: undefined,
      localPath: 'C:\\data\n"x"',
      target: 'cos://b-1/中文/',
    },
    undefined,
  );
  const sample = /^cos_sync_\w+\{(\w+="([^"\\\n]|\\\\|\\"|\\n)*",?)+\} -?[\d.e+-]+$/;
  for (const line of text.trimEnd().split('\n'))
    t.regex(line, /^#/.test(line) ? /^# (HELP|TYPE) cos_sync_/ : sample);
  t.true(text.endsWith('\n'));
  t.regex(text, /local_path="C:\\\\data\\n\\"x\\""/);
});

test('--failed-file has every failure, and is empty when there is none', async t => {
  const box = await sandbox(t);
  const file = join(box.root, 'failed.jsonl');
  for (let index = 0; index < 12; index++) box.write(`f${index}.txt`, 'x');
  box.write('good.txt', 'x');
  box.proxy.fault = ({ path }) =>
    /f\d+\.txt$/.test(path) ? { kind: 'status', status: 400, code: 'InvalidURI' } : undefined;
  t.is((await box.run('--failed-file', file)).code, 1);
  const failures = readFileSync(file, 'utf8')
    .trimEnd()
    .split('\n')
    .map(line => JSON.parse(line));
  t.is(failures.length, 12);
  t.like(
    failures.find(({ path }) => path === 'f3.txt'),
    {
      op: 'uploadFile',
      path: 'f3.txt',
      key: 'backup/f3.txt',
      code: 'InvalidURI',
    },
  );
  box.proxy.fault = undefined;
  t.is((await box.run('--failed-file', file)).code, 0);
  t.is(readFileSync(file, 'utf8'), '');

  rmSync(box.local, { recursive: true });
  t.is((await box.run('--failed-file', file)).code, 4);
  t.like(JSON.parse(readFileSync(file, 'utf8')), { op: '', code: 'LocalPathUnusable' });
});

test('the log has one line an event that names it first', async t => {
  const box = await sandbox(t);
  box.write('good one.txt', 'x');
  box.write('bad.txt', 'x');
  box.proxy.fault = ({ path }) =>
    path.endsWith('bad.txt') ? { kind: 'status', status: 400, code: 'InvalidURI' } : undefined;
  await box.run();
  const log = readFileSync(join(box.home, 'log', 'cos_sync.log'), 'utf8')
    .trimEnd()
    .split('\n');
  for (const line of log)
    t.regex(
      line,
      /^\d{4}-\d\d-\d\dT[\d:.]+Z (info |error|ok {3}|fail |skip |retry|held ) \w+( \w+=("([^"\\]|\\.)*"|[\w.:/@+-]+))*$/,
    );
  t.is(
    log.filter(line => / fail {2}uploadFile run=1 path=bad\.txt .*code=InvalidURI .*status=400/.test(line))
      .length,
    1,
  );
  t.is(
    log.filter(line => / ok {4}uploadFile run=1 path="good one\.txt" .*request_id=\S+/.test(line)).length,
    1,
    log.join('\n'),
  );
});

test('a link stays a link, and a device a device, where files are written', async t => {
  const box = await sandbox(t);
  const [file, link, device] = ['file', 'link', 'device'].map(name => join(box.root, name)) as [
    string,
    string,
    string,
  ];
  writeFileSync(file, 'old');
  symlinkSync(file, link);
  box.write('a.txt', 'a');
  for (const option of ['--metrics-file', '--failed-file']) {
    writeFileSync(file, 'old');
    await box.run(option, link);
    t.true(lstatSync(link).isSymbolicLink(), option);
    t.not(readFileSync(file, 'utf8'), 'old', option);
  }
  await box.run('history', '--html', link);
  t.true(lstatSync(link).isSymbolicLink());
  t.regex(readFileSync(file, 'utf8'), /<html/);
  // Only root can make a device; this one is /dev/null by another name.
  if (process.getuid?.() !== 0 || spawnSync('mknod', [device, 'c', '1', '3']).status !== 0) return;
  for (const args of [
    ['--metrics-file', device],
    ['--failed-file', device],
    ['history', '--html', device],
  ]) {
    t.is((await box.run(...args)).code, 0, args.join(' '));
    t.true(lstatSync(device).isCharacterDevice(), args.join(' '));
  }
});
