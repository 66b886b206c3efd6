/** What the file system under a folder is known by, so that another one in its place is told from it. */
export interface Disk {
  /** The system's number of the file system's type; 0 where it has none. */
  type: number;
  /** bytes, of all that the file system has room for */
  bytes: number;
  /** The device's number: on Linux another one after a restart, on Windows the volume's own. */
  device: string;
  /** Its UUID or serial number, or the share's name; empty where nothing of the kind is known. */
  volume: string;
  /** Where it is mounted; empty where the system does not say. */
  mount: string;
  /** The folder that is mounted there, and the folder itself. */
  root: FolderIdentity;
  folder: FolderIdentity;
}

export interface FolderIdentity {
  inode: string;
  /** When it was made, in ms since 1970; 0 where the file system does not keep that. */
  born: number;
}

/** What a run noted of local_path for the next one. */
export interface LastScan {
  /** By the place where a file system begins: empty for local_path, a folder's path ends with `/`. */
  disks: ReadonlyMap<string, Disk>;
  /** Recorded paths that were missing, and may have moved while the scan was under way. */
  missing: ReadonlySet<string>;
  /** Places that could not be read. */
  unreadable: ReadonlySet<string>;
  /** The system's own folders that were left out, and said to be. */
  leftOut: ReadonlySet<string>;
}

/** Of a folder of which nothing is known but its disks. */
export function firstScan(disks: ReadonlyMap<string, Disk>): LastScan {
  return { disks, missing: new Set(), unreadable: new Set(), leftOut: new Set() };
}

/**
 * What is known of a folder with what was known of it at another place: there, all but which folder, on which disk,
 * it is. A disk that only the other knows was away since.
 */
export function withDisksOf(known: LastScan | undefined, other: LastScan): LastScan {
  const below = [...other.disks].filter(([place]) => place !== '');
  return { ...(known ?? other), disks: new Map([...below, ...(known?.disks ?? [])]) };
}

/** On one line; the same for the same content. */
export function encodeLastScan({ disks, missing, unreadable, leftOut }: LastScan): string {
  const sorted = (paths: ReadonlySet<string>) => [...paths].sort();
  return JSON.stringify({
    disks: [...disks].sort(([a], [b]) => (a < b ? -1 : 1)),
    missing: sorted(missing),
    unreadable: sorted(unreadable),
    leftOut: sorted(leftOut),
  });
}

export function decodeLastScan(text: string): LastScan {
  const { disks, missing, unreadable, leftOut } = JSON.parse(text);
  return {
    disks: new Map(disks),
    missing: new Set(missing),
    unreadable: new Set(unreadable),
    leftOut: new Set(leftOut),
  };
}
