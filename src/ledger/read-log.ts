import { decodeBegun, decodePart, decodeUpload, pathOf } from './codec.ts';
import { type Document, lineEnd } from './documents.ts';
import type { BegunRecord, PartRecord, UploadRecord } from './records.ts';

/** What a log says in the end. */
export interface LogState {
  /** Each path's last line, ascending by path: of a record, or of what leaves the path without one. */
  records: string[];
  uploads: Map<string, UploadRecord>;
  begun: Map<string, BegunRecord>;
  entries: number;
}

/** So many lines are brought into order at a time. */
const AT_ONCE = 50_000;

/** Reads the entries of a log: a first run may have left a million. */
export function readLog(documents: readonly Document[]): LogState {
  const sorted: string[] = [];
  const uploads = new Map<string, UploadRecord>();
  const begunLines = new Map<string, string>();
  let last = new Map<string, string>();
  let entries = 0;
  for (const line of logLines(documents)) {
    entries++;
    const path = pathOf(line);
    if (line.startsWith('u')) uploads.set(path, decodeUpload(line));
    else if (line.startsWith('p')) addPart(uploads, path, decodePart(line));
    else if (line.startsWith('x')) uploads.delete(path);
    else {
      if (line.startsWith('b')) begunLines.set(path, line);
      else begunLines.delete(path);
      last.set(path, line);
    }
    if (last.size < AT_ONCE) continue;
    addSorted(sorted, last);
    last = new Map();
  }
  addSorted(sorted, last);
  // Nearly all that was begun is recorded by now.
  const begun = new Map(Array.from(begunLines, ([path, line]) => [path, decodeBegun(line)]));
  return { records: lastOfEach(sorted), uploads, begun, entries };
}

/** Notes a part with its upload. */
export function addPart(uploads: Map<string, UploadRecord>, path: string, part: PartRecord): void {
  const upload = uploads.get(path);
  if (upload) (upload.parts as Map<number, PartRecord>).set(part.number, part);
}

function addSorted(lines: string[], last: ReadonlyMap<string, string>): void {
  for (const [, line] of [...last].sort(([a], [b]) => (a < b ? -1 : 1))) lines.push(line);
}

/** Puts stretches that are sorted, each for itself, in order; of a path's lines the last one stays. */
function lastOfEach(lines: string[]): string[] {
  lines.sort((a, b) => {
    const [one, other] = [pathOf(a), pathOf(b)];
    return one < other ? -1 : one === other ? 0 : 1;
  });
  let kept = 0;
  for (const [index, line] of lines.entries()) {
    const next = lines[index + 1];
    if (next === undefined || pathOf(next) !== pathOf(line)) lines[kept++] = line;
  }
  lines.length = kept;
  return lines;
}

function* logLines(documents: readonly Document[]): Generator<string> {
  for (const { kind, text = '' } of documents) {
    if (kind !== 'log' || text === '') continue;
    for (let start = 0, end = 0; start < text.length; start = end + 1) {
      end = lineEnd(text, start);
      yield text.slice(start, end);
    }
  }
}
