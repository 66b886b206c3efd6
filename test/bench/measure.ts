import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';

/** What one run of a program cost. */
export interface Cost {
  /** seconds from start to end */
  wall: number;
  /** seconds, user and system */
  cpu: number;
  /** bytes */
  peakMemory: number;
  stdout: string;
  /** seconds that the bare server computed meanwhile, where one was asked */
  serverCpu?: number;
  /** Of a median: the seconds of each turn. */
  walls?: number[];
}

export interface Command {
  file: string;
  args: readonly string[];
  env?: NodeJS.ProcessEnv;
  /** Exit codes that are no failure of the measurement. */
  expected?: readonly number[];
  /** What it prints goes nowhere: it is too much to be read along. */
  quiet?: boolean;
}

/** Clock ticks per second in /proc: 100 on every Linux that Node runs on. */
const TICKS = 100;
/** ms between looks at a running program; the last look misses at most this much of its CPU time. */
const INTERVAL = 5;

/**
 * Runs a program to its end and answers what it cost.
 * @throws Error where it ends with an exit code that is not expected
 */
export async function measure({ file, args, env, expected = [0], quiet = false }: Command): Promise<Cost> {
  const begun = performance.now();
  const out = quiet ? 'ignore' : 'pipe';
  const child = spawn(file, args, { stdio: ['ignore', out, 'pipe'], ...(env ? { env } : {}) });
  let stdout = '';
  let stderr = '';
  child.stdout?.setEncoding('utf8').on('data', text => (stdout = (stdout + text).slice(-20_000)));
  child.stderr?.setEncoding('utf8').on('data', text => (stderr = (stderr + text).slice(-2_000)));
  let last = { cpu: 0, peakMemory: 0 };
  let isOver = false;
  let wall = 0;
  const ended = new Promise<number | null>((resolve, reject) => {
    child.on('error', reject);
    child.on('exit', () => {
      wall = (performance.now() - begun) / 1000;
      isOver = true;
    });
    child.on('close', resolve);
  });
  while (!isOver) {
    last = look(child.pid ?? 0) ?? last;
    await Promise.race([ended, delay(INTERVAL)]);
  }
  const code = await ended;
  if (code === null || !expected.includes(code)) {
    throw new Error(`${file} ${args.join(' ')} ended with ${code}: ${stderr || stdout}`);
  }
  return { wall, ...last, stdout };
}

/** What a process has used so far: seconds of CPU, and at most so many bytes of memory. @throws Error where it is gone */
export function used(pid: number): { cpu: number; peakMemory: number } {
  const use = look(pid);
  if (!use) throw new Error(`process ${pid} has ended`);
  return use;
}

function look(pid: number): { cpu: number; peakMemory: number } | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'latin1');
    // The name in parentheses may hold anything; utime and stime are the 12th and 13th field after it.
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    const status = readFileSync(`/proc/${pid}/status`, 'latin1');
    const peak = /VmHWM:\s+(\d+) kB/.exec(status)?.[1];
    if (peak === undefined) return undefined;
    return { cpu: (Number(fields[11]) + Number(fields[12])) / TICKS, peakMemory: Number(peak) * 1024 };
  } catch {
    return undefined;
  }
}

/** The middle of several runs, each figure for itself. */
export function median(costs: readonly Cost[]): Cost {
  const middle = (of: (cost: Cost) => number) => {
    const sorted = costs.map(of).sort((a, b) => a - b);
    return sorted[Math.floor((sorted.length - 1) / 2)] ?? Number.NaN;
  };
  return {
    wall: middle(cost => cost.wall),
    cpu: middle(cost => cost.cpu),
    peakMemory: Math.max(...costs.map(cost => cost.peakMemory)),
    stdout: costs.at(-1)?.stdout ?? '',
    serverCpu: middle(cost => cost.serverCpu ?? 0),
    walls: costs.map(cost => cost.wall),
  };
}
