import { statSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { isSea } from 'node:sea';
import { EXIT } from '../cli/exit-codes.ts';
import type { Invocation } from '../cli/invocation.ts';
import { ConfigError, usageFault } from '../config/faults.ts';
import { homeAt } from '../config/home.ts';
import { loadConfig } from '../config/load.ts';
import { MAX_SHARDS } from '../config/values.ts';
import { errorLines } from '../report/errors.ts';
import { stepsText } from '../report/schedule.ts';
import { carryOut } from '../schedule/carry-out.ts';
import { intervalOf } from '../schedule/interval.ts';
import type { Daemon, DividedJob, Job, Step } from '../schedule/job.ts';
import { defaultKind, type Engine, KINDS, type Kind, PRINTED_KINDS } from '../schedule/kind.ts';
import { kubernetesInstallation, SECRET_ENVIRONMENT } from '../schedule/kubernetes.ts';
import { endsWithSession, type Schedule, scheduleOf } from '../schedule/schedule.ts';
import { slurmInstallation } from '../schedule/slurm.ts';
import { VERSION } from '../version.ts';

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
  /** Among how many processes the folder is divided. */
  shards: string | undefined;
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
  const name = checkedName(command.name ?? DEFAULT_NAME);
  const kind = choice('--kind', command.kind ?? defaultKind(), action === 'print' ? PRINTED_KINDS : KINDS);
  const isDivided = command.shards !== undefined || isEngine(kind);
  const steps = isDivided ? dividedSteps(invocation, command, kind, name) : ownSteps(kind);
  if (style.json) terminal.out(`${JSON.stringify({ action, kind, name, steps })}\n`);
  else terminal.out(`${resultText()}\n`);
  return EXIT.ok;

  function ownSteps(kind: Kind): Step[] {
    const schedule = scheduleOf(kind, name, home.root);
    const steps =
      action === 'remove' ? removal(schedule) : schedule.installation(jobOf(invocation, command, kind, name));
    if (action !== 'print') carryOut(steps, name);
    return steps;
  }

  function resultText(): string {
    if (action === 'print' || isEngine(kind)) return stepsText(steps, words).trimEnd();
    const { look } = scheduleOf(kind, name, home.root);
    if (action === 'install') return words.schedule.installed(kind, name, whenOf(command, kind), look);
    return steps.length === 0
      ? words.schedule.nothingToRemove(kind, name)
      : words.schedule.removed(kind, name);
  }
}

/** What as many processes as there are shards are started by. @throws ConfigError */
function dividedSteps(
  invocation: Invocation,
  command: ScheduleCommand,
  kind: Kind | Engine,
  name: string,
): Step[] {
  const { home } = invocation;
  const shards = shardsOf(command.shards);
  if (command.service) throw usageFault('--service', 'serviceShards');
  const interval = intervalOf(command.every, command.at);
  const written = advise(invocation, kind, false);
  const path = join(home.root, 'conf', `${name}.yaml`);
  if (kind === 'kubernetes') {
    const { timeZone } = Intl.DateTimeFormat().resolvedOptions();
    return kubernetesInstallation({ name, shards, interval, timeZone, written, version: VERSION, path });
  }
  const job: DividedJob = {
    name,
    command: commandOf(invocation, command),
    summary: programOf(invocation, 'history', '--all-shards'),
    folder: home.root,
    interval,
    shards,
  };
  if (kind === 'slurm') return slurmInstallation(checkPaths(job, kind), dirname(path));
  const steps = scheduleOf(kind, name, home.root).dividedInstallation?.(checkPaths(job, kind));
  if (!steps) throw usageFault('--shards', 'shardsKind', { value: kind });
  return steps;
}

/** @throws ConfigError */
function shardsOf(text: string | undefined): number {
  if (text === undefined) throw usageFault('--shards', 'missing');
  const count = Number(text);
  const isCount = /^\d+$/.test(text) && count >= 2 && count <= MAX_SHARDS;
  if (!isCount) throw usageFault('--shards', 'outOfRange', { value: `"${text}"`, min: 2, max: MAX_SHARDS });
  return count;
}

function removal(schedule: Schedule): Step[] {
  return schedule.isInstalled() ? schedule.removal() : [];
}

/** What is to be scheduled. Warns of what would keep it from doing its work. */
function jobOf(invocation: Invocation, command: ScheduleCommand, kind: Kind, name: string): Job | Daemon {
  const { root } = invocation.home;
  const interval = whenOf(command, kind);
  const job = { name, command: commandOf(invocation, command), folder: root, interval } as Job | Daemon;
  advise(invocation, kind, interval === 'boot');
  return checkPaths(job, kind);
}

function whenOf({ service, every, at }: ScheduleCommand, kind: Kind): (Job | Daemon)['interval'] {
  if (!service) return intervalOf(every, at);
  if (kind === 'cron') throw usageFault('--service', 'serviceKind', { value: kind });
  if (every !== undefined || at !== undefined) throw usageFault('--service', 'serviceTimes');
  return 'boot';
}

/** The program by its absolute path, with what tells it its home and its configuration. */
function commandOf(invocation: Invocation, { lang, service }: ScheduleCommand): Job['command'] {
  const { root, configFile } = invocation.home;
  return [
    // Whatever the configuration says: it is to go on.
    ...programOf(invocation, 'sync', '--quiet', ...(service ? ['--daemon-mode', '1'] : [])),
    ...(configFile === join(root, 'conf', 'config.json') ? [] : ['--config', configFile]),
    ...(lang === undefined ? [] : ['--lang', lang]),
  ];
}

function programOf({ home }: Invocation, ...args: string[]): Job['command'] {
  return [
    process.execPath,
    ...(isSea() ? [] : [resolve(process.argv[1] ?? '')]),
    ...args,
    ...(home.root === homeAt(undefined, {}).root ? [] : ['--home', home.root]),
  ];
}

function isEngine(kind: Kind | Engine): kind is Engine {
  return kind === 'slurm' || kind === 'kubernetes';
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

function checkPaths<Checked extends Job | Daemon>(job: Checked, kind: Kind | Engine): Checked {
  const { command, folder } = job;
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
  return job;
}

/**
 * Says what would keep the scheduled runs from doing their work.
 * @returns what the configuration file holds; nothing where it is refused
 */
function advise(
  { home, terminal, words }: Invocation,
  kind: Kind | Engine,
  isDaemon: boolean,
): Record<string, unknown> {
  const { advice } = words.schedule;
  const warn = (line: string) => terminal.warn(`cos_sync: ${line}\n`);
  let written: Record<string, unknown> = {};
  try {
    // The environment of this shell is not the one of a scheduled run.
    const loaded = loadConfig(home.configFile, {}, kind === 'kubernetes' ? SECRET_ENVIRONMENT : {});
    written = loaded.written;
    if (loaded.config.daemonMode && !isDaemon) warn(advice.daemonMode(home.configFile));
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    warn(advice.configFaulty);
    for (const line of errorLines(error, words)) warn(line);
  }
  if (kind === 'cron' || kind === 'slurm') warn(advice.cronOverlap);
  if (kind === 'task') warn(advice.taskReach);
  if (kind === 'systemd-user' && endsWithSession()) warn(advice.linger);
  return written;
}
