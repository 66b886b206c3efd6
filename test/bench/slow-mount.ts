import { type ChildProcess, execFileSync, spawn, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import type { Words } from './table.ts';

/** Another folder, shown by a file system whose every stat and listing takes a while. */
export interface SlowMount {
  place: string;
  /** What it is made with, for a person to read. */
  by: Words;
  stop(): Promise<void>;
}

/** More looks at a time than any program makes here. */
const THREADS = 128;
/** ms until it must be there */
const PATIENCE = 10_000;

/**
 * Mounts `source` in a new folder below `folder`.
 * @param ms that each look takes
 * @throws Error where this machine cannot: no /dev/fuse, neither cc with libfuse3 nor python3 with fusepy
 */
export async function mountSlowly(source: string, folder: string, ms: number): Promise<SlowMount> {
  const place = join(folder, 'mounted');
  mkdirSync(place);
  const { by, command } = withC(folder, source, place, ms) ?? withPython(source, place, ms);
  const [file, ...args] = command;
  const child = spawn(file, args, { stdio: 'ignore' });
  const failed = new Promise<never>((_, reject) => child.once('error', reject));
  await Promise.race([whenMounted(child, folder, place), failed]);
  return {
    place,
    by,
    async stop() {
      spawnSync('umount', ['-l', place]);
      child.kill();
    },
  };
}

interface How {
  by: Words;
  command: readonly [string, ...string[]];
}

function withC(folder: string, source: string, place: string, ms: number): How | undefined {
  const program = join(folder, 'slow-tree');
  try {
    const flags = execFileSync('pkg-config', ['--cflags', '--libs', 'fuse3'], { encoding: 'utf8' });
    const code = join(import.meta.dirname, 'slow-tree.c');
    execFileSync('cc', ['-O2', '-o', program, code, ...flags.trim().split(/\s+/)], { stdio: 'ignore' });
  } catch {
    return undefined;
  }
  return {
    by: { en: 'FUSE in C', zh: 'C 编写的 FUSE' },
    command: [program, source, place, String(ms * 1_000), String(THREADS)],
  };
}

function withPython(source: string, place: string, ms: number): How {
  const program = join(import.meta.dirname, '..', 'support', 'fuse.py');
  return {
    by: { en: 'FUSE in Python', zh: 'Python 编写的 FUSE' },
    command: ['/usr/bin/python3', program, source, place, JSON.stringify({ slow: ms })],
  };
}

async function whenMounted(child: ChildProcess, folder: string, place: string): Promise<void> {
  if (!existsSync('/dev/fuse')) throw new Error('/dev/fuse is missing');
  for (let waited = 0; statSync(place).dev === statSync(folder).dev; waited += 50) {
    const isOver = child.exitCode !== null || child.signalCode !== null;
    if (isOver || waited > PATIENCE) throw new Error('the slow file system did not come up');
    await delay(50);
  }
}
