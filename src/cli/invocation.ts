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
  /** Aborted by the first SIGINT or SIGTERM, with an Interrupted as its reason. */
  signal: AbortSignal;
}
