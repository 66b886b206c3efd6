import type { Ledger } from '../../ledger/ledger.ts';
import { isFile, unknownContent } from '../../ledger/records.ts';

/** A ledger, and how many of its records were taken over. */
export interface Adopted {
  records: number;
  file: string;
}

export interface Taking {
  takes(path: string): boolean;
  /** Paths that the ledger has a record of; undefined where no other says anything of these. */
  known: Set<string> | undefined;
}

/**
 * Takes over from another ledger, which was opened to be read, what this one does not know: records, uploads in
 * parts, and what was begun.
 * @returns how many records were new
 */
export function takeOver(ledger: Ledger, other: Ledger, { takes, known }: Taking): number {
  let records = 0;
  for (const record of other.records()) {
    const { path } = record;
    if (known?.has(path) || !takes(path)) continue;
    // A run of this ledger may have brought another content to COS.
    ledger.put(isFile(record) && ledger.begun.has(path) ? unknownContent(path) : record);
    known?.add(path);
    records++;
  }
  for (const upload of other.uploads.values()) {
    if (takes(upload.path) && !ledger.uploads.has(upload.path)) ledger.putUpload(upload);
  }
  for (const { path, begun } of other.begun.values()) {
    if (takes(path) && !known?.has(path) && !ledger.begun.has(path)) ledger.putBegun({ path, begun });
  }
  return records;
}
