import { spawn } from 'node:child_process';

export interface Ended {
  exitCode: number | null;
  stdout: string;
  stderr: string;
}

export interface Start {
  cwd?: string;
  /** Only root can start a program as another user. */
  uid?: number;
}

/** Runs a command with no environment but PATH. */
export function run(command: string, options: string[], { cwd = '/', uid }: Start = {}): Promise<Ended> {
  const env = { PATH: process.env.PATH ?? '/usr/bin:/bin' };
  const child = spawn(command, options, { cwd, env, ...(uid !== undefined && { uid, gid: uid }) });
  const ended: Ended = { exitCode: null, stdout: '', stderr: '' };
  child.stdout.setEncoding('utf8').on('data', text => {
    ended.stdout += text;
  });
  child.stderr.setEncoding('utf8').on('data', text => {
    ended.stderr += text;
  });
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('close', exitCode => resolve({ ...ended, exitCode }));
  });
}
