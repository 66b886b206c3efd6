import type { Disk, FolderIdentity, LastScan } from '../ledger/last-scan.ts';
import type { FoundDisks } from './local/disk.ts';
import type { Plan } from './plan.ts';

/**
 * Whether it is the file system that was in this place before. Device numbers and sizes may change while it stays
 * the same; a folder's inode and time of birth do not, and no other file system has both.
 */
export function isSameDisk(before: Disk, now: Disk): boolean {
  if (before.type !== now.type) return false;
  const areNamed = before.volume !== '' && now.volume !== '';
  if (areNamed && before.volume !== now.volume) return false;
  const isSameFolder = isSameIdentity(before.folder, now.folder);
  const isSameRoot = before.mount === now.mount && isSameIdentity(before.root, now.root);
  if (!isSameFolder && !isSameRoot) return false;
  const { born } = isSameFolder ? now.folder : now.root;
  return areNamed || born !== 0 || before.device === now.device || before.bytes === now.bytes;
}

function isSameIdentity(a: FolderIdentity, b: FolderIdentity): boolean {
  return a.inode === b.inode && a.born === b.born;
}

/**
 * Sets aside what is gone from places whose file system is another than in the last run: a disk that is away makes
 * all that was on it seem gone.
 */
export function withoutOtherDisks(plan: Plan, last: LastScan | undefined, found: FoundDisks): Plan {
  if (!last) return plan;
  // Of a folder at a new place only the disks below it are known.
  const isKnown = (place: string) => place !== '' || last.disks.has('');
  const others = [...found.at]
    .filter(([place, disk]) => isKnown(place) && isOther(last.disks.get(place), disk))
    .map(([place]) => place);
  if (others.length === 0) return plan;
  const gone = new Map<string, number>();
  const isSure = (path: string) => {
    const place = others.find(other => path.startsWith(other));
    if (place !== undefined) gone.set(place, (gone.get(place) ?? 0) + 1);
    return place === undefined;
  };
  return {
    ...plan,
    goneFiles: plan.goneFiles.filter(({ path }) => isSure(path)),
    goneFolders: plan.goneFolders.filter(isSure),
    goneBegun: plan.goneBegun.filter(({ path }) => isSure(path)),
    goneOnOtherDisk: gone,
  };
}

function isOther(before: Disk | undefined, now: Disk | undefined): boolean {
  return before === undefined || now === undefined || !isSameDisk(before, now);
}

/**
 * What the next run is to compare with. The disk before stays known where something is held back for it, and where
 * this run did not come by: only a look at the place tells what became of it, or the user's word.
 * @param sure what is known of the last scan; undefined where the user takes other disks for the right ones
 */
export function disksToRemember(
  { goneOnOtherDisk }: Plan,
  last: LastScan | undefined,
  sure: LastScan | undefined,
  found: FoundDisks,
): Map<string, Disk> {
  const disks = new Map<string, Disk>();
  for (const [place, disk] of found.at) {
    const isHeld = goneOnOtherDisk.has(place);
    const remembered = isHeld ? last?.disks.get(place) : disk;
    if (remembered && (isHeld || found.begin.has(place))) disks.set(place, remembered);
  }
  for (const place of found.unmet) {
    const known = sure?.disks.get(place);
    if (known) disks.set(place, known);
  }
  return disks;
}
