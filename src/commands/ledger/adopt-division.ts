import { isDeepStrictEqual } from 'node:util';
import { shardIn } from '../../config/shard.ts';
import { disksOf, takenBy } from '../../engine/upkeep/divide-anew.ts';
import { type Division, divisionOf, missingIn, refuseDamaged, retireOthers } from '../../ledger/division.ts';
import { LedgerLocked, LedgersMissing } from '../../ledger/errors.ts';
import { firstScan, type LastScan } from '../../ledger/last-scan.ts';
import { type LedgerOptions, openLedger } from '../../ledger/ledger.ts';
import { type Lock, lockLedger } from '../../ledger/lock.ts';
import { makeLedger } from '../../ledger/replace.ts';
import type { LedgerFile } from '../../ledger/task.ts';
import { refuseBesideDaemon } from '../task/daemon-state.ts';
import { type Adopted, takeOver } from './take-over.ts';

export interface FromDivision {
  adopted: Adopted[];
  /** Shards that did not take over theirs yet, `i/n` each. */
  waiting: string[];
}

/**
 * Takes over what falls to a shard, or to the whole, from the ledgers of the same folder that are divided otherwise,
 * if it has not yet. The caller holds the lock of its own ledger. A crash leaves that as it was, or whole.
 * @param named ledgers that count beside those in db/
 * @throws LedgerLocked, DaemonRunning where one of the others is in use; LedgersMissing, LedgerDamaged, LedgerUnusable
 */
export async function adoptDivision(
  dbFolder: string,
  options: LedgerOptions,
  named: readonly LedgerFile[],
  signal: AbortSignal,
): Promise<FromDivision> {
  const { task } = options;
  const before = await divisionOf(dbFolder, task, named);
  // Each of its runs would be refused from then on.
  for (const { file } of before.others) await refuseBesideDaemon(file);
  const lost = new AbortController();
  const locks: Lock[] = [];
  try {
    for (const { file } of before.others) locks.push(await lockLedger(file, error => lost.abort(error)));
    const division = await divisionOf(dbFolder, task, named);
    // Somebody else divided the folder meanwhile.
    if (!isDeepStrictEqual(division, before)) throw new LedgerLocked(undefined);
    const { own, inForce, others } = division;
    if (others.length === 0 || (own && inForce.includes(own))) {
      return { adopted: [], waiting: await retireOthers(dbFolder, task) };
    }
    await refuseDamaged(division, dbFolder, task);
    const adopted = await divideAnew(division, options, named, AbortSignal.any([signal, lost.signal]));
    return { adopted, waiting: await retireOthers(dbFolder, task) };
  } finally {
    for (const lock of locks) await lock.release();
  }
}

async function divideAnew(
  { own, alike, others, generation }: Division,
  options: LedgerOptions,
  named: readonly LedgerFile[],
  signal: AbortSignal,
): Promise<Adopted[]> {
  const missing = missingIn([...others, ...alike, ...named], others[0]!);
  if (missing.length > 0) throw new LedgersMissing(options.file, missing);
  const sources = [...(own ? [own] : []), ...others];
  const ranked = sources.map(({ task, generation }) => ({ shard: shardIn(task.shard), generation }));
  const takes = takenBy(shardIn(options.task.shard), ranked);
  // What it sent itself counts where neither came after the other.
  const known = own && own.generation === generation - 1 ? new Set<string>() : undefined;
  const adopted: Adopted[] = [];
  await makeLedger({ ...options, generation }, async draft => {
    const scans: LastScan[] = [];
    for (const source of sources) {
      signal.throwIfAborted();
      const ledger = await openLedger({ ...source, readOnly: true });
      const records = takeOver(draft, ledger, { takes: path => takes(source, path), known });
      if (records > 0 && ledger.lastScan) scans.push(ledger.lastScan);
      await ledger.close();
      if (source !== own) adopted.push({ records, file: source.file });
    }
    if (scans.length > 0) draft.putLastScan(firstScan(disksOf(scans)));
    signal.throwIfAborted();
  });
  return adopted;
}
