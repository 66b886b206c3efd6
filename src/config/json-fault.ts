import type { Problem } from './faults.ts';

export interface JsonFault {
  problem: Extract<
    Problem,
    'notJson' | 'jsonComment' | 'jsonTrailingComma' | 'jsonMissingComma' | 'jsonQuotes' | 'jsonWideMark'
  >;
  /** From 1. */
  line: number;
}

type Known = Exclude<JsonFault['problem'], 'notJson'>;

/** What people write where JSON allows nothing of the kind, each as it stands outside of strings. */
const MISTAKES: readonly (readonly [RegExp, Known])[] = [
  [/(?:\/\/|\/\*|#)/y, 'jsonComment'],
  [/,(?=\s*[}\]])/y, 'jsonTrailingComma'],
  [/['‘’“”`]/y, 'jsonQuotes'],
  [/[，：；｛｝【】]/y, 'jsonWideMark'],
];
const STRING = /"(?:[^"\\\n]|\\.)*"/y;
/** A value that the next one follows without a comma. */
const MISSING_COMMA = /(?:"|\d|\}|\]|true|false|null)(?=\s*\n\s*")/y;

/** What is wrong with a text that is not JSON, and where: the first mistake that can be told from its place. */
export function jsonFaultOf(text: string): JsonFault {
  for (let at = 0; at < text.length; ) {
    const known = MISTAKES.find(([pattern]) => matchAt(pattern, text, at) !== undefined);
    if (known) return { problem: known[1], line: lineAt(text, at) };
    const string = matchAt(STRING, text, at);
    // A string that does not end on its line: the parser's own line is as good as any.
    if (text[at] === '"' && string === undefined) break;
    const next = at + (string?.length ?? 1);
    if (matchAt(MISSING_COMMA, text, next - 1) !== undefined && !isName(text, next)) {
      return { problem: 'jsonMissingComma', line: lineAt(text, next - 1) };
    }
    at = next;
  }
  return { problem: 'notJson', line: lineOfError(text) };
}

/** Whether what ended there is a name, whose colon is missing. */
function isName(text: string, end: number): boolean {
  return matchAt(/\s*:/y, text, end) !== undefined;
}

function matchAt(pattern: RegExp, text: string, at: number): string | undefined {
  pattern.lastIndex = at;
  return pattern.exec(text)?.[0];
}

function lineAt(text: string, position: number): number {
  return text.slice(0, position).split('\n').length;
}

/** The first line that cannot be part of a JSON text: one that is fine so far fails only at its end. */
function lineOfError(text: string): number {
  const lines = text.trimEnd().split('\n');
  const line = lines.findIndex((_, index) => !canGoOn(`${lines.slice(0, index + 1).join('\n')}\n`));
  return line < 0 ? lines.length : line + 1;
}

function canGoOn(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch (error) {
    const { message } = error as Error;
    if (/^Unexpected end/.test(message)) return true;
    return Number(/position (\d+)/.exec(message)?.[1]) >= text.length;
  }
}
