import {
  closeSync,
  ftruncateSync,
  mkdirSync,
  openSync,
  readdirSync,
  readSync,
  statSync,
  utimesSync,
  writeSync,
} from 'node:fs';
import { join } from 'node:path';
import type { LedgerRecord } from '../../src/ledger/records.ts';

const FILES_IN_FOLDER = 50;
const FOLDERS_IN_FOLDER = 100;
/** Files older than a few seconds are what a sync finds: a young mtime would be looked into again. */
const AN_HOUR_AGO = Date.now() / 1000 - 3600;

export interface Tree {
  root: string;
  files: number;
  /** Folders by relative path, ending with `/`; parents come before what is in them. */
  folders: string[];
}

/** The relative paths of a tree's files, ascending, 50 to a folder and 100 folders to a folder. */
export function* nestedPaths(files: number, inFolder = FILES_IN_FOLDER): Generator<string> {
  for (let index = 0; index < files; index++) {
    const folder = Math.floor(index / inFolder);
    const upper = Math.floor(folder / FOLDERS_IN_FOLDER);
    yield `year-${digits(upper, 4)}/folder-${digits(folder % FOLDERS_IN_FOLDER, 2)}/file-${digits(index, 7)}.dat`;
  }
}

/** The paths of one flat folder. */
export function* flatPaths(files: number): Generator<string> {
  for (let index = 0; index < files; index++) yield `file-${digits(index, 7)}.dat`;
}

function digits(number: number, width: number): string {
  return String(number).padStart(width, '0');
}

/** The size in bytes of a sparse tree's file. */
export function sparseSize(index: number): number {
  return (index % 9_973) + 1;
}

/** Makes empty-looking files of different sizes that take no blocks on the disk: enough for what is never read. */
export function buildSparse(root: string, paths: Iterable<string>): Tree {
  return build(root, paths, (descriptor, index) => ftruncateSync(descriptor, sparseSize(index)));
}

/** Makes empty files, as fast as they can be made. */
export function buildEmpty(root: string, paths: Iterable<string>): Tree {
  return build(root, paths, undefined);
}

/** Makes files of `size` bytes, no two of the same content. */
export function buildFilled(root: string, paths: Iterable<string>, size: number): Tree {
  const content = filledContent(size, 0);
  return build(root, paths, (descriptor, index) => {
    content.writeUInt32LE(index, 0);
    writeSync(descriptor, content);
  });
}

/** The content of such a file. */
export function filledContent(size: number, index: number): Buffer {
  const content = Buffer.alloc(size);
  for (let at = 0; at < size; at++) content[at] = (at * 31 + (at >> 8)) & 0xff;
  content.writeUInt32LE(index, 0);
  return content;
}

function build(
  root: string,
  paths: Iterable<string>,
  fill: ((descriptor: number, index: number) => void) | undefined,
): Tree {
  const folders: string[] = [];
  const made = new Set<string>();
  let files = 0;
  mkdirSync(root, { recursive: true });
  for (const path of paths) {
    makeFoldersOf(path);
    const file = join(root, path);
    const descriptor = openSync(file, 'w');
    fill?.(descriptor, files);
    closeSync(descriptor);
    if (fill) utimesSync(file, AN_HOUR_AGO, AN_HOUR_AGO);
    files++;
  }
  return { root, files, folders };

  function makeFoldersOf(path: string): void {
    for (let slash = path.indexOf('/'); slash >= 0; slash = path.indexOf('/', slash + 1)) {
      const folder = path.slice(0, slash + 1);
      if (made.has(folder)) continue;
      made.add(folder);
      mkdirSync(join(root, folder));
      folders.push(folder);
    }
  }
}

/** Writes one file whose content is a block repeated. */
export function buildRepeated(file: string, block: Buffer, size: number): void {
  const descriptor = openSync(file, 'w');
  for (let done = 0; done < size; done += block.length) {
    writeSync(descriptor, block, 0, Math.min(block.length, size - done));
  }
  closeSync(descriptor);
  utimesSync(file, AN_HOUR_AGO, AN_HOUR_AGO);
}

/** The records that a ledger holds once a tree is synced, ascending by path; the hashes are invented. */
export function* recordsOf({ root, folders }: Tree, paths: Iterable<string>): Generator<LedgerRecord> {
  let index = 0;
  let folder = 0;
  for (const path of paths) {
    for (; folder < folders.length && folders[folder]! < path; folder++) yield { path: folders[folder]! };
    const { size, mtimeMs: mtime, ctimeMs: ctime } = statSync(join(root, path));
    const hash = (index++ * 2_654_435_761).toString(16).padStart(32, '9e3779b97f4a7c15f39cc0605cedc834');
    yield { path, size, mtime, ctime, unsettledSince: 0, hash, etag: hash };
  }
}

/** Reads every file below a folder, so that the system holds them all in memory. */
export function readAll(root: string): void {
  const buffer = Buffer.allocUnsafe(1024 * 1024);
  for (const entry of readdirSync(root, { recursive: true, withFileTypes: true })) {
    if (!entry.isFile()) continue;
    const descriptor = openSync(join(entry.parentPath, entry.name), 'r');
    while (readSync(descriptor, buffer) > 0);
    closeSync(descriptor);
  }
}
