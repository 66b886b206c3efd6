import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { processLimit } from './process-limit.ts';

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
  const ofGroups = controlGroups().map(folder => Number.parseInt(read(join(folder, 'pids.max')), 10));
  return Math.min(processLimit('Max processes'), ...ofGroups.filter(limit => !Number.isNaN(limit)));
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
