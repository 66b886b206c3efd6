import { existsSync } from 'node:fs';

/** What starts the program: the machine's systemd, the user's, cron, or Windows' Task Scheduler. */
export type Kind = 'systemd' | 'systemd-user' | 'cron' | 'task';

export const KINDS: readonly Kind[] = ['systemd', 'systemd-user', 'cron', 'task'];

/** What starts processes on many machines: what it needs is printed, and nothing is installed. */
export type Engine = 'slurm' | 'kubernetes';

export const PRINTED_KINDS: readonly (Kind | Engine)[] = [...KINDS, 'slurm', 'kubernetes'];

/** sd_booted(3): this folder is there where systemd runs the machine. */
const SYSTEMD_RUNS = '/run/systemd/system';

/** The kind that this machine has: for root the machine's own, else the user's. */
export function defaultKind(): Kind {
  if (process.platform === 'win32') return 'task';
  if (!existsSync(SYSTEMD_RUNS)) return 'cron';
  return process.getuid?.() === 0 ? 'systemd' : 'systemd-user';
}
