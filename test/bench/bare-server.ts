import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import type { Counts } from './counts.ts';

export type { Counts };

/** The bare server, running. */
export interface BareServer {
  url: string;
  /** What arrived since the last call. */
  counts(): Promise<Counts>;
  stop(): Promise<void>;
}

/** What it holds below `stock/`, to be fetched, or lists below `listed/`. */
export interface Held {
  files?: number;
  /** bytes of each */
  size?: number;
  /** bytes of one file in the place of many */
  large?: number;
  /** files of a sparse tree that are listed, and cannot be fetched; so many in a folder */
  listed?: number;
  'in-folder'?: number;
}

/** @param delay ms before each answer */
export async function startBareServer(delay = 0, held: Held = {}): Promise<BareServer> {
  const program = held.files || held.large ? 'stock-server.ts' : 'server.ts';
  const options = ['--delay', String(delay)];
  for (const [name, value] of Object.entries(held)) options.push(`--${name}`, String(value));
  const child: ChildProcess = spawn(process.execPath, [join(import.meta.dirname, program), ...options], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const [port] = (await once(child.stdout!, 'data')) as [Buffer];
  const url = `http://127.0.0.1:${port.toString().trim()}`;
  return {
    url,
    counts: async () => (await (await fetch(`${url}/-/counts`)).json()) as Counts,
    async stop() {
      const ended = once(child, 'exit');
      child.kill();
      await ended;
    },
  };
}
