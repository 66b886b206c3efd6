import { join } from 'node:path';
import type { Operation, RunListener } from '../engine/listener.ts';
import { describe } from './describe.ts';
import { printable } from './printable.ts';
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
  isInteractive: boolean;
}

const NAME_WIDTH = 13;

export function createTerminal(): Terminal {
  return {
    out: text => void process.stdout.write(text),
    err: text => void process.stderr.write(text),
    isInteractive: process.stdout.isTTY === true && process.stderr.isTTY === true,
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

/** Says what a user should know and no statistic tells. */
export function warnings(terminal: Terminal, words: Words): RunListener {
  return {
    skipped: (path, failure) =>
      terminal.err(`${words.warnings.skipped(printable(path), describe(failure, words).message)}\n`),
    held: (count, reason, limit) => terminal.err(`${words.held[reason](count, limit)}\n`),
  };
}
