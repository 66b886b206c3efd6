import { readdirSync, readFileSync, realpathSync } from 'node:fs';
import { parse } from 'node:path';

/** A line of /proc/self/mountinfo. Source: proc_pid_mountinfo(5). */
export interface Mount {
  /** Where it is mounted. */
  place: string;
  /** What is mounted: a device, `host:/export`, or a word. */
  source: string;
  type: string;
}

/** All mounts, the topmost of a place last; none where the system does not list them so. */
export function readMounts(): Mount[] {
  try {
    return readFileSync('/proc/self/mountinfo', 'utf8').split('\n').flatMap(mountIn);
  } catch {
    return [];
  }
}

function mountIn(line: string): Mount[] {
  const [before = '', after = ''] = line.split(' - ');
  const place = before.split(' ')[4];
  const [type = '', source = ''] = after.split(' ');
  return place === undefined ? [] : [{ place: unescaped(place), source: unescaped(source), type }];
}

function unescaped(text: string): string {
  return text.replace(/\\(\d{3})/g, (_, octal: string) => String.fromCharCode(Number.parseInt(octal, 8)));
}

/** The mount that a real path lies in; undefined where the system lists none. */
export function mountOf(mounts: readonly Mount[], real: string): Mount | undefined {
  let found: Mount | undefined;
  for (const mount of mounts) {
    const isAbove = real === mount.place || real.startsWith(mount.place === '/' ? '/' : `${mount.place}/`);
    if (isAbove && mount.place.length >= (found?.place.length ?? 0)) found = mount;
  }
  return found;
}

/** Whether a folder is the topmost of a file system: its drive's root. */
export function isDriveRoot(mounts: readonly Mount[], real: string): boolean {
  return parse(real).root === real || mounts.some(({ place }) => place === real);
}

/** Places below a folder where something is mounted, relative to it, with `/` at their ends. */
export function placesBelow(mounts: readonly Mount[], real: string): string[] {
  const base = real.endsWith('/') ? real : `${real}/`;
  return mounts
    .filter(({ place }) => place.startsWith(base))
    .map(({ place }) => `${place.slice(base.length)}/`);
}

/** Words that say nothing of which file system it is. */
const IN_MEMORY = new Set(['tmpfs', 'ramfs', 'overlay']);

/**
 * What tells a mounted file system from others of its type, after a restart, too: its UUID, or the share's name.
 * Empty where nothing does.
 */
export function volumeOf({ source, type }: Mount): string {
  if (IN_MEMORY.has(type) || source === type || source === 'none') return '';
  return source.startsWith('/dev/') ? uuidOf(source) : source;
}

const UUIDS = '/dev/disk/by-uuid';

function uuidOf(device: string): string {
  try {
    const real = realpathSync(device);
    return readdirSync(UUIDS).find(uuid => realpathSync(`${UUIDS}/${uuid}`) === real) ?? '';
  } catch {
    return '';
  }
}
