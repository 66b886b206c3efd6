import { existsSync, realpathSync } from 'node:fs';
import { basename, join, resolve } from 'node:path';
import { EXIT } from '../../cli/exit-codes.ts';
import type { Invocation } from '../../cli/invocation.ts';
import { usageFault } from '../../config/faults.ts';
import type { Config } from '../../config/schema.ts';
import { othersThan } from '../../engine/local/shard.ts';
import { divisionOf, otherLedgers } from '../../ledger/division.ts';
import { withDisksOf } from '../../ledger/last-scan.ts';
import { type LedgerOptions, openLedger } from '../../ledger/ledger.ts';
import { lockLedger } from '../../ledger/lock.ts';
import { type LedgerFile, ledgerAt, type Task, targetOf } from '../../ledger/task.ts';
import { holdingLock, openSession } from '../task/session.ts';
import { adoptDivision } from './adopt-division.ts';
import { filesThere } from './files-there.ts';
import { type Adopted, takeOver } from './take-over.ts';

/**
 * `cos_sync ledger adopt`: takes over the records of other ledgers of the same bucket and cos_path: of the same
 * folder, divided into other shards, or of one that moved. The next run compares the files with them.
 * @param from files; undefined for all such ledgers in db/
 * @throws ConfigError, LedgerLocked, LedgersMissing, LedgerDamaged, LedgerUnusable
 */
export async function adoptLedgers(
  invocation: Invocation,
  from: readonly string[] | undefined,
): Promise<number> {
  const { terminal, words, style, home } = invocation;
  const { task, config } = await openSession(invocation, { ofShards: true });
  const named = from && ledgersNamed(from, home.dbFolder, task);
  const { adopted, waiting } = await holdingLock(invocation, task, async (options, signal) => {
    const { others } = await divisionOf(home.dbFolder, task, named);
    const { adopted, waiting } = await adoptDivision(home.dbFolder, options, named ?? [], signal);
    const moved = (named ?? (await otherLedgers(home.dbFolder, task))).filter(
      ({ file }) => file !== options.file && !others.some(other => other.file === file),
    );
    return { adopted: [...adopted, ...(await adoptMoved(invocation, options, moved, config))], waiting };
  });
  if (style.json) {
    terminal.out(`${JSON.stringify({ adopted, ...(waiting.length > 0 && { waiting }) })}\n`);
    return EXIT.ok;
  }
  if (adopted.length === 0) terminal.out(`${words.ledger.nothingToAdopt(targetOf(task))}\n`);
  for (const { records, file } of adopted) terminal.out(`${words.ledger.adopted(records, file)}\n`);
  if (waiting.length > 0) terminal.out(`${words.shard.stillToAdopt(waiting)}\n`);
  return EXIT.ok;
}

/** Each once, and by the name that it has in db/ where it is there. */
function ledgersNamed(names: readonly string[], dbFolder: string, task: Task): LedgerFile[] {
  const inDb = (file: string) => join(dbFolder, basename(file));
  const isInDb = (file: string) => existsSync(inDb(file)) && realpathSync(inDb(file)) === realpathSync(file);
  const named = names.map(name => ledgerNamed(name, task));
  const found = named.map(ledger => (isInDb(ledger.file) ? { ...ledger, file: inDb(ledger.file) } : ledger));
  return [...new Map(found.map(ledger => [ledger.file, ledger])).values()];
}

function ledgerNamed(name: string, { bucket, prefix }: Task): LedgerFile {
  const found = ledgerAt(resolve(name));
  if (found?.task.bucket === bucket && found.task.prefix === prefix) return found;
  const target = targetOf({ bucket, prefix });
  throw usageFault('--from', 'noLedgerOfTarget', { value: name, target });
}

/** Adds what ledgers of a folder that moved say of what is the shard's own; they stay as they are. */
async function adoptMoved(
  { terminal, words }: Invocation,
  options: LedgerOptions,
  sources: readonly LedgerFile[],
  config: Config,
): Promise<Adopted[]> {
  if (sources.length === 0) return [];
  const ledger = await openLedger(options);
  try {
    const adopted: Adopted[] = [];
    const isOthers = othersThan(config.shard);
    const known = new Set(Array.from(ledger.records(), ({ path }) => path));
    for (const { file, task } of sources) {
      const lock = await lockLedger(file, () => {});
      try {
        const other = await openLedger({ file, task, readOnly: true });
        const records = takeOver(ledger, other, { takes: path => !isOthers(path), known });
        if (other.lastScan) ledger.putLastScan(withDisksOf(ledger.lastScan, other.lastScan));
        await other.close();
        await ledger.flush();
        adopted.push({ records, file });
      } finally {
        await lock.release();
      }
    }
    const found = await filesThere(known, config);
    // Another folder's records would have the next sync delete that folder's objects.
    if (found && found.there < found.lookedAt / 2) {
      terminal.warn(`${words.ledger.adoptedElsewhere(found.there, found.lookedAt, config.localPath)}\n`);
    }
    return adopted;
  } finally {
    await ledger.close();
  }
}
