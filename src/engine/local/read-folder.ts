import type { Dirent, Stats } from 'node:fs';
import { localFailure } from '../../failure.ts';
import type { Filter } from './filter.ts';
import type { Looks } from './looks.ts';

/** A folder to read. */
export interface Folder {
  /** With root, for the file system's calls; ends with `/`. */
  absolute: string;
  /** Relative to root; empty or ending with `/`. */
  path: string;
  /** Another shard's: of its files no more is told than that there are any. */
  isElsewhere?: boolean;
}

/** Something that is no ordinary file and no folder to walk, by its place among the names. */
export interface OddEntry {
  index: number;
  kind: 'unreadable' | 'skipped' | 'own' | 'gone';
  code: string;
  message: string;
  /** bytes; NaN where it could not be found out */
  size: number;
}

/**
 * Numbers of each name: its file's size in bytes, its mtime and its ctime in ms since 1970, and its inode where
 * the file has other names, too.
 */
export const FACTS = 4;

/** What was found out of some names; it passes from one thread to another at little cost. */
export interface Facts {
  numbers: Float64Array;
  odd: OddEntry[];
}

/** What is in a folder. */
export interface Listing {
  /** Tells the folder from every other. */
  identity: string;
  /** The number of the device that it is on. */
  device: number;
  /** It is the program's own by another name; then nothing in it is looked at. */
  isOwn: boolean;
  /** Ascending, a folder's name with `/` at its end. */
  names: string[];
  /** Of the names of which the listing itself tells that they are nothing to be sent. */
  odd: OddEntry[];
  /** Places of links that are followed, to files and folders. */
  links: number[];
  /** Of all names where they are few; undefined where they are to be looked at a piece at a time, or not at all. */
  facts: Facts | undefined;
}

export interface FolderRules {
  filter: Filter;
  symlinks: 'follow' | 'skip';
}

/** Counts looks, so that one that takes too long is noticed. */
export interface Progress {
  looks: number;
}

/** So many names take about as long to list as one look, where looks are fast. */
const NAMES_A_LOOK = 10;

type Odd = Omit<OddEntry, 'index'>;

/** What the listing does not tell by itself: a link that is followed, or something odd. */
interface Special {
  name: string;
  isLink?: true;
  odd?: Odd;
}

/** Names in a folder whose files are looked at in one go. */
export interface Piece {
  /** Empty in the place of what is no file to look at. */
  names: string[];
  /** Places of links. */
  links: number[];
}

/**
 * Lists a folder, and looks at its files where they are few.
 * @param most names of which the files are looked at in one go
 * @throws the file system's error where the folder cannot be read
 */
export async function readFolder(
  looks: Looks,
  rules: FolderRules,
  folder: Folder,
  most: number,
  progress: Progress,
): Promise<Listing> {
  const { absolute, path } = folder;
  const { dev, ino } = await looks.stat(absolute);
  progress.looks++;
  const identity = ino === 0 ? await looks.realpath(absolute) : `${dev}:${ino}`;
  const isOwn = path !== '' && rules.filter.isOwn(absolute, ino);
  const specials = new Map<string, Special>();
  const names = isOwn ? [] : await listFolder(looks, rules, folder, specials, progress);
  names.sort();
  const odd: OddEntry[] = [];
  const links: number[] = [];
  for (const [index, name] of specials.size > 0 ? names.entries() : []) {
    const special = specials.get(name);
    if (special?.odd) odd.push({ ...special.odd, index });
    if (special?.isLink) links.push(index);
  }
  const listing = { identity, device: dev, isOwn, names, odd, links, facts: undefined };
  if (folder.isElsewhere || names.length > most) return listing;
  const piece = pieceOf(listing, 0, most);
  return { ...listing, facts: await readFiles(looks, rules, folder, piece, progress) };
}

/** The names from a certain place on, as they are looked at. */
export function pieceOf(
  { names, odd, links }: Pick<Listing, 'names' | 'odd' | 'links'>,
  start: number,
  count: number,
): Piece {
  const some = names.slice(start, start + count).map(name => (isFolderName(name) ? '' : name));
  const isInside = (index: number) => index >= start && index < start + some.length;
  for (const { index } of odd) if (isInside(index)) some[index - start] = '';
  return { names: some, links: links.filter(isInside).map(index => index - start) };
}

/** The facts in what was found. */
export function factsIn(found: Pick<Listing, 'facts'> | Facts): Facts | undefined {
  return 'facts' in found ? found.facts : found;
}

/** Looks at the files of a piece. */
export async function readFiles(
  looks: Looks,
  { filter }: FolderRules,
  { absolute }: Folder,
  { names, links }: Piece,
  progress: Progress,
): Promise<Facts> {
  const facts: Facts = { numbers: new Float64Array(names.length * FACTS).fill(Number.NaN), odd: [] };
  for (const [index, name] of names.entries()) {
    if (name === '') continue;
    try {
      const path = absolute + name;
      const look = links.length > 0 && links.includes(index) ? looks.stat(path) : looks.lstat(path);
      // A promise is waited for only where there is one: there may be a million looks.
      const stats = look instanceof Promise ? await look : look;
      progress.looks++;
      takeFacts(filter, facts, index, path, stats);
    } catch (error) {
      facts.odd.push({ ...oddityOf(error), index });
    }
  }
  return facts;
}

