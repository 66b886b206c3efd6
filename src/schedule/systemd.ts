import { posix } from 'node:path';
import { type Interval, timeOfDay } from './interval.ts';
import { type Daemon, type DividedJob, type Job, markOf, type Step } from './job.ts';

/** Which systemd a unit is for. */
export interface UnitPlace {
  /** Where the units are. */
  folder: string;
  /** The machine's systemd, or the user's. */
  scope: 'system' | 'user';
  /** Who a unit of the machine's systemd runs as; undefined is root. */
  userId: number | undefined;
}

/** Not aligned with everyone else's full hour, and never late enough to matter. */
const RANDOM_DELAY_SECONDS = 30;
/** systemd refuses a program whose path has a quote or a backslash, and misreads one with a dollar sign. */
const REFUSED_IN_PROGRAM = /['"\\$]/;

/** What installs a job as a service and its timer. */
export function systemdInstallation(job: Job | Daemon, place: UnitPlace): Step[] {
  const { service, timer } = unitFiles(job.name, place);
  const write = { do: 'write', path: service, text: serviceUnit(job, place), encoding: 'utf8' } as const;
  if (job.interval === 'boot') {
    return [
      write,
      { do: 'run', command: systemctl(place, 'daemon-reload') },
      { do: 'run', command: systemctl(place, 'enable', '--now', `${job.name}.service`) },
    ];
  }
  return [
    write,
    { do: 'write', path: timer, text: timerUnit(job), encoding: 'utf8' },
    { do: 'run', command: systemctl(place, 'daemon-reload') },
    { do: 'run', command: systemctl(place, 'enable', '--now', `${job.name}.timer`) },
  ];
}

/** The same as templates: one instance a shard, by its index. Source: systemd.unit(5), %i. */
export function dividedInstallation(job: DividedJob, place: UnitPlace): Step[] {
  const template = `${job.name}@`;
  const { service, timer } = unitFiles(template, place);
  const timers = Array.from({ length: job.shards }, (_, index) => `${template}${index}.timer`);
  return [
    { do: 'write', path: service, text: serviceUnit(job, place), encoding: 'utf8' },
    { do: 'write', path: timer, text: timerUnit(job), encoding: 'utf8' },
    { do: 'run', command: systemctl(place, 'daemon-reload') },
    { do: 'run', command: systemctl(place, 'enable', '--now', ...timers) },
  ];
}

/**
 * What removes a job's service and timer. A run that is under way goes on to its end; a daemon is ended.
 * @param hasTimer false where the service is a daemon
 */
export function systemdRemoval(name: string, place: UnitPlace, hasTimer = true): Step[] {
  const { service, timer } = unitFiles(name, place);
  if (!hasTimer) {
    return [
      { do: 'run', command: systemctl(place, 'disable', '--now', `${name}.service`) },
      { do: 'delete', path: service },
      { do: 'run', command: systemctl(place, 'daemon-reload') },
    ];
  }
  return [
    { do: 'run', command: systemctl(place, 'disable', '--now', `${name}.timer`) },
    { do: 'delete', path: timer },
    { do: 'delete', path: service },
    { do: 'run', command: systemctl(place, 'daemon-reload') },
  ];
}

/** Where a job's units are. */
export function unitFiles(name: string, { folder }: UnitPlace): { service: string; timer: string } {
  return { service: posix.join(folder, `${name}.service`), timer: posix.join(folder, `${name}.timer`) };
}

/**
 * The unit that runs the job once, or the daemon. A oneshot service that is still running is not started again; a
 * daemon that fails is, but not where its configuration is refused (2): that takes a person.
 * Source: systemd.service(5), systemd.exec(5), systemd.syntax(7).
 */
export function serviceUnit(job: Job | Daemon | DividedJob, { scope, userId }: UnitPlace): string {
  const { name, command, folder, interval } = job;
  const shard = 'shards' in job ? ` --shard %i/${job.shards}` : '';
  const isDaemon = interval === 'boot';
  // The user's systemd has no network-online.target.
  const afterNetwork =
    scope === 'system' ? ['Wants=network-online.target', 'After=network-online.target'] : [];
  return lines(
    `# ${markOf(name)}`,
    '[Unit]',
    `Description=cos_sync: mirror a folder into COS (${name})`,
    ...afterNetwork,
    '',
    '[Service]',
    ...(isDaemon ? DAEMON : ['Type=oneshot']),
    ...(scope === 'system' && userId !== undefined ? [`User=${userId}`] : []),
    `WorkingDirectory=${wholeValue(folder)}`,
    `ExecStart=${execLine(command)}${shard}`,
    'Nice=10',
    'IOSchedulingClass=best-effort',
    'IOSchedulingPriority=7',
    ...(isDaemon
      ? ['', '[Install]', `WantedBy=${scope === 'system' ? 'multi-user' : 'default'}.target`]
      : []),
  );
}

/** SIGTERM ends it with 143 once what is under way has come to its end. Source: systemd.service(5), systemd.kill(5). */
const DAEMON = [
  'Type=exec',
  'Restart=on-failure',
  'RestartSec=30',
  'RestartPreventExitStatus=2',
  'SuccessExitStatus=143',
  'TimeoutStopSec=120',
];

/** The unit that starts the service. A start that was missed while the machine was off is made up for. */
export function timerUnit({ name, interval }: Job): string {
  return lines(
    `# ${markOf(name)}`,
    '[Unit]',
    `Description=When cos_sync runs (${name})`,
    '',
    '[Timer]',
    `OnCalendar=${calendarOf(interval)}`,
    'Persistent=true',
    `RandomizedDelaySec=${RANDOM_DELAY_SECONDS}`,
    '',
    '[Install]',
    'WantedBy=timers.target',
  );
}

/** A command as ExecStart= reads it. */
export function execLine(command: Job['command']): string {
  const throughShell = REFUSED_IN_PROGRAM.test(command[0]);
  const words = throughShell ? ['/bin/sh', '-c', 'exec "$@"', 'cos_sync', ...command] : command;
  return words.map(execWord).join(' ');
}

function execWord(word: string): string {
  const literal = word.replaceAll('%', '%%').replaceAll('$', '$$$$');
  if (/^[\w/.,:@+%$-]+$/.test(literal)) return literal;
  return `"${literal.replace(/["\\]/g, '\\$&')}"`;
}

/** A path as the whole value of a setting: not unquoted, but cut at its blank end, and `\` there joins lines. */
function wholeValue(path: string): string {
  return `${path.replaceAll('%', '%%')}${/[\s\\]$/.test(path) ? '/' : ''}`;
}

function calendarOf(interval: Interval): string {
  if (interval.unit === 'daily') return `*-*-* ${timeOfDay(interval)}:00`;
  const step = interval.count === 1 ? '' : `/${interval.count}`;
  if (interval.unit === 'hours') return `*-*-* ${step === '' ? '*' : `00${step}`}:00:00`;
  return `*-*-* *:${step === '' ? '*' : `00${step}`}:00`;
}

function systemctl({ scope }: UnitPlace, ...args: string[]): ['systemctl', ...string[]] {
  return ['systemctl', ...(scope === 'user' ? ['--user'] : []), ...args];
}

function lines(...texts: string[]): string {
  return `${texts.join('\n')}\n`;
}
