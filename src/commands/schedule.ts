import { statSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { isSea } from 'node:sea';
import { EXIT } from '../cli/exit-codes.ts';
import type { Invocation } from '../cli/invocation.ts';
import { ConfigError, usageFault } from '../config/faults.ts';
import { homeAt } from '../config/home.ts';
import { loadConfig } from '../config/load.ts';
import { errorLines } from '../report/errors.ts';
import { stepsText } from '../report/schedule.ts';
import { carryOut } from '../schedule/carry-out.ts';
import { intervalOf } from '../schedule/interval.ts';
import type { Daemon, Job, Step } from '../schedule/job.ts';
import { defaultKind, KINDS, type Kind } from '../schedule/kind.ts';
import { endsWithSession, type Schedule, scheduleOf } from '../schedule/schedule.ts';

export interface ScheduleCommand {
  action: string | undefined;
  kind: string | undefined;
  every: string | undefined;
  at: string | undefined;
  name: string | undefined;
  /** Given on to the scheduled run, which knows no locale. */
  lang: string | undefined;
  /** The daemon itself is started, with the machine. */
  service: boolean;
}

const ACTIONS = ['install', 'print', 'remove'] as const;
const DEFAULT_NAME = 'cos_sync';
const MAX_NAME_LENGTH = 100;

/**
 * `cos_sync schedule install|print|remove`: runs that start by themselves.
 * @returns the exit code
 * @throws ConfigError, ScheduleFailed
 */
export function scheduleCommand(invocation: Invocation, command: ScheduleCommand): number {
  const { home, terminal, words, style } = invocation;
  const action = choice('schedule', command.action ?? '', ACTIONS);
  const kind = choice('--kind', command.kind ?? defaultKind(), KINDS);
  const name = checkedName(command.name ?? DEFAULT_NAME);
  const schedule = scheduleOf(kind, name, home.root);
  const steps =
    action === 'remove' ? removal(schedule) : schedule.installation(jobOf(invocation, command, kind, name));
  if (action !== 'print') carryOut(steps, name);
  if (style.json) terminal.out(`${JSON.stringify({ action, kind, name, steps })}\n`);
  else terminal.out(`${resultText()}\n`);
  return EXIT.ok;

  function resultText(): string {
    if (action === 'print') return stepsText(steps, words).trimEnd();
    if (action === 'install')
      return words.schedule.installed(kind, name, whenOf(command, kind), schedule.look);
    return steps.length === 0
      ? words.schedule.nothingToRemove(kind, name)
      : words.schedule.removed(kind, name);
  }
}

function removal(schedule: Schedule): Step[] {
  return schedule.isInstalled() ? schedule.removal() : [];
}

/** What is to be scheduled. Warns of what would keep it from doing its work. */
function jobOf(invocation: Invocation, command: ScheduleCommand, kind: Kind, name: string): Job | Daemon {
  const { root } = invocation.home;
  const interval = whenOf(command, kind);
  const job = { name, command: commandOf(invocation, command), folder: root, interval } as Job | Daemon;
  checkPaths(job, kind);
  advise(invocation, kind, interval === 'boot');
  return job;
}

function whenOf({ service, every, at }: ScheduleCommand, kind: Kind): (Job | Daemon)['interval'] {
  if (!service) return intervalOf(every, at);
  if (kind === 'cron') throw usageFault('--service', 'serviceKind', { value: kind });
  if (every !== undefined || at !== undefined) throw usageFault('--service', 'serviceTimes');
  return 'boot';
}

/** The program by its absolute path, with what tells it its home and its configuration. */
function commandOf({ home }: Invocation, { lang, service }: ScheduleCommand): Job['command'] {
  const option = (name: string, value: string | undefined, own?: string) =>
    value === undefined || value === own ? [] : [name, value];
  return [
    process.execPath,
    ...(isSea() ? [] : [resolve(process.argv[1] ?? '')]),
    'sync',
    '--quiet',
    // Whatever the configuration says: it is to go on.
    ...(service ? ['--daemon-mode', '1'] : []),
    ...option('--home', home.root, homeAt(undefined, {}).root),
    ...option('--config', home.configFile, join(home.root, 'conf', 'config.json')),
    ...option('--lang', lang),
  ];
}

function choice<T extends string>(key: string, value: string, choices: readonly T[]): T {
  const chosen = choices.find(one => one === value);
  if (chosen === undefined) throw usageFault(key, 'notChoice', { value, choices: choices.join(', ') });
  return chosen;
}

/** What systemd, Windows and a comment in a crontab all take for a name. */
function checkedName(name: string): string {
  if (!/^[A-Za-z0-9][\w.-]*$/.test(name) || name.length > MAX_NAME_LENGTH) {
    throw usageFault('--name', 'badName', { value: name });
  }
  return name;
}

function checkPaths({ command, folder }: Job | Daemon, kind: Kind): void {
  if (!statSync(folder, { throwIfNoEntry: false })?.isDirectory()) {
    throw usageFault('--home', 'noSuchFolder', { value: folder });
  }
  for (const value of [folder, ...command]) {
    if (/[\u0000-\u001f\u007f\ufffe\uffff]/.test(value) || !value.isWellFormed()) {
      throw usageFault('schedule', 'unschedulablePath', { value: JSON.stringify(value) });
    }
    // The Task Scheduler replaces %NAME% by a variable, and nothing escapes it.
    if (kind === 'task' && /%[^%\\/]+%/.test(value))
      throw usageFault('schedule', 'variableInPath', { value });
  }
}

/** Says what would keep the scheduled runs from doing their work. */
function advise({ home, terminal, words }: Invocation, kind: Kind, isDaemon: boolean): void {
  const { advice } = words.schedule;
  const warn = (line: string) => terminal.warn(`cos_sync: ${line}\n`);
  try {
    // The environment of this shell is not the one of a scheduled run.
    const { config } = loadConfig(home.configFile, {}, {});
    if (config.daemonMode && !isDaemon) warn(advice.daemonMode(home.configFile));
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    warn(advice.configFaulty);
    for (const line of errorLines(error, words)) warn(line);
  }
  if (kind === 'cron') warn(advice.cronOverlap);
  if (kind === 'task') warn(advice.taskReach);
  if (kind === 'systemd-user' && endsWithSession()) warn(advice.linger);
}
