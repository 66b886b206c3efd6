import type { Facts, Folder, Listing, Piece } from './read-folder.ts';

/** Files of a folder that are looked at in one go: a large folder is shared out. */
export const FILES_AT_ONCE = 512;

/** A piece of work: to list a folder and look at its first files, or to look at others that were listed. */
export interface Reading {
  folder: Folder;
  /** Undefined where the folder is to be listed. */
  piece: Piece | undefined;
  resolve(found: Listing | Facts): void;
  reject(error: unknown): void;
}
