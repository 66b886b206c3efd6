import { appendFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { makeFolder } from '../make-folder.ts';
import { printableLines } from './printable.ts';

/** One line of the log, `time level event name=value …`; values that are undefined are left out. */
export function logLine(level: string, event: string, values: Readonly<Record<string, unknown>>): string {
  let line = `${new Date().toISOString()} ${level.padEnd(5)} ${event}`;
  for (const name in values) {
    if (values[name] !== undefined) line += ` ${name}=${quoted(values[name])}`;
  }
  return `${line}\n`;
}

function quoted(value: unknown): string {
  const text = String(value);
  return /^[\w.:/@+-]+$/.test(text) ? text : printableLines(JSON.stringify(text));
}

/** Logs what a user is not shown of an error that nobody foresaw, at once: the program may be at its end. */
export function logDefect(logFile: string, error: unknown): void {
  try {
    makeFolder(dirname(logFile));
    const values = { message: String(error), stack: (error as Error).stack };
    appendFileSync(logFile, logLine('error', 'unexpected', { run: '-', ...values }));
  } catch {
    // The error itself is told on the terminal.
  }
}
