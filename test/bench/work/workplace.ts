import type { Program } from '../program.ts';
import type { Row } from '../table.ts';

/** What every work is given. */
export interface Workplace {
  /** An empty folder under the system's temporary one; the bench removes it. */
  folder: string;
  /** Another one, in memory where there is room for it: what reads a tree should not wait for a disk. */
  trees: string;
  program: Program;
  rounds: number;
  /** Files of the largest tree; the others scale with it. */
  files: number;
  /** bytes of the one large file */
  largeSize: number;
  /** Prints what is going on to standard error. */
  say(text: string): void;
}

/** One kind of work, measured. */
export type Work = (workplace: Workplace) => Promise<Row[]>;
