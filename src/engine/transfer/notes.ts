import { localFailure } from '../../failure.ts';
import type { BegunRecord } from '../../ledger/codec.ts';
import { isFolderPath } from '../../ledger/codec.ts';
import { deleteGone } from '../delete/delete-gone.ts';
import type { Breaker } from '../requests/breaker.ts';
import { forEach } from './for-each.ts';
import type { Run } from './run.ts';

/**
 * A new object is noted in the ledger before it is sent. Should the run be killed between COS's
 * confirmation and the record, and the file be deleted before the next run, nobody else would remember
 * that the object is ours, and it would stay in COS for good.
 */

/** So many paths are noted with one write, which is under way while those before them are sent. */
const AHEAD = 1_000;
/** COS's clock and this machine's differ by less, in ms, or COS refuses the signature. */
const CLOCK_DIFFERENCE = 15 * 60_000;

interface NewObject {
  path: string;
  /** bytes */
  size: number;
}

/** The notes of objects that are sent in this run. */
export interface Notes {
  /** To be awaited before each of the objects is sent, in their order. */
  ahead(): Promise<void>;
  /** Leaves an object's note as it is: it is recorded now, or may be in COS. */
  keep(path: string): void;
  /** Takes back the others: what COS did not get, or refused, is not ours if it is there one day. */
  takeBack(): void;
}

/** Notes objects just ahead of their sending. */
export function noteAhead(run: Run, objects: readonly NewObject[]): Notes {
  const notes = new Map<string, BegunRecord | undefined>();
  const written: Promise<void>[] = [];
  let next = 0;

  function note(batch: number): Promise<void> {
    const at = Date.now();
    for (const { path, size } of objects.slice(batch * AHEAD, (batch + 1) * AHEAD)) {
      notes.set(path, run.ledger.begun.get(path));
      run.ledger.putBegun({ path, at, sizes: [size] });
    }
    return run.ledger.flush();
  }

  return {
    async ahead() {
      if (run.dryRun) return;
      const batch = Math.floor(next / AHEAD);
      const isHalfThrough = next % AHEAD >= AHEAD / 2;
      next++;
      written[batch] ??= note(batch);
      if (isHalfThrough) written[batch + 1] ??= note(batch + 1);
      await written[batch];
    },
    keep: path => notes.delete(path),
    takeBack() {
      for (const [path, earlier] of notes) {
        run.ledger.remove(path);
        // What an earlier run may have brought there is as unknown as before.
        if (earlier) run.ledger.putBegun(earlier);
      }
    },
  };
}

/**
 * Deletes objects that an earlier run began, if it was that run that made them: an object of a size
 * that it had, that is not older, and not younger than that run. Any other is left alone.
 * @param lastWrite when the ledger was last written before this run, in ms since 1970
 */
export async function deleteBegun(
  run: Run,
  breaker: Breaker,
  paths: readonly string[],
  lastWrite: number,
): Promise<void> {
  if (run.dryRun || paths.length === 0) return;
  const files: string[] = [];
  const folders: string[] = [];
  await forEach(run, paths, async path => {
    const begun = run.ledger.begun.get(path);
    const isMade = begun && (await isMadeByUs(run, breaker, begun, lastWrite));
    if (isMade) (isFolderPath(path) ? folders : files).push(path);
    else if (isMade === false) run.ledger.remove(path);
  });
  await deleteGone(run, breaker, files, folders);
}

/** @returns undefined where it could not be found out */
async function isMadeByUs(
  run: Run,
  breaker: Breaker,
  begun: BegunRecord,
  lastWrite: number,
): Promise<boolean | undefined> {
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
    breaker.failed(failure);
    run.listener.failed({
      operation: isFolderPath(path) ? 'deleteFolder' : 'deleteFile',
      path,
      key,
      failure,
    });
    return undefined;
  }
}
