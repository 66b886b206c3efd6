import { pathOf } from './codec.ts';
import { placeIn } from './documents.ts';

/** So many are put in their places one by one; more are merged in one go. */
const FEW = 32;
/** With more than these a ledger is better read anew. */
const MOST_KEPT = 20_000;

/** The last line of each path in a ledger's log, while the ledger stays open. */
export interface Changes {
  set(path: string, line: string): void;
  /** Ascending by path; not to be read on after the next `set`. */
  sorted(): readonly string[];
  /** Whether more was changed than is kept here. */
  areTooMany(): boolean;
}

/** @param lines ascending by path; they become its own */
export function keepChanges(lines: string[]): Changes {
  let sorted = lines;
  const recent = new Map<string, string>();
  let areTooMany = false;

  function merge(): void {
    const all: string[] = [];
    const added = [...recent].sort(([a], [b]) => (a < b ? -1 : 1));
    let next = 0;
    for (const [path, line] of added) {
      while (next < sorted.length && pathOf(sorted[next]!) < path) all.push(sorted[next++]!);
      if (next < sorted.length && pathOf(sorted[next]!) === path) next++;
      all.push(line);
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
      else for (const [path, line] of recent) put(sorted, path, line);
      recent.clear();
      return sorted;
    },
    areTooMany: () => areTooMany,
  };
}

function put(sorted: string[], path: string, line: string): void {
  const place = placeIn(sorted, path);
  const found = sorted[place];
  sorted.splice(place, found !== undefined && pathOf(found) === path ? 1 : 0, line);
}
