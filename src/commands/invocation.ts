import type { Home } from '../config/home.ts';
import type { Style, Terminal } from '../report/console.ts';
import type { Words } from '../report/words/words.ts';

/** What every command is given: how it was called, and where it may write. */
export interface Invocation {
  home: Home;
  words: Words;
  terminal: Terminal;
  style: Style;
  /** Values by config key, from the command line. */
  overrides: Readonly<Record<string, unknown>>;
  /** Aborted by the first SIGINT or SIGTERM, with a Interrupted as its reason. */
  signal: AbortSignal;
}

/** Why the signal of an invocation was aborted. */
export class Interrupted extends Error {
  readonly signalName: string;
  /** 128 + the signal's number, as a shell tells it. */
  readonly exitCode: number;

  constructor(signalName: string, exitCode: number) {
    super(`interrupted by ${signalName}`);
    this.name = 'Interrupted';
    this.signalName = signalName;
    this.exitCode = exitCode;
  }
}
