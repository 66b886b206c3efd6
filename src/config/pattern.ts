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

/** Whether a pattern matches folders only: it ends with a slash. */
export function isFolderPattern(pattern: string): boolean {
  return /[\\/]$/.test(pattern);
}
