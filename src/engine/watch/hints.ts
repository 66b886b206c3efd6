/** A folder that changes all the time is looked at after so many delays. */
const LONGEST = 10;
/** Folders that come to rest within this many ms are looked at together, if that is less than half a delay. */
const TOGETHER = 500;

/**
 * Folders in which something may have changed, until they are looked at: each when it has been at rest for a delay.
 * Times are in ms, of any clock that only goes forward.
 */
export interface Hints {
  /** Something happened in a folder. */
  note(folder: string, now: number): void;
  /** A folder is to be looked at again, at that time or at the next event. */
  noteFor(folder: string, at: number): void;
  /** What waits for a certain time is looked at before long. */
  hurry(now: number): void;
  /** What is gone from a folder was left for later: it is looked at with all others before long. */
  notePutOff(folder: string, now: number): void;
  /** When the next ones are to be looked at; undefined where there are none. */
  dueAt(): number | undefined;
  /** Takes what is due. */
  take(now: number): { folders: string[]; areAll: boolean };
  clear(): void;
  size(): number;
}

interface Waiting {
  first: number;
  last: number;
  /** Not before this time. */
  at: number;
  /** Something that is gone from it waits for others. */
  isPutOff: boolean;
}

/** @param delay ms */
export function createHints(delay: number): Hints {
  const waiting = new Map<string, Waiting>();
  const endOf = ({ first }: Waiting) => first + LONGEST * delay;
  const dueTime = (one: Waiting) => Math.max(one.at, Math.min(one.last + delay, endOf(one)));

  function put(folder: string, now: number, at = 0, isPutOff = false): void {
    const known = waiting.get(folder);
    if (!known) waiting.set(folder, { first: now, last: now, at, isPutOff });
    else Object.assign(known, { last: now, at, isPutOff: known.isPutOff || isPutOff });
  }

  return {
    note: (folder, now) => put(folder, now),
    noteFor(folder, at) {
      if (!waiting.has(folder)) put(folder, at - delay, at);
    },
    hurry(now) {
      for (const one of waiting.values())
        if (one.at > now) Object.assign(one, { first: now, last: now, at: 0 });
    },
    notePutOff: (folder, now) => put(folder, now, 0, true),
    dueAt() {
      if (waiting.size === 0) return undefined;
      let earliest = Number.POSITIVE_INFINITY;
      for (const one of waiting.values()) earliest = Math.min(earliest, dueTime(one));
      const end = earliest + Math.min(TOGETHER, delay / 2);
      let latest = earliest;
      for (const one of waiting.values()) {
        const due = dueTime(one);
        if (due <= end) latest = Math.max(latest, due);
      }
      return latest;
    },
    take(now) {
      const due = [...waiting].filter(([, one]) => dueTime(one) <= now);
      const isAll = due.some(([, one]) => one.isPutOff && endOf(one) <= now);
      const folders = isAll ? [...waiting.keys()] : due.map(([folder]) => folder);
      for (const folder of folders) waiting.delete(folder);
      return { folders, areAll: ![...waiting.values()].some(({ at }) => at === 0) };
    },
    clear: () => waiting.clear(),
    size: () => waiting.size,
  };
}