function takeFacts(
  filter: Filter,
  { numbers, odd }: Facts,
  index: number,
  absolute: string,
  stats: Stats,
): void {
  if (!stats.isFile()) odd.push({ ...oddity('skipped', 'NotAFile'), index });
  else if (isOwnFile(filter, absolute, stats.ino)) odd.push({ ...oddity('own'), index });
  else {
    numbers[index * FACTS] = stats.size;
    numbers[index * FACTS + 1] = stats.mtimeMs;
    numbers[index * FACTS + 2] = stats.ctimeMs;
    if (stats.nlink > 1) numbers[index * FACTS + 3] = stats.ino;
  }
}

function isOwnFile(filter: Filter, absolute: string, ino: number): boolean {
  try {
    return filter.isOwn(absolute, ino);
  } catch {
    // It is gone meanwhile, and with it what was the program's own.
    return false;
  }
}

/**
 * The names of what takes part of a folder, in no order.
 * @param specials is given those of which the listing itself does not tell that they are files or folders
 */
async function listFolder(
  looks: Looks,
  rules: FolderRules,
  { absolute, path, isElsewhere = false }: Folder,
  specials: Map<string, Special>,
  progress: Progress,
): Promise<string[]> {
  const dirents = await looks.list(absolute);
  progress.looks += 1 + Math.floor(dirents.length / NAMES_A_LOOK);
  const misnamed = dirents.some(({ name }) => name.includes('\ufffd'))
    ? await misnamedIn(looks, absolute)
    : NONE_MISNAMED;
  const names: string[] = [];
  let hasFile = false;
  for (const dirent of dirents) {
    const plain = plainName(dirent, misnamed);
    const special = plain ? undefined : await lookAtSpecial(looks, rules, absolute, dirent, misnamed);
    if (special) progress.looks++;
    const name = plain ?? special?.name ?? '';
    const isOut = isFolderName(name) ? rules.filter.excludesFolder : rules.filter.excludes;
    if (isOut(path + name)) continue;
    if (isElsewhere && !isFolderName(name) && special?.odd === undefined) {
      if (hasFile) continue;
      hasFile = true;
    }
    names.push(name);
    if (special) specials.set(name, special);
  }
  return names;
}

export function isFolderName(name: string): boolean {
  return name.charCodeAt(name.length - 1) === SLASH;
}

const SLASH = '/'.charCodeAt(0);

/** The name of what the listing itself tells to be an ordinary file or folder. */
function plainName(dirent: Dirent, misnamed: Misnamed): string | undefined {
  const { name } = dirent;
  if (misnamed.has(name)) return undefined;
  if (dirent.isFile()) return name;
  return dirent.isDirectory() ? `${name}/` : undefined;
}

async function lookAtSpecial(
  looks: Looks,
  rules: FolderRules,
  folder: string,
  dirent: Dirent,
  misnamed: Misnamed,
): Promise<Special> {
  const { name } = dirent;
  const misnamedSize = misnamed.get(name);
  if (misnamedSize !== undefined) {
    return { name, odd: { ...oddity('unreadable', 'InvalidUtf8Name'), size: misnamedSize } };
  }
  if (dirent.isSymbolicLink()) {
    return rules.symlinks === 'skip'
      ? { name, odd: oddity('skipped', 'SymlinkSkipped') }
      : followLink(looks, folder + name, name);
  }
  // Some file systems do not tell the kind in a listing.
  try {
    const stats = await looks.lstat(folder + name);
    if (stats.isDirectory()) return { name: `${name}/` };
    return stats.isFile() ? { name } : { name, odd: oddity('skipped', 'NotAFile') };
  } catch (error) {
    return { name, odd: oddityOf(error) };
  }
}

async function followLink(looks: Looks, absolute: string, name: string): Promise<Special> {
  try {
    const stats = await looks.stat(absolute);
    if (stats.isDirectory()) return { name: `${name}/`, isLink: true };
    return stats.isFile() ? { name, isLink: true } : { name, odd: oddity('skipped', 'NotAFile') };
  } catch (error) {
    const { code, message } = localFailure(error);
    if (code === 'ELOOP') return { name, odd: oddity('skipped', 'SymlinkLoop', message) };
    if (!isGone(code)) return { name, odd: oddity('unreadable', code, message) };
    return { name, odd: oddity('unreadable', 'DanglingSymlink', await looks.readlink(absolute)) };
  }
}

/**
 * Names that are not valid UTF-8, as they are decoded, each with its file's size in bytes: NaN for a folder,
 * and where several are decoded alike. Tells them from names that really hold U+FFFD.
 */
type Misnamed = ReadonlyMap<string, number>;

const NONE_MISNAMED: Misnamed = new Map();

async function misnamedIn(looks: Looks, folder: string): Promise<Misnamed> {
  const sizes = new Map<string, number>();
  for (const raw of await looks.listRaw(folder)) {
    const name = raw.toString();
    if (Buffer.from(name).equals(raw)) continue;
    const size = await sizeOf(looks, Buffer.concat([Buffer.from(folder), raw]));
    sizes.set(name, sizes.has(name) ? Number.NaN : size);
  }
  return sizes;
}

async function sizeOf(looks: Looks, path: Buffer): Promise<number> {
  try {
    const stats = await looks.lstat(path);
    return stats.isFile() ? stats.size : Number.NaN;
  } catch {
    return Number.NaN;
  }
}

/** What a file is that the file system tells nothing of: gone since it was listed, or unreadable. */
function oddityOf(error: unknown): Odd {
  const { code, message } = localFailure(error);
  return isGone(code) ? oddity('gone', code) : oddity('unreadable', code, message);
}

/** Also where a folder above is a file by now. */
export function isGone(code: string): boolean {
  return code === 'ENOENT' || code === 'ENOTDIR';
}

function oddity(kind: OddEntry['kind'], code = '', message = ''): Odd {
  return { kind, code, message, size: Number.NaN };
}
