import { execFile } from 'node:child_process';
import { chmodSync, existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import test, { type ExecutionContext } from 'ava';
import { carryOut } from '../../src/schedule/carry-out.ts';
import { ScheduleFailed } from '../../src/schedule/errors.ts';
import type { Step } from '../../src/schedule/job.ts';
import { asCronReadsIt } from '../support/cron.ts';
import { type Ended, type Sandbox, sandbox } from '../support/sandbox.ts';
import { type Schedulers, standInSchedulers } from '../support/schedulers.ts';
import { testWhere } from '../support/test-where.ts';

interface Desk {
  box: Sandbox;
  tools: Schedulers;
  schedule(...args: string[]): Promise<Ended>;
  /** The steps that `print` names. */
  printed(...args: string[]): Promise<Step[]>;
}

async function desk(t: ExecutionContext): Promise<Desk> {
  const box = await sandbox(t);
  const tools = standInSchedulers(join(box.root, 'tools'));
  const schedule = (...args: string[]) => box.startAs({ env: tools.env }, 'schedule', ...args).ended;
  return {
    box,
    tools,
    schedule,
    printed: async (...args) => JSON.parse((await schedule('print', '--json', ...args)).stdout).steps,
  };
}

const textOf = (file: string, encoding: 'utf8' | 'utf16le') => readFileSync(file).toString(encoding);

test('print names the files and commands, and does nothing', async t => {
  const { box, tools, schedule } = await desk(t);
  for (const kind of ['systemd', 'systemd-user', 'cron', 'task']) {
    const { code, stdout } = await schedule('print', '--kind', kind);
    t.is(code, 0);
    t.true(stdout.includes(box.home), stdout);
  }
  for (const kind of ['systemd', 'slurm', 'kubernetes']) {
    const { code, stdout } = await schedule('print', '--kind', kind, '--shards', '4');
    t.is(code, 0);
    t.regex(stdout, /4/);
    t.notRegex(stdout, new RegExp(box.server.secretKey));
  }
  t.deepEqual(tools.calls(), []);
  t.false(existsSync(tools.unitFolder));
  t.deepEqual([...box.filesIn(box.home).keys()], [join(box.home, 'conf', 'config.json')]);
});

test('install writes and runs exactly what print names, and remove undoes it', async t => {
  const { box, tools, schedule, printed } = await desk(t);
  for (const kind of ['systemd-user', 'task']) {
    const before = tools.calls().length;
    const steps = await printed('--kind', kind, '--name', 'nightly', '--at', '03:30');
    const { code, stderr } = await schedule('install', '--kind', kind, '--name', 'nightly', '--at', '03:30');
    t.is(code, 0, stderr);
    const files = steps.filter(step => step.do === 'write');
    const commands = steps.filter(step => step.do === 'run');
    t.true(files.length > 0);
    for (const { path, text, encoding } of files) t.is(textOf(path, encoding), text);
    t.deepEqual(
      tools.calls().slice(before),
      commands.map(({ command }) => command.join(' ')),
    );
    t.is((await schedule('remove', '--kind', kind, '--name', 'nightly')).code, 0);
    for (const { path } of files) t.false(existsSync(path));
  }
  t.deepEqual(tools.calls(), [
    'systemctl --user daemon-reload',
    'systemctl --user enable --now nightly.timer',
    'systemctl --user disable --now nightly.timer',
    'systemctl --user daemon-reload',
    `schtasks /Create /TN nightly /XML ${join(box.home, 'conf', 'nightly-task.xml')} /F`,
    'schtasks /Delete /TN nightly /F',
  ]);
});

test('print shows a person the text of each file', async t => {
  const { schedule, printed } = await desk(t);
  const { stdout } = await schedule('print', '--kind', 'systemd', '--every', '15m');
  for (const step of await printed('--kind', 'systemd', '--every', '15m')) {
    if (step.do === 'write') t.true(stdout.includes(`${step.path} (UTF-8):\n${step.text}`), stdout);
    if (step.do === 'run') t.true(stdout.includes(`\n${step.command.join(' ')}\n`), stdout);
  }
});

test("cron's line is added to the crontab once, and removed alone", async t => {
  const { tools, schedule } = await desk(t);
  t.is((await schedule('remove', '--kind', 'cron')).code, 0, 'there is no crontab yet');
  t.is(tools.crontab(), undefined);
  tools.setCrontab('# mine\n0 5 * * * true\n');
  t.is((await schedule('install', '--kind', 'cron', '--every', '1h')).code, 0);
  t.is((await schedule('install', '--kind', 'cron', '--every', '15m')).code, 0);
  t.regex(tools.crontab() ?? '', /^# mine\n0 5 \* \* \* true\n\*\/15 \* \* \* \* [^\n]*\n$/);
  t.is((await schedule('remove', '--kind', 'cron')).code, 0);
  t.is(tools.crontab(), '# mine\n0 5 * * * true\n');
});

test('what cron starts synchronizes, from a home with a hard name, and is quiet about it', async t => {
  const { box, tools, schedule } = await desk(t);
  box.write('a.txt', 'one');
  const home = join(box.root, `家 100% o'clock\\%`);
  renameSync(box.home, home);
  const installed = await schedule('install', '--kind', 'cron', '--home', home, '--every', '1h');
  t.is(installed.code, 0, installed.stderr);
  const { command } = asCronReadsIt(tools.crontab()?.trimEnd() ?? '');
  const asCron = () => promisify(execFile)('/bin/sh', ['-c', command], { env: { PATH: '/usr/bin:/bin' } });
  t.deepEqual(await asCron(), { stdout: '', stderr: '' });
  t.deepEqual(await box.keys(), ['backup/a.txt']);
  t.true(existsSync(join(home, 'log', 'cos_sync.log')));
  renameSync(box.local, join(box.root, 'unmounted'));
  t.regex((await asCron()).stdout, /local_path .* is missing/);
});

test('wrong usage ends with exit code 2 and changes nothing', async t => {
  const { tools, schedule } = await desk(t);
  const wrong = [
    [],
    ['start'],
    ['install', '--kind', 'at'],
    ['install', '--kind', 'cron', '--every', '7m'],
    ['install', '--kind', 'cron', '--name', 'a\nb'],
    ['install', '--kind', 'cron', '--home', '/no/such/folder'],
    ['install', '--kind', 'slurm'],
    ['install', '--kind', 'systemd', '--shards', '4'],
    ['print', '--kind', 'slurm'],
    ['print', '--kind', 'cron', '--shards', '4'],
    ['print', '--kind', 'kubernetes', '--shards', '1'],
    ['print', '--kind', 'systemd', '--shards', '4', '--service'],
  ];
  for (const args of wrong) {
    const { code, stderr } = await schedule(...args);
    t.is(code, 2, `${args}: ${stderr}`);
  }
  t.deepEqual(tools.calls(), []);
});

test("a system's command that fails is told in one line, with exit code 1, and leaves nothing", async t => {
  const { box, tools, schedule } = await desk(t);
  tools.failWith('Access is denied.\n  Ask someone.\n');
  for (const kind of ['systemd-user', 'cron', 'task']) {
    const { code, stderr } = await schedule('install', '--kind', kind);
    t.is(code, 1);
    const lines = stderr.split('\n').filter(line => line.includes('Access is denied.'));
    t.is(lines.length, 1, stderr);
    t.regex(lines[0] ?? '', /Access is denied\.; Ask someone\./);
  }
  t.is(tools.crontab(), undefined, 'a crontab that cannot be read is not replaced');
  t.deepEqual([...box.filesIn(tools.unitFolder).keys()], [], 'no unit is left behind');
  t.deepEqual([...box.filesIn(box.home).keys()], [join(box.home, 'conf', 'config.json')]);
});

const asRoot = testWhere(process.getuid?.() === 0, 'only root can become a user that is a number alone');

asRoot('a user without a name can print a schedule', async t => {
  const { box } = await desk(t);
  chmodSync(box.root, 0o755);
  for (const kind of ['systemd-user', 'cron']) {
    const env = { HOME: box.home };
    const { code, stderr } = await box.startAs({ uid: 54_321, env }, 'schedule', 'print', '--kind', kind)
      .ended;
    t.is(code, 0, stderr);
    t.notRegex(stderr, /unexpected/);
  }
  const homeless = { HOME: undefined, XDG_CONFIG_HOME: undefined };
  const { code, stderr } = await box.startAs(
    { uid: 54_321, env: homeless },
    ...['schedule', 'print', '--kind', 'systemd-user'],
  ).ended;
  t.is(code, 1);
  t.regex(stderr, /this user has no home folder: set HOME/);
});

test('a command that is not there is told by its name', async t => {
  const { box } = await desk(t);
  const empty = join(box.root, 'empty');
  mkdirSync(empty);
  const { code, stderr } = await box.startAs(
    { env: { PATH: empty } },
    'schedule',
    'install',
    '--kind',
    'cron',
  ).ended;
  t.is(code, 1);
  t.regex(stderr, /crontab is not on this system/);
});

test('a file of another origin is neither overwritten nor deleted', async t => {
  const { tools, schedule } = await desk(t);
  const unit = join(tools.unitFolder, 'mine.service');
  mkdirSync(tools.unitFolder, { recursive: true });
  writeFileSync(unit, '[Service]\nExecStart=/bin/true\n');
  const { code, stderr } = await schedule('install', '--kind', 'systemd-user', '--name', 'mine');
  t.is(code, 1);
  t.regex(stderr, /mine\.service was not made by/);
  t.is((await schedule('remove', '--kind', 'systemd-user', '--name', 'mine')).code, 1);
  t.is(readFileSync(unit, 'utf8'), '[Service]\nExecStart=/bin/true\n');
});

test('removing what is not installed succeeds and says so', async t => {
  const { tools, schedule } = await desk(t);
  const { code, stdout } = await schedule('remove', '--kind', 'systemd-user');
  t.is(code, 0);
  t.regex(stdout, /nothing to remove/);
  t.deepEqual(tools.calls(), []);
});

test('a warning names a configuration that would make scheduled runs fail', async t => {
  const { box, schedule } = await desk(t);
  const print = async () => (await schedule('print', '--kind', 'systemd')).stderr;
  t.is(await print(), '');
  box.configure({ daemon_mode: '1' });
  t.regex(await print(), /daemon_mode is 1/);
  box.configure({ secret_key: undefined });
  const env = { COS_SECRET_KEY: 'only-in-this-shell' };
  const { code, stderr } = await box.startAs({ env }, 'schedule', 'print', '--kind', 'systemd').ended;
  t.is(code, 0);
  t.regex(stderr, /secret_key: is missing/);
  t.notRegex(stderr, /only-in-this-shell/);
});

test("a configuration whose key pair is in Kubernetes' Secret alone is whole, and goes into the ConfigMap", async t => {
  const { box, schedule } = await desk(t);
  box.configure({ secret_id: undefined, secret_key: undefined, exclude: ['*.tmp'] });
  const { code, stdout, stderr } = await schedule('print', '--kind', 'kubernetes', '--shards', '4');
  t.is(code, 0);
  t.is(stderr, '');
  t.regex(stdout, /"bucket": /);
  t.regex(stdout, /"\*\.tmp"/);
  t.regex(stdout, /^ {2}timeZone: \S+$/m);
});

test('another configuration and the language are given on to the scheduled run', async t => {
  const { box, printed } = await desk(t);
  const config = join(box.root, 'other config.json');
  const [step] = await printed('--kind', 'cron', '--config', config, '--lang', 'zh');
  t.regex(
    step?.do === 'crontab' ? (step.line ?? '') : '',
    /--config '\/[^']*\/other config\.json' --lang zh/,
  );
});

test('a path that no crontab can hold is refused', async t => {
  const { box, schedule } = await desk(t);
  const home = join(box.root, 'two\nlines');
  mkdirSync(home);
  const { code, stderr } = await schedule('print', '--kind', 'cron', '--home', home);
  t.is(code, 2);
  t.regex(stderr, /two\\nlines/);
});

test('a path that the Task Scheduler would change is refused', async t => {
  const { box, schedule } = await desk(t);
  const home = join(box.root, '%TEMP%');
  mkdirSync(home);
  t.is((await schedule('print', '--kind', 'task', '--home', home)).code, 2);
  t.is((await schedule('print', '--kind', 'cron', '--home', home)).code, 0);
});

test('a file that cannot be written is told by its name and the reason', t => {
  const step: Step = { do: 'write', path: '/dev/null/x.service', text: '', encoding: 'utf8' };
  const error = t.throws(() => carryOut([step], 'x'), { instanceOf: ScheduleFailed });
  t.like(error, { problem: 'fileRefused', subject: '/dev/null/x.service', reason: 'ENOTDIR' });
});
