import type { Invocation } from '../../cli/invocation.ts';
import type { Config } from '../../config/schema.ts';
import type { Log } from '../../report/log.ts';
import type { RunOptions } from './run-once.ts';

/** When a daemon runs, and what each run looks at. */
export interface Course {
  /** Waits for the next run, and answers what it differs in from a plain one; undefined: just look around. */
  next(signal: AbortSignal): Promise<Partial<RunOptions> | undefined>;
  /** To be called after each run. */
  ended(): void;
  close(): void;
}

export interface CourseOptions {
  invocation: Invocation;
  config: Config;
  log: Log;
}
