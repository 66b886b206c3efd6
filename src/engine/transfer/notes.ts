import { type BegunRecord, isFolderPath, unknownContent } from '../../ledger/records.ts';
import type { Run } from './run.ts';

/**
 * A new object is noted in the ledger before it is sent. Should the run be killed between COS's
 * confirmation and the record, and the file be deleted before the next run, nobody else would remember
 * that the object is ours, and it would stay in COS for good.
 */

/** So many paths are noted with one write, which is under way while those before them are sent. */
const AHEAD = 1_000;

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
      run.ledger.putBegun({ path, begun: [{ at, until: undefined, size }] });
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
 * Records, before an object is overwritten or deleted, that what COS holds of it is no longer known.
 * Should the answer get lost and the file or folder come back as it was, its old record must not hide
 * that; nor if it is a power cut that brings it back.
 */
export async function markUnknown(run: Run, paths: readonly string[]): Promise<void> {
  if (run.dryRun || paths.length === 0) return;
  for (const path of paths) {
    if (isFolderPath(path)) run.ledger.putBegun({ path, begun: [{ at: 0, until: undefined, size: 0 }] });
    else run.ledger.put(unknownContent(path));
  }
  await run.ledger.flushToDisk();
}
