import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test from 'ava';
import { serviceUnit } from '../../src/schedule/systemd.ts';
import { taskXml } from '../../src/schedule/windows-task.ts';
import { sandbox } from '../support/sandbox.ts';
import { standInSchedulers } from '../support/schedulers.ts';
import { testWhere } from '../support/test-where.ts';

const DAEMON = {
  name: 'watcher',
  command: ['/bin/true', 'sync', '--quiet', '--daemon-mode', '1'],
  folder: '/tmp',
  interval: 'boot',
} as const;
const SYSTEM = { folder: '/etc/systemd/system', scope: 'system', userId: undefined } as const;

test('a daemon is installed as a service without a timer, takes the place of one, and is removed', async t => {
  const box = await sandbox(t);
  const tools = standInSchedulers(join(box.root, 'tools'));
  const schedule = (...args: string[]) =>
    box.startAs({ env: tools.env }, 'schedule', ...args, '--kind', 'systemd-user').ended;
  t.is((await schedule('install', '--every', '1h')).code, 0);
  const { code, stdout, stderr } = await schedule('install', '--service');
  t.is(code, 0, stderr);
  t.regex(stdout, /installed: cos_sync \(systemd-user\), started now, with the machine/);
  t.notRegex(stderr, /daemon_mode/);
  const unit = join(tools.unitFolder, 'cos_sync.service');
  t.false(existsSync(join(tools.unitFolder, 'cos_sync.timer')));
  const text = readFileSync(unit, 'utf8');
  t.regex(text, /^Restart=on-failure$/m);
  t.regex(text, /^ExecStart=.* sync --quiet --daemon-mode 1 /m);
  t.is((await schedule('remove')).code, 0);
  t.false(existsSync(unit));
  t.deepEqual(tools.calls(), [
    'systemctl --user daemon-reload',
    'systemctl --user enable --now cos_sync.timer',
    'systemctl --user disable --now cos_sync.timer',
    'systemctl --user daemon-reload',
    'systemctl --user daemon-reload',
    'systemctl --user enable --now cos_sync.service',
    'systemctl --user disable --now cos_sync.service',
    'systemctl --user daemon-reload',
  ]);
});

test('a Windows task starts the daemon now and with the machine, and is ended before it is removed', async t => {
  const box = await sandbox(t);
  const tools = standInSchedulers(join(box.root, 'tools'));
  const schedule = (...args: string[]) =>
    box.startAs({ env: tools.env }, 'schedule', ...args, '--kind', 'task').ended;
  t.is((await schedule('install', '--service')).code, 0);
  t.is((await schedule('remove')).code, 0);
  const xml = join(box.home, 'conf', 'cos_sync-task.xml');
  t.deepEqual(tools.calls(), [
    `schtasks /Create /TN cos_sync /XML ${xml} /F`,
    'schtasks /Run /TN cos_sync',
    'schtasks /End /TN cos_sync',
    'schtasks /Delete /TN cos_sync /F',
  ]);
  const text = taskXml(DAEMON, 'PC\\me');
  t.regex(text, /<BootTrigger>\s*<Enabled>true/);
  t.regex(text, /<RestartOnFailure>\s*<Interval>PT1M<\/Interval>\s*<Count>255</);
});

test('cron runs no daemon, and a daemon has no times', async t => {
  const box = await sandbox(t);
  const cron = await box.run('schedule', 'install', '--service', '--kind', 'cron');
  t.is(cron.code, 2);
  t.regex(cron.stderr, /--service: goes with --kind systemd, systemd-user or task, not with "cron"/);
  const times = await box.run('schedule', 'print', '--service', '--kind', 'systemd', '--every', '1h');
  t.is(times.code, 2);
  t.regex(times.stderr, /--service: goes without --every and --at/);
});

const withAnalyze = testWhere(
  spawnSync('systemd-analyze', ['--version']).status === 0,
  'systemd-analyze is not here',
);

withAnalyze('systemd accepts the unit of a daemon', t => {
  const folder = mkdtempSync(join(tmpdir(), 'cos_sync-unit-'));
  t.teardown(() => rmSync(folder, { recursive: true, force: true }));
  writeFileSync(join(folder, 'watcher.service'), serviceUnit(DAEMON, SYSTEM));
  const { status, stderr } = spawnSync('systemd-analyze', ['verify', '--man=no', 'watcher.service'], {
    cwd: folder,
    encoding: 'utf8',
  });
  t.is(stderr, '');
  t.is(status, 0);
});
