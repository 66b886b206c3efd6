import { readFileSync } from 'node:fs';
import { join } from 'node:path';

/** The scan waits in up to 64 of Node's own threads, and files are read in the others. */
const WANTED = 80;
/** Node has as many without a word. */
const LEAST = 4;
/** Of the threads that are allowed: there are others, of this process and of the user. */
const SHARE = 1 / 4;

/** How many threads Node's pool is to have. It starts all at once, and ends the process where it is given fewer. */
export function poolSize(): number {
  return Math.max(LEAST, Math.min(WANTED, Math.floor(allowedThreads() * SHARE)));
}

/** Threads that the user (RLIMIT_NPROC) and the control group may have; infinite where the system sets no limit. */
function allowedThreads(): number {
  const ofUser = /^Max processes\s+(\d+)/m.exec(read('/proc/self/limits'))?.[1];
  const limits = [ofUser, ...controlGroups().map(folder => read(join(folder, 'pids.max')).trim())];
  return Math.min(...limits.map(limit => Number(limit || Number.NaN)).filter(limit => limit >= 0));
}

/** Where this process's control groups are, as seen here: in a container its own is the root. */
function controlGroups(): string[] {
  return Array.from(read('/proc/self/cgroup').matchAll(/^\d+:(|pids):(.*)$/gm), ([, controller, path]) =>
    join('/sys/fs/cgroup', controller!, path!),
  );
}

function read(file: string): string {
  try {
    return readFileSync(file, 'latin1');
  } catch {
    return '';
  }
}
