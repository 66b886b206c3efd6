import { setImmediate as letOthersRun } from 'node:timers/promises';
import { Failure, localFailure } from '../../failure.ts';
import { type FileRecord, isFolderPath } from '../../ledger/records.ts';
import { isUnfinished, ownPlaceOf } from '../local/own-paths.ts';
import { othersThan } from '../local/shard.ts';
import type { Job, Restoring } from './job.ts';
import type { RestorableObject } from './objects.ts';
import { decide } from './plan.ts';
import { createCaseGuard, nameProblem } from './safe-path.ts';
import type { Selection } from './selection.ts';

export interface PlanSources {
  objects: AsyncIterable<RestorableObject>;
  /** What the ledger knows of a path; it costs least where paths ascend. */
  recordOf(path: string): FileRecord | undefined;
  selection: Selection;
  /** Whether a path is left out although it is selected. */
  isExcluded(path: string): boolean;
  /** The program's own places in the folder, as findOwn has them. */
  reserved: readonly string[];
}

/** After this many objects other work gets its turn. */
const TURN = 500;

/**
 * Compares what is listed with the ledger and what is there, and hands out what is to be done. What needs nothing
 * done, or cannot be, is told to the listener.
 * @throws Failure where COS lists nothing
 */
export async function* planJobs(run: Restoring, sources: PlanSources): AsyncGenerator<Job> {
  const { selection, recordOf, objects, isExcluded, reserved } = sources;
  const guard = createCaseGuard(run.place.ignoresCase);
  const isOthers = othersThan(run.config.shard);
  let listed = 0;
  for await (const object of objects) {
    const path = object.key.slice(run.prefix.length);
    // The folder object of cos_path itself is the folder that is restored to.
    if (path === '') continue;
    if (++listed % TURN === 0) {
      run.listener.scanned(listed);
      await letOthersRun();
    }
    if (run.signal.aborted) return;
    // The filter passes over such names without a word, for no sync sends them.
    if (!selection.takes(path) || (isExcluded(path) && !isUnfinished(path))) continue;
    try {
      const problem = nameProblem(path) ?? (guard.collides(path) ? 'CaseCollision' : undefined);
      if (isOthers(path)) continue;
      if (problem) throw new Failure('thisFile', { code: problem });
      const isOwn = isUnfinished(path) || ownPlaceOf(reserved, path, run.place.ignoresCase) !== undefined;
      if (isOwn) throw new Failure('thisFile', { code: 'OwnPlace' });
      const job = jobOf(run, path, object, recordOf(path));
      if (job) yield job;
    } catch (error) {
      run.listener.failed({
        operation: operationOf(path),
        path,
        key: object.key,
        failure: localFailure(error),
      });
    }
  }
}

export function operationOf(path: string): 'createFolder' | 'downloadFile' {
  return isFolderPath(path) ? 'createFolder' : 'downloadFile';
}

/** @returns undefined where there is nothing to do @throws Failure where it cannot have its place */
function jobOf(
  run: Restoring,
  path: string,
  object: RestorableObject,
  known: FileRecord | undefined,
): Job | undefined {
  const look = run.place.look(path);
  const record = known?.etag === object.etag && known.size === object.size ? known : undefined;
  const decision = decide(path, object, look, record, run.rules);
  if (decision.what === 'fail') throw new Failure('local', { code: decision.code });
  if (decision.what !== 'keep') return { path, object, look, record, decision };
  keep(run, path, record);
  return undefined;
}

/** What is there and equal. */
export function keep(run: Restoring, path: string, record: FileRecord | undefined): void {
  if (isFolderPath(path)) {
    run.record?.({ path });
    return;
  }
  if (run.record && !record) run.unrecorded++;
  run.listener.unchanged(1);
}
