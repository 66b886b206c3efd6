import { readFileSync } from 'node:fs';

/** A soft limit of this process; infinite where there is none, or the system tells none. Source: proc_pid_limits(5). */
export function processLimit(name: 'Max open files' | 'Max processes'): number {
  try {
    const found = new RegExp(`^${name}\\s+(\\d+)`, 'm').exec(
      readFileSync('/proc/self/limits', 'latin1'),
    )?.[1];
    return found === undefined ? Number.POSITIVE_INFINITY : Number(found);
  } catch {
    return Number.POSITIVE_INFINITY;
  }
}
