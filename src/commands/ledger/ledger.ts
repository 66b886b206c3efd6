import type { Invocation } from '../../cli/invocation.ts';
import { untilInterrupted } from '../task/session.ts';
import { adoptLedgers } from './adopt.ts';
import { exportLedger, importLedger } from './export-import.ts';
import { rebuildLedger } from './rebuild.ts';
import { listUploads } from './uploads.ts';

export interface LedgerCommand {
  action: string | undefined;
  /** What import reads. */
  file: string | undefined;
  format: string | undefined;
  output: string | undefined;
  table: string | undefined;
  /** Upload IDs; empty where --abort was given without one; undefined where it was not given. */
  abort: readonly string[] | undefined;
  /** Ledgers to adopt. */
  from: readonly string[] | undefined;
  yes: boolean;
}

/**
 * `cos_sync ledger export|import|rebuild|adopt|uploads`.
 * @returns the exit code
 * @throws ConfigError, ImportUnusable, LedgerLocked, LedgerDamaged, LedgerUnusable, LocalPathUnusable, Failure
 */
export function ledgerCommand(invocation: Invocation, command: LedgerCommand): Promise<number> {
  const { action, file = '' } = command;
  return untilInterrupted(invocation, () => {
    if (action === 'export') return exportLedger(invocation, command.format ?? 'jsonl', command.output);
    if (action === 'import') return importLedger(invocation, file, command.table);
    if (action === 'rebuild') return rebuildLedger(invocation);
    if (action === 'adopt') return adoptLedgers(invocation, command.from);
    return listUploads(invocation, command.abort, command.yes);
  });
}
