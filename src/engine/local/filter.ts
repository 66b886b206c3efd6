import type { OwnPaths } from '../../config/home.ts';
import { compilePattern, isFolderPattern } from '../../config/pattern.ts';
import type { Config } from '../../config/schema.ts';
import { findOwn, type OwnPlaces, ownPlaceOf } from './own-paths.ts';

/** Why a path does not take part. */
export type Exclusion =
  /** It lies in one of the program's own folders. */
  | { by: 'ownFolder'; folder: string }
  /** It is the program's own. */
  | { by: 'ownFile'; file: string }
  /** The pattern matches the path, or a folder above it. */
  | { by: 'exclude'; pattern: string; matched: string }
  /** No pattern of `include` covers it. */
  | { by: 'include' };

/** Which paths take part in a sync. */
export interface Filter {
  /** Whether a file is left out: neither uploaded nor deleted. */
  excludes(path: string): boolean;
  /** Whether nothing in a folder (path ending in `/`) can take part. */
  excludesFolder(path: string): boolean;
  /** Whether a folder (path ending in `/`) has no object of its own; what is in it may take part. */
  excludesFolderObject(path: string): boolean;
  /** Why a path is left out; undefined where it takes part. */
  exclusionOf(path: string): Exclusion | undefined;
  /** Whether a file or folder of any name is one of the program's own, as OwnPlaces has it. */
  isOwn: OwnPlaces['isOwn'];
}

/**
 * Patterns are matched against the path relative to local_path. One without a slash matches a name
 * at any depth; one that matches a folder covers all that is in it; one that ends with a slash
 * matches folders only. Exclude wins over include.
 * @param own what never takes part: the program's own, where it lies in local_path
 */
export function createFilter(
  include: readonly string[],
  exclude: readonly string[],
  own: OwnPlaces = { reserved: [], isOwn: () => false },
): Filter {
  const excluded = exclude.map(compile);
  const included = include.map(compile);

  function refusal(path: string): Exclusion | undefined {
    const place = ownPlaceOf(own.reserved, path);
    if (place !== undefined) return ownExclusion(place);
    const cover = coverOf(excluded, path);
    return cover && { by: 'exclude', ...cover };
  }

  function exclusionOf(path: string): Exclusion | undefined {
    const refused = refusal(path);
    if (refused || included.length === 0 || coverOf(included, path)) return refused;
    return { by: 'include' };
  }

  return {
    excludes: path => exclusionOf(path) !== undefined,
    excludesFolder: path => refusal(path) !== undefined,
    excludesFolderObject: path => exclusionOf(path) !== undefined,
    exclusionOf,
    isOwn: own.isOwn,
  };
}

/** Which paths take part: by the configured patterns, and never what is the program's own. */
export function filterOf(config: Config, own: OwnPaths): Filter {
  return createFilter(config.include, config.exclude, findOwn(config.localPath, own));
}

/** @param place a folder's path ends with `/` */
export function ownExclusion(place: string): Exclusion {
  return place.endsWith('/') ? { by: 'ownFolder', folder: place } : { by: 'ownFile', file: place };
}

interface Matcher {
  pattern: string;
  foldersOnly: boolean;
  matches(path: string): boolean;
}

function compile(pattern: string): Matcher {
  return { pattern, foldersOnly: isFolderPattern(pattern), matches: compilePattern(pattern) };
}

/** The pattern that matches the path or a folder above it. */
function coverOf(
  matchers: readonly Matcher[],
  path: string,
): { pattern: string; matched: string } | undefined {
  if (matchers.length === 0) return undefined;
  for (let slash = path.indexOf('/'); slash >= 0; slash = path.indexOf('/', slash + 1)) {
    const folder = path.slice(0, slash);
    const found = matchers.find(({ matches }) => matches(folder));
    if (found) return { pattern: found.pattern, matched: `${folder}/` };
  }
  if (path.endsWith('/')) return undefined;
  const found = matchers.find(({ foldersOnly, matches }) => !foldersOnly && matches(path));
  return found && { pattern: found.pattern, matched: path };
}
