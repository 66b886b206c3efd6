import { type Failed, HELD_FOR_SAFETY, type Held, type HeldReason } from '../listener.ts';
import { folderOf } from '../local/part.ts';
import type { Round } from './rounds.ts';

/** What runs could not do, and what they held back until somebody says that it is right. */
export interface Leftover {
  failures: readonly Failed[];
  held: readonly Held[];
}

/** Keeps what runs leave undone until its folder is looked at again: a run elsewhere proves nothing about it. */
export interface Unresolved {
  /** What earlier runs left in folders that a round does not look at. */
  besides(round: Round): Leftover;
  /** A round came to its end, and left this. */
  ended(round: Round, left: Leftover): void;
}

interface HeldIn {
  held: Held;
  /** Folders that were looked at; undefined for all. */
  folders: readonly string[] | undefined;
}

export function createUnresolved(): Unresolved {
  const failures = new Map<string, Failed[]>();
  let held: HeldIn[] = [];

  /**
   * Takes out what is about these folders; of what is held back again, the other folders are its own from now on.
   * @returns the folders of what is held back now
   */
  function lookedAt(folders: readonly string[], reasons: ReadonlySet<HeldReason>): string[] {
    const now = new Set(folders);
    const all = new Set(folders);
    for (const folder of folders) failures.delete(folder);
    held = held.flatMap(one => {
      if (!one.folders) return [one];
      const left = one.folders.filter(folder => !now.has(folder));
      const isHeldAgain = left.length < one.folders.length && reasons.has(one.held.reason);
      if (isHeldAgain) for (const folder of left) all.add(folder);
      return isHeldAgain || left.length === 0 ? [] : [{ ...one, folders: left }];
    });
    return [...all];
  }

  return {
    besides(round) {
      if (round.kind === 'full') return { failures: [], held: [] };
      const now = new Set(round.folders);
      return {
        failures: [...failures].flatMap(([folder, all]) => (now.has(folder) ? [] : all)),
        held: held.flatMap(({ held: each, folders }) =>
          folders?.every(folder => now.has(folder)) ? [] : [each],
        ),
      };
    },
    ended(round, left) {
      const kept = left.held.filter(({ reason }) => HELD_FOR_SAFETY.has(reason));
      let folders: string[] | undefined;
      if (round.kind === 'part') folders = lookedAt(round.folders, new Set(kept.map(({ reason }) => reason)));
      else {
        failures.clear();
        held = [];
      }
      for (const one of left.failures) {
        const folder = folderOf(one.path);
        const known = failures.get(folder);
        if (known) known.push(one);
        else failures.set(folder, [one]);
      }
      for (const each of kept) held.push({ held: each, folders });
    },
  };
}
