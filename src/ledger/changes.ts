import { placeIn } from './documents.ts';

type Entry = [path: string, line: string];

/** So many are put in their places one by one; more are merged in one go. */
const FEW = 32;
/** With more than these a ledger is better read anew. */
const MOST_KEPT = 20_000;

/** The last entry of each path in a ledger's log, while the ledger stays open. */
export interface Changes {
  set(path: string, line: string): void;
  /** Ascending by path; not to be read on after the next `set`. */
  sorted(): readonly Entry[];
  /** Whether more was changed than is kept here. */
  areTooMany(): boolean;
}

/** @param entries ascending by path */
export function keepChanges(entries: readonly Entry[]): Changes {
  let sorted = [...entries];
  const recent = new Map<string, string>();
  let areTooMany = false;

  function merge(): void {
    const all: Entry[] = [];
    const added = [...recent].sort(([a], [b]) => (a < b ? -1 : 1));
    let next = 0;
    for (const entry of added) {
      while (next < sorted.length && sorted[next]![0] < entry[0]) all.push(sorted[next++]!);
      if (sorted[next]?.[0] === entry[0]) next++;
      all.push(entry);
    }
    while (next < sorted.length) all.push(sorted[next++]!);
    sorted = all;
  }

  return {
    set(path, line) {
      if (areTooMany) return;
      recent.set(path, line);
      areTooMany = recent.size > MOST_KEPT;
      if (areTooMany) recent.clear();
    },
    sorted() {
      if (recent.size > FEW) merge();
      else for (const entry of recent) put(sorted, entry);
      recent.clear();
      return sorted;
    },
    areTooMany: () => areTooMany,
  };
}

function put(sorted: Entry[], entry: Entry): void {
  const place = placeIn(sorted, entry[0]);
  sorted.splice(place, sorted[place]?.[0] === entry[0] ? 1 : 0, entry);
}
