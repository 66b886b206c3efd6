import { type Ledger, type LedgerOptions, openLedger } from './ledger.ts';

/** Opens a ledger for one run after the other. */
export type OpenLedger = (options: LedgerOptions) => Promise<Ledger>;

/**
 * Keeps a ledger in memory from one run to the next: a million records take seconds to read. The lock is free in
 * between; where somebody else wrote to the file meanwhile, it is read anew.
 * @param onChanged is told of that
 */
export function keepOpen(onChanged: () => void): OpenLedger {
  let kept: Ledger | undefined;
  return async options => {
    if (kept?.file === options.file) {
      if (!kept.isAsLeft()) onChanged();
      else if (kept.reopen(options)) return kept;
    }
    kept = undefined;
    kept = await openLedger({ ...options, staysOpen: true });
    return kept;
  };
}
