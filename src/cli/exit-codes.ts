import { ConfigError } from '../config/faults.ts';
import { HELD_FOR_SAFETY } from '../engine/listener.ts';
import { LocalPathUnusable } from '../engine/local/local-path.ts';
import { DiskTooSmall } from '../engine/restore/errors.ts';
import type { RestoreResult } from '../engine/restore/restore.ts';
import { failuresIn, type Statistics } from '../engine/statistics.ts';
import type { SyncResult } from '../engine/sync.ts';
import { Failure } from '../failure.ts';
import { Interrupted } from '../interrupted.ts';
import {
  DaemonRunning,
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
  if (error instanceof LedgerLocked || error instanceof DaemonRunning) return EXIT.locked;
  if (error instanceof LocalPathUnusable || error instanceof DiskTooSmall) return EXIT.safety;
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
  const isHeldForSafety = result.heldReasons.some(reason => HELD_FOR_SAFETY.has(reason));
  if (isHeldForSafety) return EXIT.safety;
  return failuresIn(statistics) > 0 || result.stoppedBy ? EXIT.failures : EXIT.ok;
}

/** The exit code of a restore that came to its end. */
export function exitCodeOfRestore(result: RestoreResult, failures: number, signal: AbortSignal): number {
  if (signal.aborted) return exitCodeOfError(signal.reason);
  const { stoppedBy, anySuccess } = result;
  if (stoppedBy && stoppedBy.kind !== 'local' && !anySuccess) return EXIT.refused;
  return failures > 0 || stoppedBy ? EXIT.failures : EXIT.ok;
}
