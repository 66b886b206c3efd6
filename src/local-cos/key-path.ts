import { createHash } from 'node:crypto';

const CONTROL = /[\x00-\x1f\x7f]/;
const WINDOWS_FORBIDDEN = /[<>:"|?*\\]/;
const WINDOWS_RESERVED = /^(con|prn|aux|nul|conin\$|conout\$|clock\$|com[0-9¹²³]|lpt[0-9¹²³])($|\.)/i;
const LONGEST_NAME = 255;

/**
 * The path below the bucket's folder at which a key can be stored under its own name, `/` separated,
 * or undefined when the key is no plain path on this system (it then goes where hashedPath says).
 */
export function plainPath(key: string, platform: NodeJS.Platform = process.platform): string | undefined {
  if (!key.isWellFormed() || CONTROL.test(key)) return undefined;
  const windows = platform === 'win32';
  for (const name of key.split('/')) {
    if (name === '' || name === '.' || name === '..') return undefined;
    if (Buffer.byteLength(name) > LONGEST_NAME) return undefined;
    if (windows && !windowsAllows(name)) return undefined;
  }
  return key;
}

function windowsAllows(name: string): boolean {
  return !WINDOWS_FORBIDDEN.test(name) && !WINDOWS_RESERVED.test(name) && !/[. ]$/.test(name);
}

/** A path for a key that cannot be one itself: its SHA-256, in 256 folders. */
export function hashedPath(key: string): string {
  const hash = createHash('sha256').update(key, 'utf16le').digest('hex');
  return `${hash.slice(0, 2)}/${hash}`;
}

/**
 * A form that is equal for all names a file system blind to case or Unicode normalisation may take for one.
 * It may also be equal for names such a system tells apart: that costs a plain path, never an object.
 */
export function foldedPath(path: string): string {
  return path.normalize('NFKC').toLowerCase().toUpperCase().toLowerCase();
}
