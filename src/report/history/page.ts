import type { PastRun } from '../../ledger/history.ts';
import { asClock, asLocalTime, grouped, inUnits } from '../units.ts';
import type { HistoryWords } from '../words/history.ts';
import { type Bar, barsOf } from './bars.ts';
import { type Chart, chartSvg } from './chart.ts';
import { countsOf } from './counts.ts';
import { escaped } from './html.ts';
import { PAGE_STYLE } from './page-style.ts';

const RUNS_IN_TABLE = 100;
const ERRORS_IN_TABLE = 20;

/**
 * Past runs as one HTML page with charts. It needs nothing but itself, and asks the network for nothing.
 * @param runs oldest first, at least one
 */
export function historyPage(runs: readonly PastRun[], words: HistoryWords, language: string): string {
  const { page } = words;
  const from = asLocalTime(new Date(runs[0]?.start_time ?? 0));
  const to = asLocalTime(new Date(runs.at(-1)?.end_time ?? 0));
  const targets = [...new Set(runs.map(placeOf))];
  return `<!doctype html>
<html lang="${language}">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<title>${escaped(page.title)}</title>
<style>${PAGE_STYLE}</style>
</head>
<body><main>
<h1>${escaped(page.title)}</h1>
<p class="lede">${[page.lede(grouped(runs.length), from, to), ...targets].map(escaped).join('<br>')}</p>
${tiles(runs, words)}
${charts(runs, words)}
${table(runs.slice(-RUNS_IN_TABLE).reverse(), words, targets.length > 1)}
</main></body>
</html>
`;
}

function placeOf({ local_path, target }: PastRun): string {
  return `${local_path} → ${target}`;
}

function tiles(runs: readonly PastRun[], { page }: HistoryWords): string {
  const last = runs.at(-1);
  const success = runs.findLast(({ exit_code }) => exit_code === 0);
  const sum = (pick: (run: PastRun) => number) => runs.reduce((total, run) => total + pick(run), 0);
  const tile = (name: string, value: string, note = '', style = '') =>
    `<div class="card tile"><span>${escaped(name)}</span><b class="${style}">${escaped(value)}</b><span>${escaped(note)}</span></div>`;
  const when = (run: PastRun | undefined) => (run ? asLocalTime(new Date(run.end_time)) : page.never);
  const failed = sum(run => countsOf(run).failed);
  return `<div class="tiles">${[
    tile(page.lastRun, last?.op_status ?? '', when(last), last?.op_status),
    tile(page.lastSuccess, when(success).split(' ')[0] ?? '', when(success).split(' ')[1]),
    tile(
      page.totalUploaded,
      inUnits(sum(run => run.upload_bytes)),
      `${page.files}: ${grouped(sum(run => run.upload_file_ok))}`,
    ),
    tile(page.totalFailed, grouped(failed), '', failed > 0 ? 'ALL_FAIL' : ''),
  ].join('')}</div>`;
}

function charts(runs: readonly PastRun[], words: HistoryWords): string {
  const { columns, page } = words;
  const { bars, each, isEachRun } = barsOf(runs, words);
  const labels = bars.map(({ label }) => label);
  const titles = isEachRun ? labels : bars.map(bar => `${bar.label} · ${page.runsInBar(bar.runs)}`);
  const values = (pick: (bar: Bar) => number) => bars.map(pick);
  const common = { labels, titles, nothing: page.nothing, steps: 'decimal', shown: grouped } as const;
  const all: Chart[] = [
    {
      ...common,
      title: columns.bytes,
      steps: 'bytes',
      shown: inUnits,
      series: [{ name: columns.bytes, style: 'blue', values: values(({ bytes }) => bytes) }],
    },
    {
      ...common,
      title: page.files,
      series: [
        { name: columns.uploaded, style: 'blue', values: values(({ uploaded }) => uploaded) },
        { name: columns.deleted, style: 'violet', values: values(({ deleted }) => deleted) },
      ],
    },
    {
      ...common,
      title: columns.failed,
      series: [{ name: columns.failed, style: 'red', values: values(({ failed }) => failed) }],
    },
    {
      ...common,
      title: columns.duration,
      steps: 'seconds',
      shown: asClock,
      series: [{ name: columns.duration, style: 'teal', values: values(({ duration }) => duration) }],
    },
  ];
  return `<div class="charts">${all.map(chart => figure(chart, each)).join('')}</div>`;
}

function figure(chart: Chart, each: string): string {
  const keys = chart.series.map(
    ({ name, style }) => `<span class="note key ${style}">${escaped(name)}</span>`,
  );
  const note = `<span class="note">${escaped(each)}</span>`;
  const caption = `<figcaption><h2>${escaped(chart.title)}</h2>${keys.length > 1 ? keys.join('') : ''}${note}</figcaption>`;
  return `<figure class="card">${caption}${chartSvg(chart)}</figure>`;
}

function table(runs: readonly PastRun[], words: HistoryWords, hasTargets: boolean): string {
  const { columns, page } = words;
  const heads = [
    ...[columns.run, columns.when, columns.status, columns.uploaded, columns.deleted, columns.failed],
    ...[columns.held, columns.unchanged, columns.bytes, columns.duration],
    ...(hasTargets ? [columns.target] : []),
  ];
  const toLeft = [1, 2, 10];
  const head = heads.map(
    (name, index) => `<th${toLeft.includes(index) ? ' class="left"' : ''}>${escaped(name)}</th>`,
  );
  const rows = runs.map(run => row(run, heads.length, words, hasTargets));
  return `<div class="card"><h2>${escaped(page.latestRuns(runs.length))}</h2><div class="scroll"><table><thead><tr>${head.join('')}</tr></thead><tbody>${rows.join('')}</tbody></table></div></div>`;
}

function row(run: PastRun, width: number, words: HistoryWords, hasTarget: boolean): string {
  const { uploaded, deleted, failed, held, unchanged, bytes, duration } = countsOf(run);
  const cell = (text: string, style = '') => `<td class="${style}">${escaped(text)}</td>`;
  const number = (count: number, isBad = false) => cell(grouped(count), isBad && count > 0 ? 'bad' : '');
  const cells = [
    cell(String(run._id)),
    cell(asLocalTime(new Date(run.start_time)), 'left'),
    statusCell(run, words),
    ...[number(uploaded), number(deleted), number(failed, true), number(held, true), number(unchanged)],
    ...[cell(inUnits(bytes)), cell(asClock(duration))],
    ...(hasTarget ? [cell(placeOf(run), 'left')] : []),
  ];
  return `<tr>${cells.join('')}</tr>${errorsRow(run, width, words)}`;
}

function statusCell({ op_status, interrupted_by, exit_code }: PastRun, words: HistoryWords): string {
  const why = interrupted_by === undefined ? '' : words.interrupted(interrupted_by, exit_code);
  const note = why === '' ? '' : `<br><span class="note">${escaped(why)}</span>`;
  return `<td class="left ${escaped(op_status)}">${escaped(op_status)}${note}</td>`;
}

function errorsRow({ errors }: PastRun, width: number, words: HistoryWords): string {
  if (errors.length === 0) return '';
  const items = errors.slice(0, ERRORS_IN_TABLE).map(({ path, code, message }) => {
    return `<li>${escaped([path, code, message].filter(text => text !== '').join(' · '))}</li>`;
  });
  const more = errors.length - items.length;
  if (more > 0) items.push(`<li>${escaped(words.moreFailures(more))}</li>`);
  return `<tr><td class="errors" colspan="${width}"><details><summary>${escaped(words.failures(errors.length))}</summary><ul>${items.join('')}</ul></details></td></tr>`;
}
