import { keyOf } from '../../cos/keys.ts';
import { isRefusal, localFailure } from '../../failure.ts';
import { type Begun, type BegunRecord, isFolderPath } from '../../ledger/records.ts';
import { forEach } from '../transfer/for-each.ts';
import { type Found, objectAt } from '../transfer/object-at.ts';
import type { Run } from '../transfer/run.ts';
import { deleteGone } from './delete-gone.ts';

/** COS's clock and this machine's differ by less, in ms, or COS refuses the signature. */
const CLOCK_DIFFERENCE = 15 * 60_000;

/**
 * Deletes objects that an earlier run began, if it was that run that made them: an object of the size
 * that it noted, that is not older, and not younger than that run. Any other is left alone.
 */
export async function deleteBegun(run: Run, paths: readonly string[]): Promise<void> {
  if (run.dryRun || paths.length === 0) return;
  const files: string[] = [];
  const folders: string[] = [];
  await forEach(run, paths, async path => {
    const begun = run.ledger.begun.get(path);
    const isMade = begun && (await isMadeByUs(run, begun));
    if (isMade) (isFolderPath(path) ? folders : files).push(path);
    else if (isMade === false) run.ledger.remove(path);
  });
  await deleteGone(run, files, folders);
}

/** @returns undefined where it could not be found out */
async function isMadeByUs(run: Run, { path, begun }: BegunRecord): Promise<boolean | undefined> {
  const key = run.prefix + path;
  if (!isKey(key)) return false;
  try {
    const store = await run.store();
    const found = await run.requests.send(() => objectAt(store, key));
    return found !== undefined && begun.some(each => isOfRun(each, found));
  } catch (error) {
    const failure = localFailure(error);
    if (failure.kind === 'stopped') return undefined;
    // It stays noted: what lets nobody look must not fail every run.
    if (isRefusal(failure)) return undefined;
    run.breaker.failed(failure);
    run.listener.failed({
      operation: isFolderPath(path) ? 'deleteFolder' : 'deleteFile',
      path,
      key,
      failure,
    });
    return undefined;
  }
}

/** COS has no object where it takes no such key. */
function isKey(key: string): boolean {
  try {
    return keyOf('', key) === key;
  } catch {
    return false;
  }
}

function isOfRun({ at, until = 0, size }: Begun, object: Found): boolean {
  const isAfter = object.lastModified >= at - CLOCK_DIFFERENCE;
  return object.size === size && isAfter && object.lastModified <= until + CLOCK_DIFFERENCE;
}
