import type { Failed, Held, HeldReason } from '../listener.ts';
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

/** Deletions that no later run makes by itself. */
const FOR_SOMEBODY: ReadonlySet<HeldReason> = new Set(['emptied', 'otherDisk', 'maxDelete']);

export function createUnresolved(): Unresolved {
  const failures = new Map<string, Failed[]>();
  let held: HeldIn[] = [];

  function looked({ folders }: { folders: readonly string[] }, reasons: ReadonlySet<HeldReason>): string[] {
    const now = new Set(folders);
    for (const folder of folders) failures.delete(folder);
    const others: HeldIn[] = [];
    const all = new Set(now);
    for (const { held: each, folders: before } of held) {
      const left = before?.filter(folder => !now.has(folder));
      if (!before || !left) others.push({ held: each, folders: undefined });
      else if (left.length < before.length && reasons.has(each.reason))
        for (const folder of before) all.add(folder);
      else if (left.length > 0) others.push({ held: each, folders: left });
    }
    held = others;
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
      const kept = left.held.filter(({ reason }) => FOR_SOMEBODY.has(reason));
      let folders: string[] | undefined;
      if (round.kind === 'part') folders = looked(round, new Set(kept.map(({ reason }) => reason)));
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
