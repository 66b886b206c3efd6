import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { Running, Sandbox } from './sandbox.ts';
import { until } from './until.ts';

/** The log so far; empty before there is one. */
export const logOf = (box: Sandbox) => (existsSync(join(box.home, 'log/cos_sync.log')) ? box.log() : '');

/** How many full scans were begun. */
export const fullScans = (box: Sandbox) => logOf(box).match(/watch_run .*full=/g)?.length ?? 0;

/** Starts a daemon that watches, and waits until it does. */
export async function watching(box: Sandbox, changes: Record<string, unknown> = {}): Promise<Running> {
  box.configure({ daemon_mode: '1', watch: '1', watch_delay: '0.2', daemon_interval: '3600', ...changes });
  const running = box.start('--json');
  await until(() => fullScans(box) > 0 && / ready /.test(box.log()));
  return running;
}

/** @returns the exit code */
export async function end({ child, ended }: Running): Promise<number | null> {
  child.kill('SIGTERM');
  return (await ended).code;
}
