import { join } from 'node:path';
import stringWidth from 'string-width';
import type { Operation } from '../../engine/listener.ts';
import type { PastRun } from '../../ledger/history.ts';
import { operationLine } from '../console.ts';
import { asClock, asLocalTime, grouped, inUnits, shortCount, shortUnits } from '../units.ts';
import type { HistoryWords } from '../words/history.ts';
import { countsOf } from './counts.ts';

/** Of a terminal that nobody made wider. */
const COLUMNS = 80;
export const STATUS_COLUMN = 2;

/** Past runs as a table, one a line; what there is to say of a run beside its numbers stands below it. */
export function runTable(runs: readonly PastRun[], words: HistoryWords): string {
  const hasHeld = runs.some(run => run.deletes_held > 0);
  const hasTargets = new Set(runs.map(({ ledger }) => ledger)).size > 1;
  const rows = runs.map(run => cellsOf(run, hasHeld));
  const [head = '', ...lines] = alignedLines([headsOf(words, hasHeld), ...rows], [1, STATUS_COLUMN]);
  const indent = ' '.repeat(NOTE_INDENT);
  const notes = runs.map(run => [
    ...(hasTargets ? [`${run.local_path} → ${run.target}`] : []),
    ...(run.interrupted_by ? [words.interrupted(run.interrupted_by, run.exit_code)] : []),
  ]);
  const all = lines.flatMap((line, index) => [line, ...(notes[index] ?? []).map(note => indent + note)]);
  return `${[head, ...all].join('\n')}\n`;
}

const NOTE_INDENT = 6;

export function headsOf({ columns }: HistoryWords, hasHeld: boolean): string[] {
  return [
    ...[columns.run, columns.when, columns.status, columns.uploaded, columns.deleted, columns.failed],
    ...[...(hasHeld ? [columns.held] : []), columns.bytes, columns.duration],
  ];
}

export function cellsOf(run: PastRun, hasHeld: boolean): string[] {
  const { uploaded, deleted, failed, held, bytes, duration } = countsOf(run);
  return [
    // Without seconds: they would make the line too long.
    ...[String(run._id), asLocalTime(new Date(run.start_time)).slice(0, -3), run.op_status],
    ...[uploaded, deleted, failed, ...(hasHeld ? [held] : [])].map(shortCount),
    ...[shortUnits(bytes), asClock(duration)],
  ];
}

/** @param toLeft columns of text; numbers stand to the right */
export function alignedLines(rows: readonly (readonly string[])[], toLeft: readonly number[]): string[] {
  const widths = (rows[0] ?? []).map((_, column) =>
    Math.max(...rows.map(row => stringWidth(row[column] ?? ''))),
  );
  const width = widths.reduce((sum, each) => sum + each + 2, -2);
  const gap = width <= COLUMNS ? '  ' : ' ';
  return rows.map(row =>
    row
      .map((cell, column) => {
        const space = ' '.repeat((widths[column] ?? 0) - stringWidth(cell));
        return toLeft.includes(column) ? cell + space : space + cell;
      })
      .join(gap)
      .trimEnd(),
  );
}

/** One past run with its failures. */
export function runDetails(run: PastRun, words: HistoryWords): string {
  const { columns } = words;
  const counts = countsOf(run);
  const rows = [
    [columns.run, String(run._id)],
    [columns.when, asLocalTime(new Date(run.start_time))],
    [columns.folder, run.local_path],
    [columns.target, run.target],
    [columns.status, run.op_status],
    [
      columns.exitCode,
      run.interrupted_by ? words.interrupted(run.interrupted_by, run.exit_code) : String(run.exit_code),
    ],
    [columns.uploaded, grouped(counts.uploaded)],
    [columns.deleted, grouped(counts.deleted)],
    [columns.failed, grouped(counts.failed)],
    [columns.held, grouped(counts.held)],
    [columns.unchanged, grouped(counts.unchanged)],
    [columns.bytes, inUnits(counts.bytes)],
    [columns.duration, asClock(counts.duration)],
  ];
  const failures = run.errors.map(({ op, path, code, message }) =>
    op === ''
      ? `${message}\n`
      : operationLine('fail', op as Operation, join(run.local_path, path), ` code: ${code}, ${message}`),
  );
  const table = `${alignedLines(rows, [0, 1]).join('\n')}\n`;
  if (failures.length === 0) return table;
  const more = counts.failed - run.errors.length;
  const tail = more > 0 ? `${words.moreFailures(more)}\n` : '';
  return `${table}\n${words.failures(counts.failed)}\n${failures.join('')}${tail}`;
}
