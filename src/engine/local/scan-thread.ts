/** The program of a thread that reads folders: it is told several at a time, and answers of all together. */
import { parentPort, workerData } from 'node:worker_threads';
import { isSystemError } from '../../failure.ts';
import { createFilter, type FilterDefinition, type Unmatched } from './filter.ts';
import { immediateLooks } from './looks.ts';
import { type Facts, type Folder, factsIn, type Listing, readFiles, readFolder } from './read-folder.ts';
import { FILES_AT_ONCE } from './reading.ts';

/** What a thread needs to know of the scan. */
export interface ThreadRules {
  filter: FilterDefinition;
  symlinks: 'follow' | 'skip';
}

/** A reading as a thread is told it. */
export interface Question {
  folder: Folder;
  /** Its names joined by NUL; undefined where the folder is to be listed. */
  piece: { names: string; links: number[] } | undefined;
}

/** A listing as a thread answers it: its names joined by NUL, which no name can hold. */
export type ListingInOne = Omit<Listing, 'names'> & { names: string };

export type Answer =
  | { found: ListingInOne | Facts; looks: number; ms: number }
  | { code: string; message: string };

/** Answers that pass together: all their numbers in one piece, which costs a tenth of many. */
export interface Answers {
  answers: Answer[];
  numbers: Float64Array;
  /** How many of them are of each answer. */
  counts: number[];
  /** Of the thread's filter. */
  unmatched: Unmatched;
}

const NO_NUMBERS = new Float64Array();
const { filter, symlinks } = workerData as ThreadRules;
const rules = { filter: createFilter(filter), symlinks };

parentPort?.on('message', async (questions: Question[]) => {
  const answers: Answer[] = [];
  for (const question of questions) answers.push(await answerTo(question));
  parentPort?.postMessage(packed(answers));
});

// Until then it would be given work that it cannot begin.
parentPort?.postMessage('ready');

async function answerTo({ folder, piece }: Question): Promise<Answer> {
  const progress = { looks: 0 };
  const start = performance.now();
  try {
    const found = await (piece === undefined
      ? readFolder(immediateLooks, rules, folder, FILES_AT_ONCE, progress).then(joined)
      : readFiles(immediateLooks, rules, folder, { ...piece, names: piece.names.split('\0') }, progress));
    return { found, looks: progress.looks, ms: performance.now() - start };
  } catch (error) {
    if (!isSystemError(error)) throw error;
    return { code: error.code ?? 'LocalError', message: error.message };
  }
}

function joined(listing: Listing): ListingInOne {
  return { ...listing, names: listing.names.join('\0') };
}

function packed(answers: Answer[]): Answers {
  const all = answers.map(answer => ('found' in answer && factsIn(answer.found)) || { numbers: NO_NUMBERS });
  const counts = all.map(facts => facts.numbers.length);
  const numbers = new Float64Array(counts.reduce((sum, count) => sum + count, 0));
  let at = 0;
  for (const facts of all) {
    numbers.set(facts.numbers, at);
    at += facts.numbers.length;
    facts.numbers = NO_NUMBERS;
  }
  return { answers, numbers, counts, unmatched: rules.filter.unmatched() };
}
