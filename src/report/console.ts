import { join } from 'node:path';
import { styleText } from 'node:util';
import type { Operation, RunListener } from '../engine/listener.ts';
import { describe } from './describe.ts';
import { printable, printableLines } from './printable.ts';
import type { Words } from './words/words.ts';

/** How much is printed, and as what. */
export interface Style {
  json: boolean;
  quiet: boolean;
  verbose: boolean;
  progress: boolean;
}

/** Where a run is printed to: standard output for results, standard error for all else. */
export interface Terminal {
  out(text: string): void;
  err(text: string): void;
  /** A warning, to standard error: yellow where there are colours. */
  warn(text: string): void;
  /** To standard output: for a program or a file exactly as it is. */
  data(text: string): void;
  /** To standard error, in the place of the status before; an empty one takes it away. Only where it is interactive. */
  status(text: string): void;
  isInteractive: boolean;
}

const NAME_WIDTH = 13;

/**
 * The program's own terminal. Whatever is printed, and whoever wrote it: no control character of it reaches
 * the terminal, so that a file's name or a server's message cannot steer it. Output that nobody takes is no reason to stop a backup.
 * @param onUnwritable is told the system's error code, once; a reader that went away (`cos_sync | head`) is none
 */
export function createTerminal(onUnwritable: (code: string) => void): Terminal {
  const out = writer(process.stdout, onUnwritable);
  const err = writer(process.stderr, () => {});
  return {
    out: text => out(withRedFailures(printableLines(text))),
    err: text => err(printableLines(text)),
    warn: text => err(printableLines(text).replace(/.+/g, line => coloured('yellow', line, process.stderr))),
    data: text => out(process.stdout.isTTY ? printableLines(text) : text),
    status: text => err(`\r${printable(text)}\u001b[K`),
    isInteractive: process.stdout.isTTY === true && process.stderr.isTTY === true,
  };
}

/** The tag of an operation, or of a check, that failed. */
function withRedFailures(text: string): string {
  return text
    .replace(/^(?:\[fail\]|fail(?= {2}))/gm, tag => coloured('red', tag, process.stdout))
    .replace(/^warn(?= {2})/gm, tag => coloured('yellow', tag, process.stdout));
}

/** As it is where the stream is no terminal, or NO_COLOR asks for none. */
function coloured(style: 'red' | 'yellow', text: string, stream: NodeJS.WriteStream): string {
  return styleText(style, text, { stream });
}

/** A full disk is told by an event or, where writes are synchronous, by the write itself. */
function writer(stream: NodeJS.WriteStream, onUnwritable: (code: string) => void): (text: string) => void {
  let isBroken = false;
  const giveUp = ({ code = '' }: NodeJS.ErrnoException) => {
    if (!isBroken && code !== 'EPIPE') onUnwritable(code);
    isBroken = true;
  };
  stream.on('error', giveUp);
  return text => {
    if (isBroken) return;
    try {
      stream.write(text);
    } catch (error) {
      giveUp(error as NodeJS.ErrnoException);
    }
  };
}

/** The original's line of one operation: `[ok]   [   uploadFile] [/local/path]`. */
export function operationLine(tag: string, operation: Operation, path: string, more = ''): string {
  return `${`[${tag}]`.padEnd(6)} [${operation.padStart(NAME_WIDTH)}] [${printable(path)}]${more}\n`;
}

/** Prints each operation as one line. */
export function operationLines(
  terminal: Terminal,
  words: Words,
  root: string,
  options: { dryRun: boolean; failuresOnly: boolean },
): RunListener {
  const failures: RunListener = {
    failed({ operation, path, failure }) {
      const { code, message } = describe(failure, words);
      terminal.out(operationLine('fail', operation, join(root, path), ` code: ${code}, ${message}`));
    },
  };
  if (options.failuresOnly) return failures;
  return {
    ...failures,
    done({ operation, path, movedFrom }) {
      const more = movedFrom === undefined ? '' : ` ${words.run.movedFrom(printable(join(root, movedFrom)))}`;
      const tag = options.dryRun ? words.run.would : 'ok';
      terminal.out(operationLine(tag, operation, join(root, path), more));
    },
  };
}

/** Prints each operation of a dry run as one JSON object a line. */
export function plannedJson(terminal: Terminal): RunListener {
  return {
    done({ operation, path, key, bytes, reason, movedFrom }) {
      const planned = { op: operation, path, key, bytes, reason, moved_from: movedFrom };
      terminal.out(`${JSON.stringify(planned)}\n`);
    },
  };
}

/** Says what a user should know and no statistic tells. What is skipped each time is only said where lines are. */
export function warnings(
  terminal: Terminal,
  words: Words,
  root: string,
  { quiet }: Pick<Style, 'quiet'>,
): RunListener {
  return {
    skipped(path, failure) {
      if (quiet) return;
      const { message } = describe(failure, words);
      terminal.warn(`${words.warnings.skipped(printable(join(root, path)), message)}\n`);
    },
    grew: path => terminal.warn(`${words.warnings.grew(printable(join(root, path)))}\n`),
    held: ({ count, reason, limit, place }) =>
      terminal.warn(`${words.held[reason](count, limit, printable(join(root, place)))}\n`),
  };
}
