import type { Invocation } from '../../cli/invocation.ts';
import type { Config } from '../../config/schema.ts';
import type { Log } from '../../report/log.ts';
import type { DaemonState } from './daemon-state.ts';
import type { RunOptions } from './run-once.ts';

/** When a daemon runs, and what each run looks at. */
export interface Course {
  /** Waits for the next run, and answers what it differs in from a plain one; undefined: just look around. */
  next(signal: AbortSignal): Promise<Partial<RunOptions> | undefined>;
  /** To be called after each run. */
  ended(): void;
  /** What of it there is to tell now. */
  state(): Pick<DaemonState, 'mode' | 'full_scans' | 'full_scan_reasons' | 'next_full_scan' | 'waiting'>;
  close(): void;
}

export interface CourseOptions {
  invocation: Invocation;
  config: Config;
  log: Log;
  /** Is called when there is something else to tell. */
  onState(): void;
}
