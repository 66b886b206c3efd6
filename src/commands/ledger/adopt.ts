import { stat } from 'node:fs/promises';
import { resolve } from 'node:path';
import { EXIT } from '../../cli/exit-codes.ts';
import type { Invocation } from '../../cli/invocation.ts';
import { usageFault } from '../../config/faults.ts';
import { withDisksOf } from '../../ledger/last-scan.ts';
import { type Ledger, openLedger } from '../../ledger/ledger.ts';
import { lockLedger } from '../../ledger/lock.ts';
import { isFile, unknownContent } from '../../ledger/records.ts';
import { otherLedgers, type Task, targetOf, taskIn } from '../../ledger/task.ts';
import { openSession, withLock } from '../task/session.ts';

/**
 * `cos_sync ledger adopt`: takes over the records of other ledgers of the same bucket and cos_path, for a
 * folder that moved. The next run compares the files with them; the other ledgers stay as they are.
 * @param from files; undefined for all such ledgers in db/
 * @throws ConfigError, LedgerLocked, LedgerDamaged, LedgerUnusable
 */
export async function adoptLedgers(
  invocation: Invocation,
  from: readonly string[] | undefined,
): Promise<number> {
  const { terminal, words, style, home } = invocation;
  const session = await openSession(invocation);
  const { task } = session;
  const sources = from?.map(name => sourceOf(name, task)) ?? (await otherLedgers(home.dbFolder, task));
  const counts = await withLock(invocation, session, async options => {
    const ledger = await openLedger(options);
    try {
      const adopted: { records: number; file: string }[] = [];
      const known = new Set(Array.from(ledger.records(), ({ path }) => path));
      for (const source of sources) {
        adopted.push({ records: await takeOver(ledger, known, source), file: source.file });
      }
      return adopted;
    } finally {
      await ledger.close();
    }
  });
  if (style.json) terminal.out(`${JSON.stringify({ adopted: counts })}\n`);
  else if (counts.length === 0) terminal.out(`${words.ledger.nothingToAdopt(targetOf(task))}\n`);
  for (const { records, file } of style.json ? [] : counts) {
    terminal.out(`${words.ledger.adopted(records, file)}\n`);
  }
  return EXIT.ok;
}

interface Source {
  file: string;
  task: Task;
}

function sourceOf(name: string, { bucket, prefix, shard }: Task): Source {
  const file = resolve(name);
  const task = taskIn(file);
  if (task?.bucket === bucket && task.prefix === prefix && task.shard === shard) return { file, task };
  const target = targetOf({ bucket, prefix });
  throw usageFault('--from', 'noLedgerOfTarget', { value: name, target });
}

/** @returns how many records were new */
async function takeOver(ledger: Ledger, known: Set<string>, { file, task }: Source): Promise<number> {
  const lock = await lockLedger(file, () => {});
  try {
    const { mtimeMs: lastWrite } = await stat(file);
    const other = await openLedger({ file, task, readOnly: true });
    let records = 0;
    for (const record of other.records()) {
      if (known.has(record.path)) continue;
      // A run of this ledger may have brought another content to COS.
      ledger.put(isFile(record) && ledger.begun.has(record.path) ? unknownContent(record.path) : record);
      known.add(record.path);
      records++;
    }
    for (const upload of other.uploads.values()) {
      if (!ledger.uploads.has(upload.path)) ledger.putUpload(upload);
    }
    for (const { path, begun } of other.begun.values()) {
      if (known.has(path) || ledger.begun.has(path)) continue;
      // Nothing was begun after the ledger's last write: what came to COS later is not ours.
      ledger.putBegun({ path, begun: begun.map(each => ({ ...each, until: each.until ?? lastWrite })) });
    }
    if (other.lastScan) ledger.putLastScan(withDisksOf(ledger.lastScan, other.lastScan));
    await other.close();
    await ledger.flush();
    return records;
  } finally {
    await lock.release();
  }
}
