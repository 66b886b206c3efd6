import type { OwnPaths } from '../../config/home.ts';
import type { Config } from '../../config/schema.ts';
import type { Ledger } from '../../ledger/ledger.ts';
import { isFolderPath, isUnknown, unknownContent } from '../../ledger/records.ts';
import { filterOf } from '../local/filter.ts';
import { stillGone } from '../local/still-gone.ts';
import type { Verification } from './verify.ts';

/** Puts the ledger right after a verification, so that the next sync uploads what is wrong in COS. */
export function correctLedger(ledger: Ledger, { wrong, renewed }: Verification): void {
  for (const { path, isInCos } of wrong) {
    // An object that differs is ours all the same: without a record it would be somebody else's.
    if (isInCos) ledger.put(unknownContent(path));
    else ledger.remove(path);
  }
  for (const record of renewed) ledger.put(record);
}

/** How many of the paths that were wrong have no good record after the sync, and still need one. */
export function countUnrepaired(
  ledger: Ledger,
  config: Config,
  own: OwnPaths,
  { wrong }: Verification,
): number {
  const left = new Set(wrong.map(({ path }) => path));
  let unknown = 0;
  for (const record of ledger.records()) {
    if (left.delete(record.path) && isUnknown(record)) unknown++;
  }
  const filter = filterOf(config, own);
  const isWanted = (path: string) =>
    isFolderPath(path) ? config.createFolders && !filter.excludesFolderObject(path) : !filter.excludes(path);
  const wanted = [...left].filter(isWanted);
  return unknown + wanted.length - stillGone(config, wanted).length;
}
