import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { XMLBuilder } from 'fast-xml-parser';
import { type Interval, timeOfDay } from './interval.ts';
import { type Daemon, type Job, markOf, type Step } from './job.ts';

/** Whom a task runs as, and where its definition is kept. */
export interface TaskPlace {
  /** `DOMAIN\name` */
  user: string;
  folder: string;
}

const NAMESPACE = 'http://schemas.microsoft.com/windows/2004/02/mit/task';
/** A day in the past: the task counts from then on, and its text is the same whenever it is made. */
const FIRST_DAY = '2026-01-01';

/** What installs a job in Windows' Task Scheduler, in place of a task of that name. */
export function taskInstallation(job: Job | Daemon, place: TaskPlace): Step[] {
  const path = taskFile(job.name, place);
  // A daemon need not wait for the next start of the machine.
  const start: Step = { do: 'run', command: ['schtasks', '/Run', '/TN', job.name] };
  return [
    { do: 'write', path, text: taskXml(job, place.user), encoding: 'utf16le' },
    { do: 'run', command: ['schtasks', '/Create', '/TN', job.name, '/XML', path, '/F'] },
    ...(job.interval === 'boot' ? [start] : []),
  ];
}

/** What removes a job from Windows' Task Scheduler. */
export function taskRemoval(name: string, place: Pick<TaskPlace, 'folder'>, isDaemon = false): Step[] {
  const end: Step = { do: 'run', command: ['schtasks', '/End', '/TN', name] };
  return [
    ...(isDaemon ? [end] : []),
    { do: 'run', command: ['schtasks', '/Delete', '/TN', name, '/F'] },
    { do: 'delete', path: taskFile(name, place) },
  ];
}

/** Whether the task that was installed is a daemon. */
export function isDaemonTask(name: string, place: Pick<TaskPlace, 'folder'>): boolean {
  try {
    return readFileSync(taskFile(name, place), 'utf16le').includes('<BootTrigger>');
  } catch {
    return false;
  }
}

function taskFile(name: string, { folder }: Pick<TaskPlace, 'folder'>): string {
  return join(folder, `${name}-task.xml`);
}

/**
 * A job's definition for `schtasks /Create /XML`, with the byte order mark that its UTF-16 needs. The task runs
 * whether or not the user is logged on (S4U): no password is stored, and network shares are out of its reach.
 * Source: Task Scheduler Schema, learn.microsoft.com/windows/win32/taskschd/task-scheduler-schema.
 * @param user `DOMAIN\name`
 */
export function taskXml({ name, command, folder, interval }: Job | Daemon, user: string): string {
  const [program, ...args] = command;
  const builder = new XMLBuilder({ format: true, ignoreAttributes: false, suppressEmptyNode: true });
  const xml = builder.build({
    '?xml': { '@_version': '1.0', '@_encoding': 'UTF-16' },
    Task: {
      '@_version': '1.2',
      '@_xmlns': NAMESPACE,
      RegistrationInfo: { Author: user, Description: markOf(name), URI: `\\${name}` },
      Triggers:
        interval === 'boot' ? { BootTrigger: { Enabled: true } } : { CalendarTrigger: triggerOf(interval) },
      Principals: {
        Principal: { '@_id': 'Author', UserId: user, LogonType: 'S4U', RunLevel: 'LeastPrivilege' },
      },
      Settings: interval === 'boot' ? { ...RESTARTS, ...SETTINGS } : SETTINGS,
      Actions: {
        '@_Context': 'Author',
        Exec: { Command: program, Arguments: args.map(windowsWord).join(' '), WorkingDirectory: folder },
      },
    },
  });
  return `\ufeff${xml.replaceAll('\n', '\r\n')}`;
}

/** A daemon that fails is started again. The schema takes settings in any order, and no larger count. */
const RESTARTS = { RestartOnFailure: { Interval: 'PT1M', Count: 255 } };

const SETTINGS = {
  MultipleInstancesPolicy: 'IgnoreNew',
  DisallowStartIfOnBatteries: false,
  StopIfGoingOnBatteries: false,
  AllowHardTerminate: true,
  StartWhenAvailable: true,
  RunOnlyIfNetworkAvailable: false,
  IdleSettings: { StopOnIdleEnd: false, RestartOnIdle: false },
  AllowStartOnDemand: true,
  Enabled: true,
  Hidden: false,
  RunOnlyIfIdle: false,
  WakeToRun: false,
  // No limit: a first run may take days.
  ExecutionTimeLimit: 'PT0S',
  // Below normal.
  Priority: 7,
};

function triggerOf(interval: Interval): object {
  const everyDay = { Enabled: true, ScheduleByDay: { DaysInterval: 1 } };
  if (interval.unit === 'daily') {
    return { StartBoundary: `${FIRST_DAY}T${timeOfDay(interval)}:00`, ...everyDay };
  }
  const length = `PT${interval.count}${interval.unit === 'hours' ? 'H' : 'M'}`;
  return {
    Repetition: { Interval: length, Duration: 'P1D', StopAtDurationEnd: false },
    StartBoundary: `${FIRST_DAY}T00:00:00`,
    ...everyDay,
  };
}

/**
 * Quotes an argument so that a Windows program reads it back as it is: a backslash is one, except before a quote.
 * Source: learn.microsoft.com/cpp/c-language/parsing-c-command-line-arguments.
 */
export function windowsWord(word: string): string {
  if (word !== '' && !/[\s"]/.test(word)) return word;
  return `"${word.replace(/(\\*)("|$)/g, (_, slashes: string, quote: string) => `${slashes}${slashes}${quote && '\\"'}`)}"`;
}
