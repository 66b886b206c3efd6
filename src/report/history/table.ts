import { join } from 'node:path';
import stringWidth from 'string-width';
import type { Operation } from '../../engine/listener.ts';
import type { PastRun } from '../../ledger/history.ts';
import { operationLine } from '../console.ts';
import { asClock, asLocalTime, grouped, inUnits } from '../units.ts';
import type { HistoryWords } from '../words/history.ts';
import { countsOf } from './counts.ts';

const GAP = '  ';

/** Past runs as a table, one a line; the target only where there are several. */
export function runTable(runs: readonly PastRun[], { columns }: HistoryWords): string {
  const hasTargets = new Set(runs.map(({ ledger }) => ledger)).size > 1;
  const heads = [
    ...[columns.run, columns.when, columns.status, columns.uploaded, columns.deleted],
    ...[columns.failed, columns.held, columns.unchanged, columns.bytes, columns.duration],
    ...(hasTargets ? [columns.target] : []),
  ];
  const rows = runs.map(run => {
    const { uploaded, deleted, failed, held, unchanged, bytes, duration } = countsOf(run);
    return [
      ...[String(run._id), asLocalTime(new Date(run.start_time)), run.op_status],
      ...[uploaded, deleted, failed, held, unchanged].map(grouped),
      ...[inUnits(bytes), asClock(duration)],
      ...(hasTargets ? [run.target] : []),
    ];
  });
  return aligned([heads, ...rows], [1, 2, 10]);
}

/** @param toLeft columns of text; numbers stand to the right */
function aligned(rows: readonly (readonly string[])[], toLeft: readonly number[]): string {
  const widths = (rows[0] ?? []).map((_, column) =>
    Math.max(...rows.map(row => stringWidth(row[column] ?? ''))),
  );
  const lines = rows.map(row =>
    row
      .map((cell, column) => {
        const space = ' '.repeat((widths[column] ?? 0) - stringWidth(cell));
        return toLeft.includes(column) ? cell + space : space + cell;
      })
      .join(GAP)
      .trimEnd(),
  );
  return `${lines.join('\n')}\n`;
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
    [columns.exitCode, String(run.exit_code)],
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
  if (failures.length === 0) return aligned(rows, [0, 1]);
  const more = counts.failed - run.errors.length;
  const tail = more > 0 ? `${words.moreFailures(more)}\n` : '';
  return `${aligned(rows, [0, 1])}\n${words.failures(counts.failed)}\n${failures.join('')}${tail}`;
}
