import { isFile, isUnknown, type LedgerRecord } from '../records.ts';
import type { Task } from '../task.ts';
import { csvLine } from './csv.ts';

export const EXPORT_FORMATS = ['jsonl', 'csv'] as const;
type ExportFormat = (typeof EXPORT_FORMATS)[number];

/** The fields of one record, in the order of the CSV's columns. A folder has a path, a bucket and a key only. */
const COLUMNS = ['path', 'size', 'mtime', 'hash', 'etag', 'bucket', 'key'] as const;

/** Lines handed out at a time. */
const BATCH = 1_000;

/**
 * Writes records as text: JSON lines, or CSV with a line of names first.
 * Records of objects whose content nobody recorded are left out.
 */
export function* exportText(
  records: Iterable<LedgerRecord>,
  { bucket, prefix }: Task,
  format: ExportFormat,
  onRecord: () => void,
): Generator<string> {
  let lines: string[] = format === 'csv' ? [csvLine(COLUMNS)] : [];
  for (const record of records) {
    if (isUnknown(record)) continue;
    lines.push(lineOf(record, bucket, prefix + record.path, format));
    onRecord();
    if (lines.length < BATCH) continue;
    yield lines.join('');
    lines = [];
  }
  yield lines.join('');
}

function lineOf(record: LedgerRecord, bucket: string, key: string, format: ExportFormat): string {
  const { path } = record;
  if (!isFile(record)) {
    return format === 'csv'
      ? csvLine([path, '', '', '', '', bucket, key])
      : `${JSON.stringify({ path, bucket, key })}\n`;
  }
  const { size, hash, etag } = record;
  // An mtime that a later change could hide behind is none to rely on.
  const isSettled = record.unsettledSince === 0 && !Number.isNaN(record.mtime);
  const mtime = isSettled ? record.mtime : undefined;
  if (format === 'csv') return csvLine([path, size, mtime ?? '', hash, etag, bucket, key]);
  return `${JSON.stringify({ path, size, mtime: mtime ?? null, hash, etag, bucket, key })}\n`;
}
