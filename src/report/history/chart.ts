import { shortCount } from '../units.ts';
import { escaped } from './html.ts';

export interface Series {
  name: string;
  /** A CSS class that gives the colour. */
  style: string;
  values: readonly number[];
}

export interface Chart {
  title: string;
  /** One a place on the time axis. */
  labels: readonly string[];
  /** What is shown when the mouse is over a place, above its values. */
  titles: readonly string[];
  /** Stacked upon each other. */
  series: readonly Series[];
  shown(value: number): string;
  /** Where the axis may have its marks. */
  steps: 'decimal' | 'bytes' | 'seconds';
  /** Said instead of bars where every value is zero. */
  nothing: string;
}

/** Room at the left for the longest mark in the letters that a phone needs. */
const WIDTH = 480;
const HEIGHT = 208;
const PLOT = { left: 92, right: 474, top: 14, bottom: 176 };
const MAX_BAR = 28;

/** A bar chart as SVG. */
export function chartSvg({ title, labels, titles, series, shown, steps, nothing }: Chart): string {
  const totals = labels.map((_, index) => series.reduce((sum, { values }) => sum + (values[index] ?? 0), 0));
  const highest = Math.max(0, ...totals);
  const marks = highest === 0 ? [0] : marksUpTo(highest, steps);
  const top = marks.at(-1) || 1;
  const y = (value: number) => PLOT.bottom - (value / top) * (PLOT.bottom - PLOT.top);
  const slot = (PLOT.right - PLOT.left) / Math.max(1, labels.length);
  const width = Math.min(MAX_BAR, slot * 0.8);
  const x = (index: number) => PLOT.left + slot * (index + 0.5) - width / 2;
  const bars = titles.map((heading, index) => {
    let below = 0;
    const parts = series.map(({ style, values }) => {
      const value = values[index] ?? 0;
      const bar =
        value === 0
          ? ''
          : `<rect class="${style}" x="${round(x(index))}" y="${round(y(below + value))}" width="${round(width)}" height="${round(Math.max(1, y(below) - y(below + value)))}"/>`;
      below += value;
      return bar;
    });
    const lines = series.map(({ name, values }) => `${name}: ${shown(values[index] ?? 0)}`);
    const area = `<rect class="area" x="${round(PLOT.left + slot * index)}" y="${PLOT.top}" width="${round(slot)}" height="${PLOT.bottom - PLOT.top}"/>`;
    return `<g><title>${escaped([heading, ...lines].join('\n'))}</title>${area}${parts.join('')}</g>`;
  });
  const grid = marks.map(
    mark =>
      `<line class="grid" x1="${PLOT.left}" x2="${PLOT.right}" y1="${round(y(mark))}" y2="${round(y(mark))}"/><text class="mark" x="${PLOT.left - 8}" y="${round(y(mark) + 4)}">${escaped(steps === 'decimal' ? shortCount(mark) : shown(mark).replace('.0 ', ' '))}</text>`,
  );
  const empty =
    highest === 0
      ? `<text class="nothing" x="${(PLOT.left + PLOT.right) / 2}" y="${(PLOT.top + PLOT.bottom) / 2}">${escaped(nothing)}</text>`
      : '';
  return `<svg viewBox="0 0 ${WIDTH} ${HEIGHT}" role="img" aria-label="${escaped(title)}">${grid.join('')}${bars.join('')}${timeAxis(labels)}${empty}</svg>`;
}

/** The first and the last label, and one between where there is room. */
function timeAxis(labels: readonly string[]): string {
  const last = labels.length - 1;
  const text = (index: number, x: number, anchor: string) =>
    `<text class="time ${anchor}" text-anchor="${anchor}" x="${x}" y="${PLOT.bottom + 23}">${escaped(shortened(labels[index] ?? ''))}</text>`;
  if (last < 0) return '';
  const middle = Math.floor(last / 2);
  return [
    text(0, PLOT.left, 'start'),
    ...(last > 5 ? [text(middle, (PLOT.left + PLOT.right) / 2, 'middle')] : []),
    ...(last > 0 ? [text(last, PLOT.right, 'end')] : []),
  ].join('');
}

/** Without the run's number and the seconds. */
function shortened(label: string): string {
  return label.replace(/^\d+ · /, '').replace(/(\d\d:\d\d):\d\d$/, '$1');
}

/** Even marks from zero to at least the highest value, at numbers that a person would choose. */
export function marksUpTo(highest: number, steps: Chart['steps']): number[] {
  const step = niceStep(highest / 4, steps);
  return Array.from({ length: Math.ceil(highest / step) + 1 }, (_, index) => index * step);
}

function niceStep(rough: number, steps: Chart['steps']): number {
  if (steps === 'seconds' && rough > 1) {
    const choices = [2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 14_400, 28_800, 86_400];
    const choice = choices.find(seconds => seconds >= rough);
    if (choice) return choice;
  }
  const base = steps === 'bytes' ? 1024 : 10;
  const unit = base ** Math.floor(Math.log(Math.max(1, rough)) / Math.log(base));
  const factors = steps === 'bytes' ? [1, 2, 5, 10, 20, 50, 100, 200, 256, 512, 1024] : [1, 2, 5, 10];
  return unit * (factors.find(factor => unit * factor >= rough) ?? base);
}

function round(value: number): number {
  return Math.round(value * 100) / 100;
}
