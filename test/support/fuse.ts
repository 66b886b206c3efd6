import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { accessSync, constants, mkdirSync, readFileSync, realpathSync } from 'node:fs';
import { basename, join } from 'node:path';
import type { ExecutionContext } from 'ava';
import { until } from './until.ts';

const PROGRAM = join(import.meta.dirname, 'fuse.py');
/** The system's own: another one may lack the package. */
const PYTHON = '/usr/bin/python3';

type Blocked = 'stat' | 'list' | 'open' | 'read' | 'lookup' | 'statfs';

/** A drive that answers nothing at all any more. */
export const DEAD: NonNullable<FuseOptions['blocked']> = {
  '*': ['stat', 'list', 'open', 'read', 'lookup', 'statfs'],
};

/** What is odd about a file system. */
export interface FuseOptions {
  /** ms that each call takes */
  slow?: number;
  /** Calls that never come back, by the path that they are made for; it begins with `/`, or is `*` for any other. */
  blocked?: Readonly<Record<string, readonly Blocked[]>>;
  /**
   * Whether those calls hold even a process that is killed, until the file system ends. A FUSE server that hangs
   * does so; a dead network drive lets go.
   */
  holdsKilled?: boolean;
  /** Seconds that its times are counted in. */
  grain?: number;
  /** Seconds that its clock is ahead of this machine's. */
  ahead?: number;
  /** A file that is told how many looks there were at a time, at most */
  atOnce?: string;
  /** Takes two spellings for one name. */
  ignoresCase?: boolean;
}

/** Why no file system of our own can be mounted here; empty where one can. */
export function noFuse(): string {
  try {
    accessSync('/dev/fuse', constants.R_OK | constants.W_OK);
  } catch {
    return '/dev/fuse is missing';
  }
  const { status } = spawnSync(PYTHON, ['-c', 'try: import fusepy\nexcept ImportError: import fuse']);
  return status === 0 ? '' : 'python3-fusepy is missing';
}

/**
 * Mounts a file system that shows `source`, until the test is over.
 * @returns a function that ends it: whatever waits for it goes on, with an error
 * @throws Error where it does not come up
 */
export async function mountFuse(
  t: ExecutionContext,
  source: string,
  place: string,
  options: FuseOptions,
): Promise<() => Promise<void>> {
  for (const folder of [source, place]) mkdirSync(folder, { recursive: true });
  const child = spawn(PYTHON, [PROGRAM, source, place, JSON.stringify(options)], { stdio: 'inherit' });
  const ended = new Promise<void>(done => child.once('exit', () => done()));
  async function end(): Promise<void> {
    child.kill('SIGKILL');
    await ended;
    spawnSync('umount', ['-l', place]);
  }
  t.teardown(end);
  await until(() => isEnded(child) || isMounted(place));
  if (isEnded(child)) throw new Error('the file system did not come up');
  return end;
}

function isEnded({ exitCode, signalCode }: ChildProcess): boolean {
  return exitCode !== null || signalCode !== null;
}

/** A look at the place itself might never return. */
function isMounted(place: string): boolean {
  return readFileSync('/proc/self/mountinfo', 'utf8').includes(
    ` ${realpathSync(join(place, '..'))}/${basename(place)} `,
  );
}
