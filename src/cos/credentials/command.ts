import { type ChildProcessByStdio, spawn } from 'node:child_process';
import type { Readable } from 'node:stream';
import { endProcessTree } from '../../end-process-tree.ts';
import { checkedCredentials, type Fetched, fieldsOf, sourceFailure } from './credentials.ts';

/** ms */
const TIME_LIMIT = 60_000;
/** Characters of its output; what it prints is far shorter. */
const LONGEST_OUTPUT = 64 * 1024;
/** Characters of what it says on standard error that are shown. */
const SHOWN = 200;
/** What stands behind such a word is a secret; so is what looks like one. */
const NAMED_SECRET =
  /((?:secret|token|key|password|passwd|credential|authorization)[\w-]*["']?\s*[:=]\s*)\S+/gi;
const LIKE_A_SECRET = /\b(AKID[\w-]+|[\w+=-]{24,})/g;

/**
 * Credentials that a program prints: JSON `{SecretId, SecretKey, Token, Expiration}`.
 * @param command the program and its arguments; no shell reads them
 * @throws Failure
 */
export async function fetchFromCommand(
  command: readonly string[],
  { signal, timeLimit = TIME_LIMIT }: { signal: AbortSignal; timeLimit?: number },
): Promise<Fetched> {
  const { code, stdout, stderr } = await outputOf(command, signal, timeLimit);
  if (code !== 0)
    throw sourceFailure('refused', 'CredentialsCommandFailed', `exit code ${code}${saidIn(stderr)}`);
  const { SecretId, SecretKey, Token, Expiration } = fieldsOf(stdout);
  return {
    credentials: checkedCredentials(SecretId, SecretKey, Token),
    life: lifeUntil(Expiration),
    role: undefined,
  };
}

/** ISO 8601, or seconds since 1970. */
function lifeUntil(expiration: unknown): number | undefined {
  if (expiration === undefined || expiration === null || expiration === '') return undefined;
  const text = String(expiration);
  const time = /^\d+(\.\d+)?$/.test(text) ? Number(text) * 1_000 : Date.parse(text);
  if (Number.isNaN(time)) throw sourceFailure('refused', 'CredentialsUnreadable', 'Expiration');
  return time - Date.now();
}

function saidIn(stderr: string): string {
  const said = stderr.trim().replace(NAMED_SECRET, '$1…').replace(LIKE_A_SECRET, '…');
  return said === '' ? '' : `: ${said.slice(-SHOWN)}`;
}

interface Output {
  code: number | string;
  stdout: string;
  stderr: string;
}

function outputOf(command: readonly string[], signal: AbortSignal, timeLimit: number): Promise<Output> {
  return new Promise((resolve, reject) => {
    const notStarted = (error: unknown) => {
      const { code, message } = error as NodeJS.ErrnoException;
      const said = `${command[0]}: ${code ?? message}`;
      reject(sourceFailure('refused', 'CredentialsCommandNotStarted', said, error));
    };
    let child: ChildProcessByStdio<null, Readable, Readable>;
    try {
      child = start(command);
    } catch (error) {
      return notStarted(error);
    }
    const end = () => endProcessTree(child.pid);
    const timer = setTimeout(() => {
      reject(sourceFailure('refused', 'CredentialsCommandTimedOut', command[0]));
      end();
    }, timeLimit);
    signal.addEventListener('abort', end);
    const output = { stdout: '', stderr: '' };
    for (const name of ['stdout', 'stderr'] as const) {
      child[name].setEncoding('utf8').on('data', (text: string) => {
        output[name] = (output[name] + text).slice(0, LONGEST_OUTPUT);
      });
    }
    const finish = () => {
      clearTimeout(timer);
      signal.removeEventListener('abort', end);
    };
    child.on('error', error => {
      finish();
      notStarted(error);
    });
    child.on('close', (code, killedBy) => {
      finish();
      resolve({ code: code ?? killedBy ?? '', ...output });
    });
  });
}

function start([program = '', ...args]: readonly string[]): ChildProcessByStdio<null, Readable, Readable> {
  return spawn(program, args, {
    stdio: ['ignore', 'pipe', 'pipe'],
    windowsHide: true,
    // A process group of its own can be ended as a whole.
    detached: process.platform !== 'win32',
  });
}
