import type { Interval } from './interval.ts';

/** What is to run, where and when. */
export interface Job {
  /** Letters, digits and `_ . -`; tells several schedules on one machine apart. */
  name: string;
  /** The program's absolute path and its arguments. Without control characters. */
  command: readonly [string, ...string[]];
  /** Absolute path of the folder to run in. */
  folder: string;
  interval: Interval;
}

/** The daemon: it starts with the machine, and again when it fails. */
export interface Daemon extends Omit<Job, 'interval'> {
  interval: 'boot';
}

/** A folder that is divided among as many processes as it has shards. */
export interface DividedJob extends Job {
  shards: number;
  /** Tells how the newest run of each shard ended. */
  summary: readonly [string, ...string[]];
}

/** One thing that installing or removing a schedule does. */
export type Step =
  | { do: 'write'; path: string; text: string; encoding: 'utf8' | 'utf16le' }
  | { do: 'delete'; path: string }
  | { do: 'run'; command: readonly [string, ...string[]] }
  /** The user's crontab gets this line for the schedule of this name; undefined: it loses it. */
  | { do: 'crontab'; name: string; line: string | undefined };

/** Stands in everything that is installed, so that nothing else is ever overwritten or removed. */
export function markOf(name: string): string {
  return `cos_sync schedule: ${name}`;
}
