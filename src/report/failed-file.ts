import { appendFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import type { RunListener } from '../engine/listener.ts';
import { describe } from './describe.ts';
import { printableLines } from './printable.ts';
import type { ReportedError } from './summary.ts';
import type { Words } from './words/words.ts';
import { replaceable } from './write-file.ts';

/** Characters that are kept in memory before they are written. */
const BUFFER = 64 * 1024;

/** Every failure of a run, one JSON object a line, in a file that is in its place when the run is over. */
export interface FailedFile extends RunListener {
  add(error: ReportedError): void;
  /** Puts the file in its place; without a failure it is empty. */
  finish(): void;
}

/** @param onUnwritable is told the system's error code, once */
export function createFailedFile(
  file: string,
  words: Words,
  onUnwritable: (code: string) => void,
): FailedFile {
  let target: string | undefined;
  let unfinished = file;
  let waiting = '';
  let isBroken = false;

  function guarded(write: () => void): void {
    if (isBroken) return;
    try {
      write();
    } catch (error) {
      isBroken = true;
      if (target !== undefined) rmSync(unfinished, { force: true });
      onUnwritable((error as NodeJS.ErrnoException).code ?? '');
    }
  }

  function flush(): void {
    appendFileSync(unfinished, waiting);
    waiting = '';
  }

  function add(error: ReportedError): void {
    waiting += `${printableLines(JSON.stringify(error))}\n`;
    if (waiting.length >= BUFFER) guarded(flush);
  }

  guarded(() => {
    target = replaceable(file);
    if (target !== undefined) unfinished = `${target}.${process.pid}.tmp`;
    writeFileSync(unfinished, '');
  });
  return {
    add,
    failed: ({ operation, path, key, failure }) =>
      add({ op: operation, path, key, ...describe(failure, words) }),
    finish() {
      guarded(() => {
        flush();
        if (target !== undefined) renameSync(unfinished, target);
      });
    },
  };
}
