import { blockedThreads } from './blocked-threads.ts';

/**
 * Ends the process at once. An exit waits for every thread, and one that is in a call of the system may be
 * there for ever: a dead network drive, a name server that does not answer. The kernel ends them all when
 * another program takes this one's place, and only then is the exit code of our choice.
 */
export function endProcess(exitCode: number): never {
  if (process.platform !== 'win32') {
    try {
      process.execve?.('/bin/sh', ['sh', '-c', `exit ${exitCode}`], {});
    } catch {
      // There is no shell here.
      if (blockedThreads() > 0) process.kill(process.pid, 'SIGKILL');
    }
  }
  process.exit(exitCode);
}
