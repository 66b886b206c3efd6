import { statSync } from 'node:fs';
import { keyOf } from '../../cos/keys.ts';
import { Failure, localFailure } from '../../failure.ts';
import { type FileRecord, isFile, isUnknown, type LedgerRecord } from '../../ledger/records.ts';
import { EXACT, type FileState, isSameState, stateOf } from '../local/read-file.ts';
import { copyMoved } from '../transfer/copy-moved.ts';
import { forEach } from '../transfer/for-each.ts';
import { localPathOf, type Run } from '../transfer/run.ts';
import { createFolderObject } from '../transfer/upload.ts';

/** What became of the objects that the ledger knows. */
export interface Applied {
  applied: number;
  failed: { path: string; key: string; failure: Failure }[];
}

/**
 * Gives every recorded object the attributes that the configuration has now (class, ACL, encryption, headers, meta,
 * mtime), by copying it onto itself inside COS; only one that still is the recorded one.
 * @throws LedgerUnusable
 */
export async function applyAttributes(run: Run): Promise<Applied> {
  const result: Applied = { applied: 0, failed: [] };
  const records = [...run.ledger.records()].filter(record => !isUnknown(record));
  await forEach(run, records, async record => {
    const { path } = record;
    try {
      await apply(run, record);
      result.applied++;
    } catch (error) {
      const failure = localFailure(error);
      if (failure.kind === 'defect') throw error;
      result.failed.push({ path, key: run.prefix + path, failure });
    }
  });
  return result;
}

async function apply(run: Run, record: LedgerRecord): Promise<void> {
  const key = keyOf(run.prefix, record.path);
  if (!isFile(record)) return void (await createFolderObject(run, key));
  const state = stateNow(run, record);
  const copied = await copyMoved(run, { path: record.path, source: record, state, readAt: 0 }, key, key);
  if (copied instanceof Failure) throw copied;
  run.ledger.put({ ...record, etag: copied.confirmation.etag });
}

/** The file's state where it still is the recorded one, with all digits of its mtime; else what is recorded of it. */
function stateNow(run: Run, { path, size, mtime, ctime }: FileRecord): FileState {
  const mtimeNs = Number.isNaN(mtime) ? 0n : BigInt(Math.round(mtime * 1_000)) * 1_000n;
  const recorded = { size, mtime, ctime, device: Number.NaN, mtimeNs };
  try {
    const state = stateOf(statSync(localPathOf(run, path), EXACT));
    return isSameState(state, recorded) ? state : recorded;
  } catch {
    return recorded;
  }
}
