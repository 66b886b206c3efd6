import { localFailure } from '../../failure.ts';
import { type BegunRecord, isFolderPath } from '../../ledger/records.ts';
import { forEach } from '../transfer/for-each.ts';
import type { Run } from '../transfer/run.ts';
import { deleteGone } from './delete-gone.ts';

/** COS's clock and this machine's differ by less, in ms, or COS refuses the signature. */
const CLOCK_DIFFERENCE = 15 * 60_000;

/**
 * Deletes objects that an earlier run began, if it was that run that made them: an object of a size
 * that it had, that is not older, and not younger than that run. Any other is left alone.
 * @param lastWrite when the ledger was last written before this run, in ms since 1970
 */
export async function deleteBegun(run: Run, paths: readonly string[], lastWrite: number): Promise<void> {
  if (run.dryRun || paths.length === 0) return;
  const files: string[] = [];
  const folders: string[] = [];
  await forEach(run, paths, async path => {
    const begun = run.ledger.begun.get(path);
    const isMade = begun && (await isMadeByUs(run, begun, lastWrite));
    if (isMade) (isFolderPath(path) ? folders : files).push(path);
    else if (isMade === false) run.ledger.remove(path);
  });
  await deleteGone(run, files, folders);
}

/** @returns undefined where it could not be found out */
async function isMadeByUs(run: Run, begun: BegunRecord, lastWrite: number): Promise<boolean | undefined> {
  const { path, at, sizes } = begun;
  const key = run.prefix + path;
  try {
    const store = await run.store();
    const head = await run.requests.send(() => store.head(key));
    if (!head || !sizes.includes(head.size)) return false;
    const { lastModified } = head;
    return lastModified >= at - CLOCK_DIFFERENCE && lastModified <= lastWrite + CLOCK_DIFFERENCE;
  } catch (error) {
    const failure = localFailure(error);
    if (failure.kind === 'stopped') return undefined;
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
