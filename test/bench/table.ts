import type { Cost } from './measure.ts';

/** In the languages of the two manuals. */
export interface Words {
  en: string;
  zh: string;
}

export type Language = keyof Words;

/** One line of the table. */
export interface Row {
  work: Words;
  program: string | Words;
  cost: Cost;
  /** Of the work, for its rate: files, or bytes. */
  amount?: { count: number; unit: 'files/s' | 'MB/s' };
  /** The line that this one is compared with. */
  against?: { name: string; cost: Cost } | undefined;
  note?: Words;
}

const HEAD: Readonly<Record<Language, readonly string[]>> = {
  en: ['work', 'program', 'time', 'rate', 'CPU', 'server CPU', 'peak memory', 'compared', ''],
  zh: ['任务', '程序', '耗时', '速率', 'CPU', '服务端 CPU', '内存峰值', '对比', ''],
};

/** A number as both manuals write it. */
export function counted(number: number): string {
  return number.toLocaleString('en');
}

/** A table in Markdown, as it stands in a manual. */
export function table(rows: readonly Row[], language: Language): string {
  const head = HEAD[language];
  const lines = [head, head.map(() => '---'), ...rows.map(row => cells(row, language))];
  return lines.map(line => `| ${line.join(' | ')} |`).join('\n');
}

function cells(row: Row, language: Language): string[] {
  const { work, program, cost, amount, against, note } = row;
  const { wall, cpu, peakMemory, serverCpu = 0 } = cost;
  return [
    work[language],
    typeof program === 'string' ? program : program[language],
    wall < 1 ? `${Math.round(wall * 1000)} ms` : `${wall.toFixed(2)} s`,
    amount ? rate(amount, wall, language) : '',
    `${cpu.toFixed(2)} s`,
    serverCpu > 0 ? `${serverCpu.toFixed(2)} s` : '',
    `${Math.round(peakMemory / 1_000_000)} MB`,
    against ? `${ratio(cost, against.cost)} × ${against.name}` : '',
    note?.[language] ?? '',
  ];
}

function rate({ count, unit }: NonNullable<Row['amount']>, wall: number, language: Language): string {
  if (unit === 'MB/s') return `${counted(Math.round(count / 1_000_000 / wall))} MB/s`;
  return `${counted(Math.round(count / wall))} ${language === 'zh' ? '个/秒' : 'files/s'}`;
}

/** Of the medians, with the least and the most of the single turns. */
function ratio(cost: Cost, other: Cost): string {
  const middle = (cost.wall / other.wall).toFixed(2);
  const { walls = [] } = cost;
  if (walls.length < 2 || walls.length !== other.walls?.length) return middle;
  const ratios = walls.map((wall, turn) => wall / other.walls![turn]!);
  return `${middle} (${Math.min(...ratios).toFixed(2)}–${Math.max(...ratios).toFixed(2)})`;
}
