import { ConfigError } from '../config/faults.ts';
import { LocalPathUnusable } from '../engine/local/local-path.ts';
import { failuresIn, type Statistics } from '../engine/statistics.ts';
import type { SyncResult } from '../engine/sync.ts';
import { Failure } from '../failure.ts';
import { Interrupted } from '../interrupted.ts';
import {
  ImportUnusable,
  LedgerDamaged,
  LedgerLocked,
  LedgerOfOther,
  LedgerUnusable,
} from '../ledger/errors.ts';

/** The exit codes that scripts rely on; see the README. */
export const EXIT = { ok: 0, failures: 1, usage: 2, locked: 3, safety: 4, refused: 5 } as const;

/** The exit code of an error that ended a command. */
export function exitCodeOfError(error: unknown): number {
  if (error instanceof ConfigError || error instanceof ImportUnusable) return EXIT.usage;
  if (error instanceof LedgerLocked) return EXIT.locked;
  if (error instanceof LocalPathUnusable) return EXIT.safety;
  if (error instanceof LedgerDamaged || error instanceof LedgerOfOther) return EXIT.safety;
  if (error instanceof LedgerUnusable) return EXIT.safety;
  if (error instanceof Interrupted) return error.exitCode;
  // A failure of one operation is in the statistics; one that ends a command is COS's refusal.
  if (error instanceof Failure && error.kind !== 'defect') return EXIT.refused;
  return EXIT.failures;
}

/** The exit code of a run that came to its end. */
export function exitCodeOfResult(result: SyncResult, statistics: Statistics, signal: AbortSignal): number {
  if (signal.aborted) return exitCodeOfError(signal.reason);
  if (result.stoppedBy && !result.anySuccess) return EXIT.refused;
  const isHeldForSafety = result.heldReasons.some(reason => reason === 'emptied' || reason === 'maxDelete');
  if (isHeldForSafety) return EXIT.safety;
  return failuresIn(statistics) > 0 || result.stoppedBy ? EXIT.failures : EXIT.ok;
}
