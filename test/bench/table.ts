import type { Cost } from './measure.ts';

/** One line of the table. */
export interface Row {
  work: string;
  program: string;
  cost: Cost;
  /** Of the work, for its rate: files, or bytes. */
  amount?: { count: number; unit: 'files/s' | 'MB/s' };
  /** The line that this one is compared with. */
  against?: { name: string; cost: Cost };
  note?: string;
}

const HEAD = ['work', 'program', 'time', 'rate', 'CPU', 'server CPU', 'peak memory', 'compared', ''];

/** A table in Markdown that reads well on a terminal too. */
export function table(rows: readonly Row[]): string {
  const lines = [HEAD, ...rows.map(cells)];
  const widths = HEAD.map((_, column) => Math.max(...lines.map(line => line[column]?.length ?? 0)));
  const text = lines.map(
    line => `| ${line.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join(' | ')} |`,
  );
  text.splice(1, 0, `|${widths.map(width => '-'.repeat(width + 2)).join('|')}|`);
  return text.join('\n');
}

function cells({ work, program, cost, amount, against, note = '' }: Row): string[] {
  const { wall, cpu, peakMemory, serverCpu = 0 } = cost;
  return [
    work,
    program,
    wall < 1 ? `${Math.round(wall * 1000)} ms` : `${wall.toFixed(2)} s`,
    amount ? rate(amount, wall) : '',
    `${cpu.toFixed(2)} s`,
    serverCpu > 0 ? `${serverCpu.toFixed(2)} s` : '',
    `${Math.round(peakMemory / 1_000_000)} MB`,
    against ? `${(wall / against.cost.wall).toFixed(2)} × ${against.name}` : '',
    note,
  ];
}

function rate({ count, unit }: NonNullable<Row['amount']>, wall: number): string {
  const value = unit === 'MB/s' ? count / 1_000_000 / wall : count / wall;
  return `${Math.round(value).toLocaleString('en')} ${unit}`;
}
