import { looksLikeList, splitAtCommas } from '../config/pattern.ts';
import type { RunListener } from '../engine/listener.ts';
import type { Style, Terminal } from './console.ts';
import { printable } from './printable.ts';
import type { Words } from './words/words.ts';

type Overrides = Readonly<Record<string, unknown>>;

/** Warns before a run of patterns that were meant as several: what was to stay here would be uploaded. */
export function listWarnings(
  config: { include: readonly string[]; exclude: readonly string[] },
  overrides: Overrides,
  { warnings }: Words,
): string[] {
  return (['include', 'exclude'] as const).flatMap(key =>
    config[key]
      .filter(looksLikeList)
      .map(pattern =>
        printable(warnings.patternIsList(nameOf(key, overrides), pattern, listOf(pattern) ?? '')),
      ),
  );
}

/**
 * Says at the end of a run which patterns had no effect.
 * @param said what was said by earlier rounds of a daemon, which need not say it again
 */
export function unmatchedPatterns(
  terminal: Terminal,
  words: Words,
  { quiet }: Pick<Style, 'quiet'>,
  overrides: Overrides,
  said: Set<string>,
): RunListener {
  const { patternUnmatched, includeLeavesNoFile } = words.warnings;
  const say = (line: string) => {
    if (!said.has(line)) terminal.warn(`${printable(line)}\n`);
    said.add(line);
  };
  return {
    unmatched({ leavesNoFile, ...patterns }) {
      for (const key of ['include', 'exclude'] as const) {
        if (quiet) continue;
        const name = nameOf(key, overrides);
        for (const pattern of patterns[key]) say(patternUnmatched(name, pattern, listOf(pattern)));
      }
      if (leavesNoFile) say(includeLeavesNoFile(nameOf('include', overrides)));
    },
  };
}

function nameOf(key: 'include' | 'exclude', overrides: Overrides): string {
  return key in overrides ? `--${key}` : key;
}

function listOf(pattern: string): string | undefined {
  const parts = splitAtCommas(pattern);
  return parts && `[${parts.map(part => JSON.stringify(part)).join(', ')}]`;
}
