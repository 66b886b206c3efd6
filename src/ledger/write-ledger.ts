import { dirname } from 'node:path';
import { makeFolder } from '../make-folder.ts';
import { removeFile, replaceFile, writeDatafile } from './datafile.ts';
import { baseOf, type Document, document, ENTRIES_PER_DOCUMENT, LEDGER_FORMAT } from './documents.ts';
import type { Task } from './task.ts';

/** What a new ledger holds. */
export interface Content {
  /** Lines of records, ascending by path, and how many they are. */
  sorted: Iterable<string>;
  count: number;
  log?: readonly string[];
  lastScan?: Document | undefined;
  generation?: number | undefined;
}

/**
 * Writes a ledger in the place of any there is: until the new one is whole and on the disk, the old one stands.
 * @throws the file system's error; the reason of `lost` when aborted
 */
export async function writeLedger(
  file: string,
  task: Task,
  content: Content,
  lost?: AbortSignal,
): Promise<void> {
  const unfinished = `${file}.new`;
  makeFolder(dirname(file));
  await removeFile(unfinished);
  await writeDatafile(unfinished, documentsOf(task, content, lost));
  lost?.throwIfAborted();
  await replaceFile(unfinished, file);
}

function* documentsOf(
  task: Task,
  { sorted, count, log = [], lastScan, generation }: Content,
  lost?: AbortSignal,
): Generator<Document> {
  const base = Math.ceil(count / ENTRIES_PER_DOCUMENT);
  yield { _id: 1, format: LEDGER_FORMAT, task, base, made: Date.now(), ...(generation && { generation }) };
  for (const piece of baseOf(sorted)) {
    lost?.throwIfAborted();
    yield piece;
  }
  if (log.length > 0) yield document(base + 2, 'log', log);
  if (lastScan) yield lastScan;
}
