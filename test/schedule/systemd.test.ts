import { spawnSync } from 'node:child_process';
import { chmodSync, existsSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import fc from 'fast-check';
import type { Job } from '../../src/schedule/job.ts';
import {
  dividedInstallation,
  execLine,
  serviceUnit,
  timerUnit,
  type UnitPlace,
} from '../../src/schedule/systemd.ts';
import { hardPaths } from '../support/paths.ts';
import { testWhere } from '../support/test-where.ts';

const DAILY = { unit: 'daily', hour: 2, minute: 0 } as const;
const SYSTEM: UnitPlace = { folder: '/etc/systemd/system', scope: 'system', userId: undefined };
const USER: UnitPlace = { folder: '/home/user/.config/systemd/user', scope: 'user', userId: undefined };
/** Reads units as it would at start-up, and prints what it understood. */
const SYSTEMD = '/usr/lib/systemd/systemd';
const NOBODY = 65534;

const withAnalyze = testWhere(
  spawnSync('systemd-analyze', ['--version']).status === 0,
  'systemd-analyze is missing (apt-get install systemd)',
);
const withSystemd = testWhere(existsSync(SYSTEMD), `${SYSTEMD} is missing (apt-get install systemd)`);

function jobOf(changes: Partial<Job> = {}): Job {
  return {
    name: 'backup',
    command: ['/opt/c/cos_sync', 'sync'],
    folder: '/opt/c',
    interval: DAILY,
    ...changes,
  };
}

function temporaryFolder(t: ExecutionContext): string {
  const folder = mkdtempSync(join(tmpdir(), 'cos_sync-units-'));
  chmodSync(folder, 0o755);
  t.teardown(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

test('a service runs once, in its folder, and gives way to other programs', t => {
  const unit = serviceUnit(jobOf(), SYSTEM);
  for (const line of [
    'Type=oneshot',
    'WorkingDirectory=/opt/c',
    'ExecStart=/opt/c/cos_sync sync',
    'Nice=10',
  ]) {
    t.true(unit.split('\n').includes(line), line);
  }
  t.regex(timerUnit(jobOf()), /^Persistent=true$/m);
});

test("the machine's systemd runs the program as the owner of its home, and waits for the network", t => {
  t.regex(serviceUnit(jobOf(), { ...SYSTEM, userId: 1000 }), /^User=1000$/m);
  t.notRegex(serviceUnit(jobOf(), SYSTEM), /^User=/m);
  t.regex(serviceUnit(jobOf(), SYSTEM), /^After=network-online\.target$/m);
  t.notRegex(serviceUnit(jobOf(), USER), /^User=|network-online/m);
});

test("each character that means something to systemd is written as systemd's manual says", t => {
  const table: [Job['command'], string][] = [
    [['/a/b', 'sync', '--quiet'], '/a/b sync --quiet'],
    [['/a b/中文', '/100%'], '"/a b/中文" /100%%'],
    [['/a', '$HOME', 'x"y', 'x\\y'], '/a $$HOME "x\\"y" "x\\\\y"'],
    [["/o'b", 'a'], `/bin/sh -c "exec \\"$$@\\"" cos_sync "/o'b" a`],
    [['/$x', 'a'], '/bin/sh -c "exec \\"$$@\\"" cos_sync /$$x a'],
  ];
  for (const [command, line] of table) t.is(execLine(command), line);
});

withAnalyze('systemd accepts the units, whatever the folder is called', t => {
  const folder = temporaryFolder(t);
  const names = ['plain', '空 格 %n %%', "it's", 'a"b', 'back\\slash', '$HOME $$', 'end ', 'end\\', ';#&<>'];
  const files = names.flatMap((name, number) => {
    const program = join(folder, name, 'cos_sync');
    mkdirSync(dirname(program));
    writeFileSync(program, '#!/bin/sh\n', { mode: 0o755 });
    const job = jobOf({ name: `job-${number}`, command: [program, 'sync'], folder: dirname(program) });
    writeFileSync(join(folder, `${job.name}.service`), serviceUnit(job, { ...SYSTEM, userId: 1000 }));
    writeFileSync(join(folder, `${job.name}.timer`), timerUnit(job));
    return [`${job.name}.service`, `${job.name}.timer`];
  });
  const { status, stderr } = spawnSync('systemd-analyze', ['verify', '--man=no', ...files], {
    cwd: folder,
    encoding: 'utf8',
  });
  t.is(stderr, '');
  t.is(status, 0);
});

withAnalyze('systemd accepts the templates of a divided folder, one instance a shard', t => {
  const folder = temporaryFolder(t);
  const program = join(folder, "it's 100%", 'cos_sync');
  mkdirSync(dirname(program));
  writeFileSync(program, '#!/bin/sh\n', { mode: 0o755 });
  const summary: [string] = [program];
  const job = { ...jobOf({ command: [program, 'sync'], folder: dirname(program) }), shards: 3, summary };
  const steps = dividedInstallation(job, { ...SYSTEM, folder });
  for (const step of steps) if (step.do === 'write') writeFileSync(step.path, step.text);
  const instances = steps.flatMap(step => (step.do === 'run' ? step.command.slice(3) : []));
  t.deepEqual(instances, ['backup@0.timer', 'backup@1.timer', 'backup@2.timer']);
  const files = ['backup@0.service', 'backup@2.timer'];
  const verify = spawnSync('systemd-analyze', ['verify', '--man=no', ...files], {
    cwd: folder,
    encoding: 'utf8',
  });
  t.is(verify.stderr, '');
  t.is(verify.status, 0);
  t.regex(serviceUnit(job, SYSTEM), /^ExecStart=.* sync --shard %i\/3$/m);
});

withAnalyze('systemd reads the times as they are meant', t => {
  const next: [Job['interval'], string[]][] = [
    [DAILY, ['01-02 02:00:00', '01-03 02:00:00']],
    [{ unit: 'hours', count: 6 }, ['01-01 18:00:00', '01-02 00:00:00']],
    [{ unit: 'hours', count: 1 }, ['01-01 13:00:00', '01-01 14:00:00']],
    [{ unit: 'minutes', count: 20 }, ['01-01 12:20:00', '01-01 12:40:00']],
    [{ unit: 'minutes', count: 1 }, ['01-01 12:01:00', '01-01 12:02:00']],
  ];
  for (const [interval, times] of next) {
    const calendar = /^OnCalendar=(.*)$/m.exec(timerUnit(jobOf({ interval })))?.[1] ?? '';
    const args = ['calendar', '--iterations=2', '--base-time=2026-01-01 12:00:00', calendar];
    const env = { ...process.env, TZ: 'UTC', LC_ALL: 'C' };
    const { stdout, stderr } = spawnSync('systemd-analyze', args, { encoding: 'utf8', env });
    t.is(stderr, '');
    for (const time of times) t.regex(stdout, new RegExp(`2026-${time}`), calendar);
  }
});

withSystemd('systemd understands any path as it is', t => {
  const folder = temporaryFolder(t);
  const units = join(folder, 'systemd', 'user');
  mkdirSync(join(units, 'default.target.wants'), { recursive: true });
  writeFileSync(join(units, 'default.target'), '[Unit]\n');
  const commands = fc.sample(fc.tuple(hardPaths(), hardPaths()), 100);
  for (const [number, [path, arg]] of commands.entries()) {
    const job = jobOf({ name: `job-${number}`, command: ['/bin/true', path, arg], folder: path });
    writeFileSync(join(units, `job-${number}.service`), serviceUnit(job, USER));
    symlinkSync(`../job-${number}.service`, join(units, 'default.target.wants', `job-${number}.service`));
  }
  const { stdout } = spawnSync(SYSTEMD, ['--test', '--user'], {
    env: { HOME: folder, XDG_CONFIG_HOME: folder, XDG_RUNTIME_DIR: folder, LC_ALL: 'C.UTF-8' },
    encoding: 'utf8',
    maxBuffer: 64 * 1024 * 1024,
    timeout: 30_000,
    // A user's systemd does not start as root.
    ...(process.getuid?.() === 0 ? { uid: NOBODY, gid: NOBODY } : {}),
  });
  for (const [number, [path, arg]] of commands.entries()) {
    const dump = stdout.split(`-> Unit job-${number}.service:`)[1]?.split('-> Unit ')[0] ?? '';
    t.is(/^\s*WorkingDirectory: ([^\n]*)$/m.exec(dump)?.[1], path, path);
    const shown = /^\s*Command Line: ([^\n]*)$/m.exec(dump)?.[1] ?? '';
    t.deepEqual(wordsOf(shown).map(oneDollar), ['/bin/true', path, arg], shown);
  }
});

/** What is left to do when the program is started. */
function oneDollar(word: string): string {
  return word.replaceAll('$$', '$');
}

/** systemd shows a command in a shell's words. */
function wordsOf(line: string): string[] {
  const { stdout } = spawnSync('/bin/bash', ['-c', `printf '%s\\0' ${line}`], { encoding: 'utf8' });
  return stdout.split('\0').slice(0, -1);
}
