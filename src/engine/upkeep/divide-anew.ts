import type { Shard } from '../../config/shard.ts';
import type { Disk, LastScan } from '../../ledger/last-scan.ts';
import { decidingFolder, isElsewhere, shardOf } from '../local/shard.ts';
import { isSameDisk } from '../other-disk.ts';

/** A ledger of a shard, or of the whole folder, whose records another is to take over. */
export interface Source {
  shard: Shard;
  generation: number;
}

/**
 * Tells what a shard takes over from each of several ledgers: of its own folders what the latest one says that they
 * belong to. An earlier one may name objects that were deleted since, and are somebody else's by now.
 */
export function takenBy(
  shard: Shard,
  sources: readonly Source[],
): (source: Pick<Source, 'generation'>, path: string) => boolean {
  const generations = new Map<number, Map<number, number>>();
  for (const { shard, generation } of sources) {
    const ofCount = generations.get(shard.count) ?? new Map<number, number>();
    generations.set(
      shard.count,
      ofCount.set(shard.index, Math.max(generation, ofCount.get(shard.index) ?? 0)),
    );
  }
  // Records of a folder mostly stand together.
  let known: string | undefined;
  let latest = 0;
  let isOurs = false;
  return ({ generation }, path) => {
    const folder = decidingFolder(path);
    if (folder !== known) {
      known = folder;
      isOurs = !isElsewhere(shard, folder);
      const all = [...generations].map(
        ([count, ofCount]) => ofCount.get(shardOf(folder.slice(0, -1), count)) ?? 0,
      );
      latest = Math.max(...all);
    }
    return isOurs && generation === latest;
  };
}

const NO_FOLDER = { inode: '', born: 0 };
/** No disk is like it: what is gone there is held back until the user says that it may go. */
const UNKNOWN_DISK: Disk = {
  type: 0,
  bytes: 0,
  device: '',
  volume: '',
  mount: '',
  root: NO_FOLDER,
  folder: NO_FOLDER,
};

/** The disks that several ledgers were on, by their places; where they do not agree, none that there is. */
export function disksOf(scans: readonly LastScan[]): Map<string, Disk> {
  const disks = new Map<string, Disk>();
  for (const place of new Set(scans.flatMap(scan => [...scan.disks.keys()]))) {
    const found = scans.map(scan => scan.disks.get(place));
    const [first] = found;
    const isOne = first && found.every(disk => disk && isSameDisk(first, disk));
    disks.set(place, isOne ? first : UNKNOWN_DISK);
  }
  return disks;
}
