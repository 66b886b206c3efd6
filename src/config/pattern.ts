import picomatch from 'picomatch';

/** Characters that are only themselves to git, rclone and file names, but more than that to picomatch. */
const LITERAL = /\[[!^]?\]?[^\]]*\]|[()|+@^$!"\]]/g;

const isCaseIgnored = process.platform === 'win32';

/**
 * Compiles a pattern of `include` or `exclude`: `*`, `?`, `**`, `[abc]`, `[!abc]` and `{a,b}`.
 * `\` separates folders as `/` does. One without a slash, but at its end, matches a name at any depth.
 * Windows' file names are compared without regard to case.
 * @throws SyntaxError where a bracket or brace is not closed
 */
export function compilePattern(pattern: string): (path: string) => boolean {
  const slashed = pattern.replaceAll('\\', '/');
  const clean = slashed.replace(/^\.?\//, '').replace(/\/$/, '');
  const anchored = /^\.?\//.test(slashed) || clean.includes('/');
  const glob = clean.replace(LITERAL, found => (found.length > 1 ? characterClass(found) : `\\${found}`));
  return picomatch(glob, {
    dot: true,
    basename: !anchored,
    nocase: isCaseIgnored,
    noextglob: true,
    strictBrackets: true,
  });
}

/** `[!…]` and `[^…]` mean the same; a bracket in a class is only itself. */
function characterClass(text: string): string {
  const inner = text.slice(1, -1).replace(/^!/, '^').replace(/[[\]]/g, '\\$&');
  return `[${inner}]`;
}

/**
 * What a pattern would be as several, were its commas outside `{}` separators: `*.jpg,*.txt`. undefined where it
 * has no such comma.
 */
export function splitAtCommas(pattern: string): string[] | undefined {
  const parts = [''];
  let depth = 0;
  for (const letter of pattern) {
    if (letter === '{') depth++;
    if (letter === '}') depth--;
    if (letter === ',' && depth === 0) parts.push('');
    else parts.push(`${parts.pop() ?? ''}${letter}`);
  }
  return parts.length > 1 ? parts.map(part => part.trim()).filter(part => part !== '') : undefined;
}

/** Whether a pattern is a list by all appearance: each part between its commas is a pattern of its own. */
export function looksLikeList(pattern: string): boolean {
  return splitAtCommas(pattern)?.every(part => /[*?]/.test(part)) ?? false;
}

/** Whether a pattern matches folders only: it ends with a slash. */
export function isFolderPattern(pattern: string): boolean {
  return /[\\/]$/.test(pattern);
}
