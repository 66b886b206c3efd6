import { Failure } from '../failure.ts';
import { printable } from './printable.ts';
import type { Words } from './words/words.ts';

/** A failure in words: the code that runbooks know, and what to do. */
export interface Description {
  code: string;
  message: string;
}

/**
 * The original's numbers stand in front where it had one, so that old runbooks still match:
 * -3 connection timeout, -71 too many requests, -4024 COS's internal error.
 */
export function describe(failure: Failure, words: Words): Description {
  const hint = hasRemedy(failure.code, words) ? words.failures[failure.code] : words.kinds[failure.kind];
  const detail = failure.message && failure.message !== failure.code ? ` (${oneLine(failure.message)})` : '';
  const need = failure.action === undefined ? '' : `: ${words.needs(failure.action)}`;
  const said = `${hint}${need}${detail}`;
  const { kind } = failure;
  const code = printable(failure.code);
  if (kind === 'unreachable') return { code: '-3', message: `connection timeout: ${code}: ${said}` };
  if (kind === 'throttled') return { code: '-71', message: `${code}: ${said}` };
  if (code === 'InternalError') return { code: '-4024', message: `ErrOffGoBack, ${code}: ${said}` };
  return { code, message: said };
}

/** The code of what ended a command before it was through. */
export function codeOfEnd(error: Error, words: Words): string {
  return error instanceof Failure ? describe(error, words).code : error.name;
}

function hasRemedy(code: string, { failures }: Words): code is keyof Words['failures'] {
  return Object.hasOwn(failures, code);
}

function oneLine(text: string): string {
  const line = printable(text.replace(/\s+/g, ' ').trim());
  return line.length > 300 ? `${line.slice(0, 299)}…` : line;
}
