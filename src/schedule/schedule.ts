import { existsSync, statSync } from 'node:fs';
import { homedir, userInfo } from 'node:os';
import { join } from 'node:path';
import { isInCrontab } from './carry-out.ts';
import { cronInstallation, cronRemoval } from './cron.ts';
import { ScheduleFailed } from './errors.ts';
import type { Daemon, DividedJob, Job, Step } from './job.ts';
import type { Kind } from './kind.ts';
import {
  dividedInstallation,
  systemdInstallation,
  systemdRemoval,
  type UnitPlace,
  unitFiles,
} from './systemd.ts';
import { isDaemonTask, taskInstallation, taskRemoval } from './windows-task.ts';

/** A job by one of the ways to run it. */
export interface Schedule {
  installation(job: Job | Daemon): Step[];
  /** Undefined where nothing runs divided jobs. */
  dividedInstallation?(job: DividedJob): Step[];
  removal(): Step[];
  /** False where there is nothing to remove; where only the removal can tell, true. */
  isInstalled(): boolean;
  /** Shows what is installed. */
  look: readonly string[];
}

/**
 * The schedule of this kind and name on this machine.
 * @param home the program's home: its owner is who the machine's systemd runs it as
 */
export function scheduleOf(kind: Kind, name: string, home: string): Schedule {
  if (kind === 'cron') {
    return {
      installation: cronInstallation,
      removal: () => cronRemoval(name),
      isInstalled: () => isInCrontab(name),
      look: ['crontab -l'],
    };
  }
  if (kind === 'task') {
    const place = { user: windowsUser(), folder: join(home, 'conf') };
    return {
      installation: job => taskInstallation(job, place),
      removal: () => taskRemoval(name, place, isDaemonTask(name, place)),
      isInstalled: () => true,
      look: [`schtasks /Query /TN ${name} /V /FO LIST`],
    };
  }
  const place = unitPlace(kind, home);
  const { service, timer } = unitFiles(name, place);
  const user = kind === 'systemd-user' ? ' --user' : '';
  const removal = () => systemdRemoval(name, place, existsSync(timer) || !existsSync(service));
  /** Of a timer in the place of a daemon, or a daemon in the place of a timer, only one is to stay. */
  const isReplaced = ({ interval }: Job | Daemon) =>
    interval === 'boot' ? existsSync(timer) : existsSync(service) && !existsSync(timer);
  return {
    installation: job => [...(isReplaced(job) ? removal() : []), ...systemdInstallation(job, place)],
    dividedInstallation: job => dividedInstallation(job, place),
    removal,
    isInstalled: () => existsSync(timer) || existsSync(service),
    look: [`systemctl${user} status ${name}.service ${name}.timer`, `journalctl${user} -u ${name}`],
  };
}

function unitPlace(kind: 'systemd' | 'systemd-user', home: string): UnitPlace {
  if (kind === 'systemd-user') {
    const configuration = process.env.XDG_CONFIG_HOME || join(homeFolder(), '.config');
    return { folder: join(configuration, 'systemd', 'user'), scope: 'user', userId: undefined };
  }
  // As root, a program that its owner can replace would make that owner root.
  const owner = statSync(home, { throwIfNoEntry: false })?.uid ?? 0;
  return { folder: '/etc/systemd/system', scope: 'system', userId: owner === 0 ? undefined : owner };
}

/** Whether the user's systemd ends with the user's last session. Source: loginctl(1), enable-linger. */
export function endsWithSession(): boolean {
  const name = userName();
  return name === undefined || !existsSync(join('/var/lib/systemd/linger', name));
}

/** undefined for a user that is a number alone, as in many containers. */
function userName(): string | undefined {
  try {
    return userInfo().username;
  } catch {
    return process.env.USER || undefined;
  }
}

/** @throws ScheduleFailed */
function homeFolder(): string {
  try {
    return homedir();
  } catch {
    throw new ScheduleFailed('noHome', '');
  }
}

function windowsUser(): string {
  const { USERDOMAIN } = process.env;
  const { username } = userInfo();
  return USERDOMAIN ? `${USERDOMAIN}\\${username}` : username;
}
