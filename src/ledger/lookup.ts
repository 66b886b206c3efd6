import type { Ledger } from './ledger.ts';
import type { LedgerRecord } from './records.ts';

/** So many records are passed one by one; what is farther away is looked up. */
const NEAR = 64;

/**
 * Finds records by their paths, at the least cost where these ascend. To be used before anything is written, as
 * `records` is.
 */
export function lookupIn(records: Ledger['records']): (path: string) => LedgerRecord | undefined {
  let iterator = records()[Symbol.iterator]();
  let next = iterator.next();

  function seek(path: string): void {
    iterator = records(path)[Symbol.iterator]();
    next = iterator.next();
  }

  let asked = '';
  return path => {
    if (path < asked) seek(path);
    asked = path;
    for (let passed = 0; !next.done && next.value.path < path; passed++) {
      if (passed < NEAR) next = iterator.next();
      else seek(path);
    }
    return !next.done && next.value.path === path ? next.value : undefined;
  };
}
