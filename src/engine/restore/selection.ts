import { compilePattern } from '../../config/pattern.ts';

/** Which objects a restore brings back. */
export interface Selection {
  /** What every selected path begins with: only this is listed. */
  common: string;
  covers(path: string): boolean;
  /** Whether it covers a path that is there: notes that, so that `unmatched` can tell. */
  takes(path: string): boolean;
  /** Whether anything was taken. */
  hasTaken(): boolean;
  /** What was asked for and never met. */
  unmatched(): string[];
}

const GLOB = /[*?[\]{}]/;

/**
 * @param wanted files and folders relative to cos_path, or patterns as in `include`; none is everything
 */
export function createSelection(wanted: readonly string[]): Selection {
  const items = wanted.map(compile);
  const common = items.length === 0 ? '' : items.map(({ literal }) => literal).reduce(commonStart);
  let hasTaken = false;
  return {
    common,
    covers: path => items.length === 0 || items.some(item => item.matches(path)),
    takes(path) {
      let isTaken = items.length === 0;
      for (const item of items) {
        if (!item.matches(path)) continue;
        item.isMet = true;
        isTaken = true;
      }
      hasTaken ||= isTaken;
      return isTaken;
    },
    hasTaken: () => hasTaken,
    unmatched: () => items.filter(({ isMet }) => !isMet).map(({ given }) => given),
  };
}

interface Item {
  given: string;
  /** What all that it matches begins with. */
  literal: string;
  isMet: boolean;
  matches(path: string): boolean;
}

function compile(given: string): Item {
  const slashed = process.platform === 'win32' ? given.replaceAll('\\', '/') : given;
  const clean = slashed
    .split('/')
    .filter(name => name !== '' && name !== '.')
    .join('/');
  const isItself = (path: string) => path === clean || path === `${clean}/` || path.startsWith(`${clean}/`);
  if (clean === '') return { given, literal: '', isMet: false, matches: () => true };
  if (!GLOB.test(clean)) return { given, literal: clean, isMet: false, matches: isItself };
  const matches = patternOf(slashed);
  if (!matches) return { given, literal: clean, isMet: false, matches: isItself };
  // Windows' patterns are compared without regard to case, and COS lists with it.
  const isAnchored = process.platform !== 'win32' && (/^\.?\//.test(slashed) || clean.includes('/'));
  return {
    given,
    literal: isAnchored ? clean.slice(0, clean.search(GLOB)) : '',
    isMet: false,
    // A name may hold what is special in a pattern.
    matches: path => isItself(path) || placesOf(path).some(place => matches(place)),
  };
}

/** undefined where it is no pattern: a bracket or brace is not closed. */
function patternOf(text: string): ((path: string) => boolean) | undefined {
  try {
    return compilePattern(text);
  } catch {
    return undefined;
  }
}

/** The path itself and every folder above it, without a slash at the end. */
function placesOf(path: string): string[] {
  const names = path.replace(/\/$/, '').split('/');
  return names.map((_, index) => names.slice(0, index + 1).join('/'));
}

function commonStart(a: string, b: string): string {
  let length = 0;
  while (length < a.length && a[length] === b[length]) length++;
  return a.slice(0, length).replace(/[\ud800-\udbff]$/, '');
}
