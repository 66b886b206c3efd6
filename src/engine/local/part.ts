import type { LedgerRecord } from '../../ledger/records.ts';

/** What is done with a folder in a scan of a part: read it, only pass through it to others, or leave it as it is. */
export type Look = 'read' | 'pass' | 'keep';

/**
 * The part of local_path that a run for changes looks at: some folders that are known, and all that is below them
 * and not known. What is below another known folder is no part of it. A folder's path is empty or ends with `/`.
 */
export interface Part {
  look(folder: string): Look;
  /** Folders in one that is only passed through, by name, ascending. */
  namesIn(folder: string): readonly string[];
  isKnown(folder: string): boolean;
  /** Whether a record of this path belongs to it. */
  includes(path: string): boolean;
  /** The first path of it can be this one at the earliest. */
  first(): string | undefined;
  /** The first path of it after one that is not of it can be this one at the earliest; undefined at its end. */
  after(path: string): string | undefined;
}

/** The records of a part, ascending by path. @param records all, from a path on */
export function* recordsOf(
  part: Part,
  records: (from: string) => Iterable<LedgerRecord>,
): Generator<LedgerRecord> {
  let from = part.first();
  while (from !== undefined) {
    let next: string | undefined;
    for (const record of records(from)) {
      if (part.includes(record.path)) yield record;
      else {
        next = part.after(record.path);
        break;
      }
    }
    from = next;
  }
}

/**
 * @param folders known folders
 * @param isKnown must not change while the part is in use: with a folder, those above it are known
 */
export function partOf(folders: Iterable<string>, isKnown: (folder: string) => boolean): Part {
  const read = new Set(folders);
  const ascending = [...read].sort(ascendingly);
  const passed = passedTo(read);

  /** The known folder whose scan looks at this path. */
  function scannedWith(path: string): string {
    let folder = folderOf(path);
    while (!isKnown(folder)) folder = folderOf(folder);
    return folder;
  }

  /** Where a folder ends that is in one that is read and not read itself, and that this one is or lies in. */
  function endOfKept(folder: string): string | undefined {
    for (let inner = folder; inner !== ''; inner = folderOf(inner)) {
      if (read.has(folderOf(inner))) return inner.slice(0, -1) + AFTER_SLASH;
    }
    return undefined;
  }

  return {
    look(folder) {
      if (read.has(folder) || !isKnown(folder)) return 'read';
      return passed.has(folder) ? 'pass' : 'keep';
    },
    namesIn: folder => passed.get(folder) ?? [],
    isKnown,
    includes: path => read.has(scannedWith(path)),
    first: () => ascending[0],
    after(path) {
      if (read.has(path)) return path + LEAST;
      const next = ascending[firstAfter(ascending, path)];
      const end = endOfKept(scannedWith(path));
      if (next === undefined || end === undefined) return next ?? end;
      return end < next ? end : next;
    },
  };
}

/** Folders that lead to those that are read and are not read themselves, with the names in them that do. */
function passedTo(read: ReadonlySet<string>): Map<string, string[]> {
  const passed = new Map<string, Set<string>>();
  for (const folder of read) {
    for (let inner = folder; inner !== ''; inner = folderOf(inner)) {
      const above = folderOf(inner);
      if (read.has(above)) break;
      const names = passed.get(above);
      if (names) names.add(inner.slice(above.length));
      else passed.set(above, new Set([inner.slice(above.length)]));
      if (names) break;
    }
  }
  return new Map(Array.from(passed, ([folder, names]) => [folder, [...names].sort(ascendingly)]));
}

const ascendingly = (a: string, b: string) => (a < b ? -1 : 1);

function firstAfter(ascending: readonly string[], path: string): number {
  let [low, high] = [0, ascending.length];
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (ascending[middle]! > path) high = middle;
    else low = middle + 1;
  }
  return low;
}

/** No name holds it, so that it comes before all of them. */
const LEAST = '\0';
/** What comes after `/`: no path that begins with the folder does. */
const AFTER_SLASH = String.fromCharCode('/'.charCodeAt(0) + 1);

/** The folder that a file or folder is in; empty for local_path itself. */
export function folderOf(path: string): string {
  return path.slice(0, path.lastIndexOf('/', path.length - 2) + 1);
}
