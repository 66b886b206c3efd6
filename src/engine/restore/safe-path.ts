/**
 * Which keys have a place below a folder. The rules on names are here and nowhere else; what lies on the disk
 * (links, files in a folder's place) is looked at where it is written.
 */

/** Why a key has no place below a folder of this system. */
export type NameProblem =
  /** It would lead out of the folder, or name no file of its own in it: `..`, `.`, an empty name, an absolute path. */
  | 'UnsafePath'
  /** This system has no such name. */
  | 'InvalidLocalName'
  /** A name in it is longer than file systems take. */
  | 'LocalNameTooLong';

/** Longest name in a folder: bytes of UTF-8, on Windows and macOS UTF-16 units. */
const MAX_NAME = 255;

/** Names that Windows keeps for devices, whatever follows a dot. Source: "Naming Files, Paths, and Namespaces". */
const DEVICE = /^(con|prn|aux|nul|com[0-9¹²³]|lpt[0-9¹²³]|conin\$|conout\$) *(\..*)?$/i;
const NOT_FOR_WINDOWS = /[\u0000-\u001f<>:"|?*]/;
/** Windows drops them without a word: the file would be another's. */
const DROPPED_END = /[. ]$/;

/**
 * @param path the key without cos_path; a folder object's ends with `/`
 * @returns undefined where the path is safe
 */
export function nameProblem(
  path: string,
  platform: NodeJS.Platform = process.platform,
): NameProblem | undefined {
  const names = (path.endsWith('/') ? path.slice(0, -1) : path).split('/');
  for (const name of names) {
    const problem = problemOf(name, platform);
    if (problem) return problem;
  }
  return undefined;
}

function problemOf(name: string, platform: NodeJS.Platform): NameProblem | undefined {
  if (name === '' || name === '.' || name === '..' || name.includes('\0')) return 'UnsafePath';
  if (platform !== 'win32') {
    const length = platform === 'darwin' ? name.length : Buffer.byteLength(name);
    return length > MAX_NAME ? 'LocalNameTooLong' : undefined;
  }
  // There it separates folders; a colon names a drive, or a stream of another file.
  if (name.includes('\\')) return 'UnsafePath';
  if (NOT_FOR_WINDOWS.test(name) || DROPPED_END.test(name) || DEVICE.test(name)) return 'InvalidLocalName';
  return name.length > MAX_NAME ? 'LocalNameTooLong' : undefined;
}

/** Notices paths that a folder which does not tell case apart would take for one. */
export interface CaseGuard {
  /** Whether another path than this was met that has the same name here, or is in a folder of the same name. */
  collides(path: string): boolean;
}

/** @param ignoresCase whether the folder takes `A.txt` and `a.txt` for the same name */
export function createCaseGuard(ignoresCase: boolean): CaseGuard {
  if (!ignoresCase) return { collides: () => false };
  const spellings = new Map<string, string>();
  const isOther = (path: string) => {
    const folded = foldedName(path);
    const known = spellings.get(folded);
    if (known === undefined) spellings.set(folded, path);
    return known !== undefined && known !== path;
  };
  return {
    collides(path) {
      for (let slash = path.indexOf('/'); slash >= 0; slash = path.indexOf('/', slash + 1)) {
        if (isOther(path.slice(0, slash))) return true;
      }
      return !path.endsWith('/') && isOther(path);
    },
  };
}

/** macOS takes names for the same however their accents are written. */
function foldedName(path: string): string {
  return path.normalize('NFC').toLowerCase();
}
