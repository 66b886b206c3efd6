import { spawn } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import test, { type ExecutionContext } from 'ava';
import type { SeenRequest } from '../support/proxy.ts';
import { type Sandbox, sandbox } from '../support/sandbox.ts';
import { testWhere } from '../support/test-where.ts';
import { until } from '../support/until.ts';

const PROGRAM = `${process.execPath} ${join(import.meta.dirname, '..', '..', 'src', 'main.ts')}`;

test('a run that was interrupted before anything was done is reported as interrupted, not as failed', async t => {
  const box = await sandbox(t);
  box.write('a.txt', 'a');
  box.proxy.fault = () => ({ kind: 'status', status: 500, code: 'InternalError' });
  const running = box.start();
  await until(() => box.proxy.requests.length > 0);
  running.child.kill('SIGTERM');
  const { code, stdout } = await running.ended;
  t.is(code, 143);
  t.regex(stdout, /op_status : PART_OK\n/);
  t.regex(box.log(), / info +end run=1 op_status=PART_OK .*exit_code=143 interrupted_by=SIGTERM/);

  const table = (await box.run('history')).stdout;
  t.regex(table, /^ *1 {2}.* {2}PART_OK +0 .*\n +interrupted by SIGTERM, exit code 143\n$/m);
  t.regex(
    (await box.run('history', 'show', '1')).stdout,
    /exit code +interrupted by SIGTERM, exit code 143\n/,
  );
  const [shown] = JSON.parse((await box.run('history', '--json')).stdout);
  t.like(shown, { op_status: 'PART_OK', exit_code: 143, interrupted_by: 'SIGTERM' });
  const page = join(box.root, 'page.html');
  await box.run('history', '--html', page, '--lang', 'zh');
  t.true(readFileSync(page, 'utf8').includes('被 SIGTERM 中断，退出码为 143'));
});

test('a hangup is ignored without a terminal, and the run still ends cleanly', async t => {
  const { box, open } = await heldBox(t);
  const running = box.start('--json');
  await until(() => box.proxy.requests.length > 0);
  running.child.kill('SIGHUP');
  running.child.kill('SIGHUP');
  open();
  const { code, stdout } = await running.ended;
  t.is(code, 0);
  t.like(JSON.parse(stdout), { upload_file_ok: 1, interrupted_by: null });
});

const onTerminal = testWhere(
  existsSync('/usr/bin/script') && existsSync('/usr/bin/nohup'),
  '/usr/bin/script is missing (apt-get install bsdutils)',
);

onTerminal('a terminal that hangs up ends the run cleanly with 129', async t => {
  const { box, open } = await heldBox(t);
  const { terminal, output } = onScript(box, `${PROGRAM} --json & echo pid=$!; wait $!; echo code=$?`);
  await until(() => box.proxy.requests.length > 0);
  process.kill(pidIn(output()), 'SIGHUP');
  open();
  await new Promise(done => terminal.on('close', done));
  t.regex(output(), /"op_status":"PART_OK".*"exit_code":129,"interrupted_by":"SIGHUP"/);
  t.regex(output(), /code=129/);
});

onTerminal('nohup keeps a run going when its terminal is closed', async t => {
  const { box, open } = await heldBox(t);
  const file = join(box.root, 'nohup.out');
  const { terminal, output } = onScript(box, `nohup ${PROGRAM} --json >${file} 2>&1 & echo pid=$!; wait`);
  await until(() => box.proxy.requests.length > 0);
  terminal.kill('SIGKILL');
  await delay(300);
  const pid = pidIn(output());
  t.true(process.kill(pid, 0), 'it lives on');
  open();
  await until(() => readFileSync(file, 'utf8').endsWith('}\n'));
  t.like(JSON.parse(readFileSync(file, 'utf8').split('\n').at(-2) ?? ''), {
    exit_code: 0,
    upload_file_ok: 1,
  });
});

/** A sandbox whose COS does not answer before it is opened. */
async function heldBox(t: ExecutionContext): Promise<{ box: Sandbox; open(): void }> {
  const box = await sandbox(t);
  box.write('a.txt', 'a');
  const { promise, resolve } = Promise.withResolvers<void>();
  box.proxy.fault = () => ({ kind: 'wait', until: promise });
  return { box, open: () => resolve() };
}

function onScript(box: Sandbox, command: string) {
  const env = { ...process.env, COS_SYNC_HOME: box.home, LANG: 'C.UTF-8', LC_ALL: '' };
  const terminal = spawn('/usr/bin/script', ['-qec', command, '/dev/null'], { env });
  let output = '';
  terminal.stdout.setEncoding('utf8').on('data', text => {
    output += text;
  });
  return { terminal, output: () => output };
}

function pidIn(output: string): number {
  return Number(/pid=(\d+)/.exec(output)?.[1]);
}

for (const [what, command, isHung] of [
  ['a listing', (box: Sandbox) => ['restore', '--to', join(box.root, 'back')], 'prefix'],
  ['an object', (box: Sandbox) => ['restore', '--to', join(box.root, 'back')], undefined],
  ['a listing', () => ['verify'], 'prefix'],
  ['a listing', () => ['ledger', 'rebuild'], 'prefix'],
  ['a listing', () => ['ledger', 'uploads'], 'uploads'],
] as const) {
  const name = (args: readonly string[]) => args.slice(0, 2).join(' ').replace(' --to', '');
  test(`${name(command({ root: '' } as Sandbox))}: ${what} that hangs keeps nobody who only reads from ending at once`, async t => {
    const box = await sandbox(t);
    box.configure({ timeout: 60 });
    box.write('a.txt', 'a');
    t.is((await box.run()).code, 0);
    const isAsked = ({ method, query }: SeenRequest) =>
      method === 'GET' && (isHung === undefined ? !query.has('prefix') : query.has(isHung));
    box.proxy.requests.length = 0;
    box.proxy.fault = request => (isAsked(request) ? { kind: 'hang' } : undefined);
    const running = box.start(...command(box));
    await until(() => box.proxy.requests.some(isAsked));
    const killed = performance.now();
    running.child.kill('SIGTERM');
    const { code, stderr } = await running.ended;
    t.is(code, 143);
    t.regex(stderr, /interrupted by SIGTERM/);
    const ms = performance.now() - killed;
    t.true(ms < 20_000, `${ms} ms`);
  });
}

test('an upload that is being ended when a signal comes is not said to have failed', async t => {
  const box = await sandbox(t);
  const place = { Bucket: box.server.bucket, Region: box.server.region };
  await box.cos.multipartInit({ ...place, Key: 'backup/large' });
  box.proxy.fault = ({ method }) => (method === 'DELETE' ? { kind: 'hang' } : undefined);
  const running = box.start('ledger', 'uploads', '--abort', '--yes');
  await until(() => box.proxy.requests.some(({ method }) => method === 'DELETE'));
  running.child.kill('SIGTERM');
  const { code, stdout, stderr } = await running.ended;
  t.is(code, 143);
  t.is(stdout, '');
  t.regex(stderr, /^cos_sync: interrupted by SIGTERM[^\n]*\n$/);
});
