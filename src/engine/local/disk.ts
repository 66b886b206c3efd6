import { realpathSync, statfsSync, statSync } from 'node:fs';
import { join } from 'node:path';
import type { Disk, FolderIdentity } from '../../ledger/last-scan.ts';
import { type Mount, mountOf, placesBelow, readMounts, volumeOf } from './mounts.ts';
import type { ScannedEntry } from './scan.ts';

const IS_WINDOWS = process.platform === 'win32';

/** What is known of the file system that a folder is on. @throws the file system's error */
export function diskOf(folder: string, mounts: readonly Mount[] = readMounts()): Disk {
  const { type, bsize, blocks } = statfsSync(folder, { bigint: true });
  const { dev } = statSync(folder, { bigint: true });
  const mount = mountOf(mounts, realpathSync.native(folder));
  return {
    type: Number(type),
    bytes: Number(bsize * blocks),
    device: String(dev),
    // The device is the volume's serial number there.
    volume: IS_WINDOWS ? String(dev) : mount ? volumeOf(mount) : '',
    mount: mount?.place ?? '',
    root: mount ? identityOf(mount.place) : NOTHING,
    folder: identityOf(folder),
  };
}

const NOTHING: FolderIdentity = { inode: '', born: 0 };

function identityOf(folder: string): FolderIdentity {
  const { ino, birthtimeMs } = statSync(folder, { bigint: true });
  return { inode: String(ino), born: Number(birthtimeMs) };
}

/** The file systems in a folder. A place is empty for the folder itself, or ends with `/`. */
export interface FoundDisks {
  /** By place; undefined where one was before and is no folder now. */
  at: ReadonlyMap<string, Disk | undefined>;
  /** Places where a file system begins. */
  begin: ReadonlySet<string>;
  /** Places where one was before and that were not met: away, left out, or nothing that can be walked. */
  unmet: ReadonlySet<string>;
}

/** Those of which it could be found out what they are. */
export function disksFound({ at }: FoundDisks): Map<string, Disk> {
  return new Map([...at].flatMap(([place, disk]) => (disk ? [[place, disk]] : [])));
}

/** Finds where other file systems begin below a folder that is being scanned. */
export interface DiskFinder {
  /** Entries as the scan hands them out. */
  meet(entry: ScannedEntry): void;
  finish(): FoundDisks;
}

/**
 * @param before places where a file system began in earlier runs
 * @param known those of them that the scan of a part may not come by
 * @throws the file system's error where the folder cannot be looked at
 */
export function findDisks(
  localPath: string,
  before: ReadonlySet<string> = new Set(),
  known: Iterable<string> = [],
): DiskFinder {
  const mounts = readMounts();
  const real = realpathSync.native(localPath);
  const root = statSync(localPath).dev;
  // A folder that is mounted a second time has the device that it has at its first place.
  const mounted = new Set(placesBelow(mounts, real));
  const devices = new Map<string, number>();
  const unreadable: string[] = [];
  const met = new Set(['']);
  for (const place of known) {
    const device = place === '' ? undefined : deviceOf(join(localPath, place));
    if (device !== undefined) devices.set(place, device);
  }

  function deviceAbove(path: string): number {
    for (let end = slashBefore(path, path.length); end > 0; end = slashBefore(path, end)) {
      const device = devices.get(path.slice(0, end));
      if (device !== undefined) return device;
    }
    return root;
  }

  return {
    meet({ kind, path, device }) {
      if (kind === 'unreadable') unreadable.push(path);
      if ((kind !== 'folder' && kind !== 'begun') || Number.isNaN(device)) return;
      if (before.has(path)) met.add(path);
      const isOther = (device !== root || devices.size > 0) && device !== deviceAbove(path);
      if (isOther || mounted.has(path)) devices.set(path, device);
    },
    finish() {
      const begin = new Set(['', ...devices.keys()]);
      // To ask a dead network drive which it is would hang as the look at it did.
      const unread = new Set([...before].filter(place => unreadable.some(path => place.startsWith(path))));
      const places = [...new Set([...begin, ...before])].filter(place => !unread.has(place));
      const now = readMounts();
      return {
        at: new Map(places.map(place => [place, diskAt(join(localPath, place), now)])),
        begin,
        unmet: new Set([...before].filter(place => !met.has(place))),
      };
    },
  };
}

function deviceOf(folder: string): number | undefined {
  try {
    return statSync(folder).dev;
  } catch {
    return undefined;
  }
}

/** Where the path of the folder above ends, in the path of a folder that ends at `end` with `/`. */
function slashBefore(path: string, end: number): number {
  return path.lastIndexOf('/', end - 2) + 1;
}

function diskAt(folder: string, mounts: readonly Mount[]): Disk | undefined {
  try {
    return diskOf(folder, mounts);
  } catch {
    return undefined;
  }
}
