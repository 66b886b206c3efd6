import type { OwnPaths } from '../../config/home.ts';
import { compilePattern, isFolderPattern } from '../../config/pattern.ts';
import type { Config } from '../../config/schema.ts';
import { findOwn, isOwn, isUnfinished, type OwnPlaces, ownPlaceOf } from './own-paths.ts';
import { systemFoldersIn } from './system-folders.ts';

/** Why a path does not take part. */
export type Exclusion =
  /** It lies in one of the program's own folders. */
  | { by: 'ownFolder'; folder: string }
  /** It lies in a folder that systems keep for themselves at a drive's root. */
  | { by: 'systemFolder'; folder: string }
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
  /**
   * Whether a file or folder of any name is one of the program's own.
   * @throws the file system's error where it is gone
   */
  isOwn(absolute: string, ino: number): boolean;
  /** What it was made of, for a thread that needs the same one. */
  definition: FilterDefinition;
  /** The patterns that matched none of the paths asked for so far. */
  unmatched(): Unmatched;
  /** Takes note that all other patterns matched something where another thread asked. */
  unmatchedElsewhere(unmatched: Unmatched): void;
}

/** What a filter is made of. */
export interface FilterDefinition {
  include: readonly string[];
  exclude: readonly string[];
  /** What never takes part: the program's own, where it lies in local_path. */
  own: OwnPlaces;
  /** With `/` at their ends. */
  systemFolders: readonly string[];
}

export type Unmatched = Pick<UnmatchedPatterns, 'include' | 'exclude'>;

/** Patterns that had no effect in a run. */
export interface UnmatchedPatterns {
  include: readonly string[];
  exclude: readonly string[];
  /** `include` has patterns, and no file takes part. */
  leavesNoFile: boolean;
}

/**
 * Patterns are matched against the path relative to local_path. One without a slash matches a name
 * at any depth; one that matches a folder covers all that is in it; one that ends with a slash
 * matches folders only. Exclude wins over include.
 */
export function createFilter(definition: FilterDefinition): Filter {
  const { include, exclude, own, systemFolders } = definition;
  const excluded = exclude.map(compile);
  const included = include.map(compile);

  function refusal(path: string): Exclusion | undefined {
    const place = ownPlaceOf(own.reserved, path);
    if (place !== undefined) return ownExclusion(place);
    if (isUnfinished(path)) return ownExclusion(path);
    const folder = ownPlaceOf(systemFolders, path);
    if (folder !== undefined) return { by: 'systemFolder', folder };
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
    isOwn: (absolute, ino) => isOwn(own, absolute, ino),
    definition,
    unmatched: () => ({ include: withoutMatch(included), exclude: withoutMatch(excluded) }),
    unmatchedElsewhere(unmatched) {
      for (const one of included) one.hasMatched ||= !unmatched.include.includes(one.pattern);
      for (const one of excluded) one.hasMatched ||= !unmatched.exclude.includes(one.pattern);
    },
  };
}

function withoutMatch(matchers: readonly Matcher[]): string[] {
  return matchers.filter(({ hasMatched }) => !hasMatched).map(({ pattern }) => pattern);
}

/** Which paths take part: by the configured patterns, and never what is the program's own. */
export function filterOf(config: Config, own: OwnPaths): Filter {
  const { localPath, include, exclude } = config;
  return createFilter({
    include,
    exclude,
    own: findOwn(localPath, own),
    systemFolders: systemFoldersIn(localPath, include),
  });
}

/** @param place a folder's path ends with `/` */
export function ownExclusion(place: string): Exclusion {
  return place.endsWith('/') ? { by: 'ownFolder', folder: place } : { by: 'ownFile', file: place };
}

interface Matcher {
  pattern: string;
  foldersOnly: boolean;
  matches(path: string): boolean;
  /** Whether it ever did, also where another pattern decided. */
  hasMatched: boolean;
}

function compile(pattern: string): Matcher {
  const foldersOnly = isFolderPattern(pattern);
  return { pattern, foldersOnly, matches: compilePattern(pattern), hasMatched: false };
}

/** The pattern that matches the path or a folder above it. */
function coverOf(
  matchers: readonly Matcher[],
  path: string,
): { pattern: string; matched: string } | undefined {
  if (matchers.length === 0) return undefined;
  for (let slash = path.indexOf('/'); slash >= 0; slash = path.indexOf('/', slash + 1)) {
    const folder = path.slice(0, slash);
    const found = firstMatch(matchers, ({ matches }) => matches(folder));
    if (found) return { pattern: found.pattern, matched: `${folder}/` };
  }
  if (path.endsWith('/')) return undefined;
  const found = firstMatch(matchers, ({ foldersOnly, matches }) => !foldersOnly && matches(path));
  return found && { pattern: found.pattern, matched: path };
}

/** The first that matches; it, and all others that do, are known to have matched. */
function firstMatch(
  matchers: readonly Matcher[],
  isMatch: (matcher: Matcher) => boolean,
): Matcher | undefined {
  const found = matchers.find(isMatch);
  if (!found) return undefined;
  for (const matcher of matchers) {
    if (!matcher.hasMatched && isMatch(matcher)) matcher.hasMatched = true;
  }
  return found;
}
