import { failureOfKey } from '../../cos/errors.ts';
import type { Deletion } from '../../cos/store.ts';
import { type Failure, localFailure } from '../../failure.ts';
import { lookAtLocalPath } from '../local/local-path.ts';
import { stillGone } from '../local/still-gone.ts';
import { mayRepeat } from '../requests/requests.ts';
import { forEach } from '../transfer/for-each.ts';
import { markUnknown } from '../transfer/notes.ts';
import type { Run } from '../transfer/run.ts';

/** Most keys in one deletion. Source: COS "Specifications and limits". */
const DELETION_BATCH = 1_000;

type DeleteOperation = 'deleteFile' | 'deleteFolder';

/**
 * Deletes the objects of gone files, and after them those of gone folders, children first.
 * What came back since the scan is left alone.
 * @returns how many were dealt with; the others were left when the run was stopped
 */
export async function deleteGone(
  run: Run,
  files: readonly string[],
  folders: readonly string[],
): Promise<number> {
  let asked = await deleteAll(run, 'deleteFile', files);
  const byDepth = Map.groupBy(folders, path => path.split('/').length);
  for (const depth of [...byDepth.keys()].sort((a, b) => b - a)) {
    asked += await deleteAll(run, 'deleteFolder', byDepth.get(depth) ?? []);
  }
  return asked;
}

async function deleteAll(run: Run, operation: DeleteOperation, paths: readonly string[]): Promise<number> {
  let asked = 0;
  const batches: string[][] = [];
  for (let start = 0; start < paths.length; start += DELETION_BATCH) {
    batches.push(paths.slice(start, start + DELETION_BATCH));
  }
  await forEach(run, batches, async batch => {
    const path = batch[0] ?? '';
    if (!(await answers(run))) return;
    const gone = stillGone(run.config, batch);
    run.listener.started({ operation, path, bytes: 0 });
    if (await deleteBatch(run, operation, gone)) asked += batch.length;
    run.listener.ended(operation, path);
  });
  return asked;
}

/** @returns false where the run was stopped meanwhile @throws LocalPathUnusable */
async function answers({ config, signal }: Run): Promise<boolean> {
  try {
    await lookAtLocalPath(config, signal);
    return true;
  } catch (error) {
    if (signal.aborted) return false;
    throw error;
  }
}

/** @returns whether COS was asked at all */
async function deleteBatch(run: Run, operation: DeleteOperation, paths: readonly string[]): Promise<boolean> {
  if (paths.length === 0) return true;
  await markUnknown(run, paths);
  const { deletion, failures } = run.dryRun ? NOTHING_ASKED : await askToDelete(run, paths);
  const stopped = [...failures.values()].find(({ kind }) => kind === 'stopped');
  if (stopped && failures.size === paths.length) return false;
  if (failures.size < paths.length) run.breaker.succeeded();
  // One request failed, however many keys it had.
  const distinct = new Map([...failures.values()].map(failure => [failure.code, failure]));
  for (const failure of distinct.values()) run.breaker.failed(failure);
  for (const path of paths) {
    const key = run.prefix + path;
    const failure = failures.get(key);
    if (failure) {
      run.listener.failed({ operation, path, key, failure });
      continue;
    }
    if (!run.dryRun) run.ledger.remove(path);
    const { status, requestId } = deletion;
    const done = { operation, path, key, bytes: 0 };
    run.listener.done(run.dryRun ? { ...done, reason: 'gone' } : { ...done, status, requestId });
  }
  return true;
}

interface Asked {
  deletion: Deletion;
  /** By key: why COS did not delete it. */
  failures: Map<string, Failure>;
}

const NOTHING_ASKED: Asked = {
  deletion: { requestId: '', status: 0, failed: new Map() },
  failures: new Map(),
};

/** Asks again for the keys whose own error may pass, as often as for a request that failed as a whole. */
async function askToDelete(run: Run, paths: readonly string[]): Promise<Asked> {
  const failures = new Map<string, Failure>();
  let left = paths.map(path => run.prefix + path);
  let deletion = NOTHING_ASKED.deletion;
  try {
    const store = await run.store();
    await run.requests.send(async () => {
      deletion = await store.deleteMany(left);
      const again: string[] = [];
      let passing: Failure | undefined;
      for (const key of left) {
        const failure = refusalOf(deletion, key);
        if (!failure) continue;
        if (!mayRepeat(failure)) failures.set(key, failure);
        else {
          passing = failure;
          again.push(key);
        }
      }
      left = again;
      if (passing) throw passing;
    });
  } catch (error) {
    for (const key of left) failures.set(key, localFailure(error));
  }
  return { deletion, failures };
}

/** A key's own refusal within a deletion. A key that is not there is as good as deleted. */
function refusalOf(answer: Deletion, key: string): Failure | undefined {
  const error = answer.failed.get(key);
  if (!error || error.code === 'NoSuchKey') return undefined;
  return failureOfKey(error.code, error.message, answer.requestId);
}
