import { createHash } from 'node:crypto';
import type { Shard } from '../../config/shard.ts';
import { isFolderPath } from '../../ledger/records.ts';
import { folderOf } from './part.ts';

/**
 * The shard (0 to count - 1) that a folder and the files directly in it belong to.
 *
 * The first 48 bits of the SHA-256 of the folder's path (UTF-8, relative to local_path, `/` between names, no slash
 * at either end, "" for local_path itself), as a big-endian number, modulo `count`. Ledgers are divided by it:
 * another hash would hand recorded files to shards that do not know them.
 */
export function shardOf(folder: string, count: number): number {
  return createHash('sha256').update(folder, 'utf8').digest().readUIntBE(0, 6) % count;
}

/**
 * Whether a folder, with its object and the files directly in it, is another shard's. Nothing else decides it.
 * @param folder as the scan names it: empty or ending with `/`
 */
export function isElsewhere(shard: Shard | undefined, folder: string): boolean {
  return shard !== undefined && shardOf(folder.slice(0, -1), shard.count) !== shard.index;
}

/** The folder by which a file or folder belongs to a shard. */
export function decidingFolder(path: string): string {
  return isFolderPath(path) ? path : folderOf(path);
}

/** Tells whether a file, or a folder's object, is another shard's, by its path as a record has it. */
export function othersThan(shard: Shard | undefined): (path: string) => boolean {
  // Paths of a folder mostly come together, and a hash for each of a million takes seconds.
  let known: string | undefined;
  let isOthers = false;
  return path => {
    const folder = decidingFolder(path);
    if (folder !== known) isOthers = isElsewhere(shard, folder);
    known = folder;
    return isOthers;
  };
}
