import type { Interval } from './interval.ts';
import { type Daemon, type Job, markOf, type Step } from './job.ts';

/** What installs a job in the user's crontab. */
/** @throws Error for a daemon: cron would not start it again */
export function cronInstallation(job: Job | Daemon): Step[] {
  if (job.interval === 'boot') throw new Error('cron runs no daemon');
  return [{ do: 'crontab', name: job.name, line: cronLine(job) }];
}

/** What takes a job out of the user's crontab. */
export function cronRemoval(name: string): Step[] {
  return [{ do: 'crontab', name, line: undefined }];
}

/**
 * The job's line of a crontab. cron mails what a command prints: here that is what a failed run said, and
 * nothing where another run was still under way (exit code 3).
 */
export function cronLine({ name, command, folder, interval }: Job): string {
  const program = command.map(shellWord).join(' ');
  const line = `cd ${shellWord(folder)} && out=$(${program} 2>&1) || [ $? -eq 3 ] || printf '%s\\n' "$out"`;
  return `${fieldsOf(interval)} ${escapePercent(line)} ${commentOf(name)}`;
}

/**
 * A crontab with the line of the named job replaced, added at the end, or (undefined) removed; all other
 * lines stay as they are.
 */
export function editCrontab(before: string, name: string, line: string | undefined): string {
  const others = before.split(/(?<=\n)/).filter(other => !other.trimEnd().endsWith(` ${commentOf(name)}`));
  if (line === undefined) return others.join('');
  const kept = others.join('');
  return `${kept}${kept === '' || kept.endsWith('\n') ? '' : '\n'}${line}\n`;
}

/** Quotes a word for a POSIX shell. */
export function shellWord(word: string): string {
  return /^[\w/.,:@+-]+$/.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`;
}

function commentOf(name: string): string {
  return `# ${markOf(name)}`;
}

/**
 * cron ends a command at `%` and reads `\%` as `%`. It has no way to write a backslash before a percent sign;
 * the shell has: an empty quoted string between them.
 */
function escapePercent(line: string): string {
  return line.replace(/\\(?=%)/g, `\\''`).replaceAll('%', '\\%');
}

/** When it runs, as cron and Kubernetes read it. */
export function fieldsOf(interval: Interval): string {
  if (interval.unit === 'daily') return `${interval.minute} ${interval.hour} * * *`;
  const step = interval.count === 1 ? '*' : `*/${interval.count}`;
  return interval.unit === 'minutes' ? `${step} * * * *` : `0 ${step} * * *`;
}
