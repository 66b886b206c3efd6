import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process';
import { endProcessTree } from '../../end-process-tree.ts';

/** Characters of a hook's output that are kept. */
const KEPT_OUTPUT = 2_000;
/** ms to wait for output after the program's end */
const LAST_OUTPUT = 300;
/** Names of variables that hold a secret of ours. */
const SECRET = /^(COS|TENCENTCLOUD)_(SECRET|TOKEN|SESSION)/i;

/** How a hook ended; `code` is its exit code, or the system's error where it did not start. */
export type HookEnd =
  | { kind: 'exited'; code: number }
  | { kind: 'killed'; signal: string }
  | { kind: 'timedOut' }
  | { kind: 'notStarted'; code: string };

export interface HookOptions {
  /** A program and its arguments; no shell reads them. */
  command: readonly string[];
  /** What it reads on standard input. */
  input: string;
  cwd: string;
  /** ms; then it is killed, with all that it started */
  timeLimit: number;
  signal: AbortSignal;
}

/** Runs a program that the configuration names. Never rejects. */
export async function runHook(options: HookOptions): Promise<{ end: HookEnd; output: string }> {
  try {
    return await followToEnd(start(options), options);
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    return { end: { kind: 'notStarted', code: code ?? message }, output: '' };
  }
}

function start({ command: [program = '', ...args], cwd }: HookOptions): ChildProcessWithoutNullStreams {
  return spawn(program, args, {
    cwd,
    env: withoutCredentials(process.env),
    stdio: 'pipe',
    windowsHide: true,
    // A process group of its own can be ended as a whole.
    detached: process.platform !== 'win32',
  });
}

function followToEnd(
  child: ChildProcessWithoutNullStreams,
  { input, timeLimit, signal }: HookOptions,
): Promise<{ end: HookEnd; output: string }> {
  return new Promise((resolve, reject) => {
    let output = '';
    let hasTimedOut = false;
    const kill = () => endProcessTree(child.pid);
    const timer = setTimeout(() => {
      hasTimedOut = true;
      kill();
    }, timeLimit);
    signal.addEventListener('abort', kill);
    const finish = (end: HookEnd) => {
      clearTimeout(timer);
      signal.removeEventListener('abort', kill);
      for (const pipe of [child.stdin, child.stdout, child.stderr]) pipe.destroy();
      resolve({ end, output: output.trim() });
    };
    for (const pipe of [child.stdout, child.stderr]) {
      pipe.setEncoding('utf8').on('data', (text: string) => {
        output = (output + text).slice(0, KEPT_OUTPUT);
      });
    }
    // A program that does not read its input is none the worse for it.
    child.stdin.on('error', () => {}).end(input);
    child.on('error', error => {
      clearTimeout(timer);
      reject(error);
    });
    child.on('exit', (code, killedBy) => {
      if (hasTimedOut) return finish({ kind: 'timedOut' });
      const end: HookEnd =
        code === null ? { kind: 'killed', signal: killedBy ?? '' } : { kind: 'exited', code };
      // What it printed last is on its way; what it left running may hold the pipes open for long.
      child.on('close', () => finish(end));
      setTimeout(finish, LAST_OUTPUT, end);
    });
  });
}

function withoutCredentials(environment: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  return Object.fromEntries(Object.entries(environment).filter(([name]) => !SECRET.test(name)));
}
