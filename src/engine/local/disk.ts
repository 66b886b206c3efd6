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
  /** By place; undefined where one was before and was not met now. */
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
 * @param before what began where in the last run
 * @param isPart whether only a part is scanned, which may not come by the places that its folders are in
 * @throws the file system's error where the folder cannot be looked at
 */
export function findDisks(
  localPath: string,
  before: ReadonlyMap<string, Disk> = new Map(),
  isPart = false,
): DiskFinder {
  const mounts = readMounts();
  const real = realpathSync.native(localPath);
  const root = statSync(localPath).dev;
  // A folder that is mounted a second time has the device that it has at its first place.
  const mounted = new Set(placesBelow(mounts, real));
  const devices = new Map([['', root]]);
  for (const [place, { device }] of isPart ? before : [])
    if (place !== '') devices.set(place, Number(device));
  /** Places that were looked at, or in. To ask any other which it is may never end: it may be a dead network drive. */
  const met = new Set(['']);

  function placeAbove(path: string): string {
    for (let end = slashBefore(path, path.length); end > 0; end = slashBefore(path, end)) {
      const place = path.slice(0, end);
      if (devices.has(place)) return place;
    }
    return '';
  }

  return {
    meet({ path, device }) {
      if (Number.isNaN(device)) return;
      const isKnown = before.has(path);
      if (devices.size === 1 && device === root && !isKnown && !mounted.has(path)) return;
      const above = placeAbove(path);
      met.add(above);
      if (isKnown) met.add(path);
      if (device !== devices.get(above) || mounted.has(path)) {
        devices.set(path, device);
        met.add(path);
      } else if (devices.has(path)) devices.set(path, device);
    },
    finish() {
      const now = readMounts();
      const diskIn = (place: string) => (met.has(place) ? diskAt(join(localPath, place), now) : undefined);
      const places = new Set([...devices.keys(), ...before.keys()]);
      return {
        at: new Map([...places].map(place => [place, diskIn(place)])),
        begin: new Set(devices.keys()),
        unmet: new Set([...before.keys()].filter(place => !met.has(place))),
      };
    },
  };
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
