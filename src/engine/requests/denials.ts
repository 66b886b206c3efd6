/** So many of a folder's own objects denied in a row: the others will be, too. */
const DENIED_IN_FOLDER = 10;
/** So many denied in a row anywhere below a folder. */
const DENIED_BELOW = 100;

/**
 * Where COS denies what is asked. A policy may allow one folder and not another: what is denied in one says nothing
 * about the next, and a thousand denials of one folder say no more than the first ten.
 */
export interface Denials {
  denied(path: string): void;
  allowed(path: string): void;
  /** Whether enough was denied around a path to spare COS the request. */
  isHopeless(path: string): boolean;
  /** Whether enough was denied in all. */
  isHopelessAnywhere(): boolean;
}

export function createDenials(): Denials {
  const inFolder = new Map<string, number>();
  const below = new Map<string, number>();
  const count = (counts: Map<string, number>, folder: string) =>
    counts.set(folder, (counts.get(folder) ?? 0) + 1);
  const isFull = (folder: string) => (below.get(folder) ?? 0) >= DENIED_BELOW;

  return {
    denied(path) {
      count(inFolder, folderOf(path));
      for (const folder of foldersAbove(path)) count(below, folder);
    },
    allowed(path) {
      if (below.size === 0) return;
      inFolder.delete(folderOf(path));
      for (const folder of foldersAbove(path)) below.delete(folder);
    },
    isHopeless(path) {
      if (below.size === 0) return false;
      return (inFolder.get(folderOf(path)) ?? 0) >= DENIED_IN_FOLDER || foldersAbove(path).some(isFull);
    },
    isHopelessAnywhere: () => isFull(''),
  };
}

/** The folder that an object belongs to; a folder's own object belongs to it, as policies have it. */
function folderOf(path: string): string {
  return path.slice(0, path.lastIndexOf('/') + 1);
}

/** The folder and those above it, up to the root, which is empty. */
function foldersAbove(path: string): string[] {
  const folders = [''];
  for (let slash = path.indexOf('/'); slash >= 0; slash = path.indexOf('/', slash + 1)) {
    folders.push(path.slice(0, slash + 1));
  }
  return folders;
}
