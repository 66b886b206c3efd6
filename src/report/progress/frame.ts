import { stripVTControlCharacters, styleText } from 'node:util';
import stringWidth from 'string-width';
import { asClock, grouped, inUnits } from '../units.ts';
import type { ProgressWords } from '../words/progress.ts';
import type { Snapshot, Tally } from './state.ts';

const MIN_BAR = 6;
const MAX_BAR = 40;
const GAP = '  ';

/** One line without colours, for a log or a file. */
export function progressLine(now: Snapshot, words: ProgressWords): string {
  if (now.phase === 'scanning') return words.scanning(grouped(now.scanned));
  return [...amounts(now, words), ...details(now, words)].join(', ');
}

/**
 * The live display: a bar and amounts, details, the operation that takes longest.
 * No line is wider than the terminal, whatever its width.
 * @param stream decides on colours: none where NO_COLOR says so
 */
export function frame(
  now: Snapshot,
  words: ProgressWords,
  columns: number,
  stream: NodeJS.WriteStream,
): string[] {
  // A full last column makes some terminals wrap.
  const width = Math.max(1, columns - 1);
  const colour = (style: 'cyan' | 'red' | 'gray', text: string) => styleText(style, text, { stream });
  if (now.phase === 'scanning') return [cut(words.scanning(grouped(now.scanned)), width)];
  const [percent = '', ...others] = amounts(now, words);
  const text = fittingParts([percent, ...others], width - MIN_BAR - 2).join(GAP) || cut(percent, width);
  const bar = now.isScanning ? 0 : Math.min(MAX_BAR, width - stringWidth(text) - 2);
  const lines = [bar >= MIN_BAR ? `${colour('cyan', barOf(now.share, bar))}  ${text}` : text];
  const [first = '', ...more] = fittingParts(details(now, words), width);
  if (first !== '') lines.push([now.failures > 0 ? colour('red', first) : first, ...more].join(GAP));
  if (now.oldest) lines.push(colour('gray', underWay(now.oldest, width)));
  return lines;
}

function amounts(now: Snapshot, words: ProgressWords): string[] {
  const { share, files, deletions, bytes } = now;
  const percent = `${String(Math.floor(share * 100)).padStart(3)}%`;
  const parts = [now.isScanning ? words.scanning(grouped(now.scanned)) : percent];
  const tally = (say: ProgressWords['files'], { done, total }: Tally) =>
    total > 0 && parts.push(say(grouped(done), grouped(total)));
  tally(words.files, files);
  if (bytes.total > 0) parts.push(`${inUnits(bytes.done)}/${inUnits(bytes.total)}`);
  tally(words.deletions, deletions);
  return parts;
}

/** What matters most comes first. */
function details(now: Snapshot, words: ProgressWords): string[] {
  const { bytesPerSecond, secondsLeft, inFlight, failures, retries } = now;
  const parts = [];
  if (failures > 0) parts.push(words.failures(grouped(failures)));
  if (now.bytes.total > 0) parts.push(`${inUnits(bytesPerSecond)}/s`);
  if (secondsLeft !== undefined) parts.push(words.left(asClock(secondsLeft)));
  if (inFlight > 0) parts.push(words.inFlight(grouped(inFlight)));
  if (retries > 0) parts.push(words.retries(grouped(retries)));
  return parts;
}

/** As many parts, from the first on, as there is room for. */
function fittingParts(parts: readonly string[], width: number): string[] {
  let count = 0;
  while (count < parts.length && stringWidth(parts.slice(0, count + 1).join(GAP)) <= width) count++;
  return parts.slice(0, count);
}

function barOf(share: number, width: number): string {
  const full = Math.round(share * width);
  return '█'.repeat(full) + '░'.repeat(width - full);
}

function underWay({ path, sent, bytes }: NonNullable<Snapshot['oldest']>, width: number): string {
  const percent = sent > 0 && bytes > 0 && width > 20 ? ` ${Math.floor((sent / bytes) * 100)}%` : '';
  return `${cutStart(path, width - percent.length)}${percent}`;
}

/** The beginning of a text, as wide as there is room for. */
function cut(text: string, width: number): string {
  let kept = '';
  for (const char of text) {
    if (stringWidth(kept + char) > width) break;
    kept += char;
  }
  return kept;
}

/** The end of a path tells more than its beginning. */
function cutStart(path: string, width: number): string {
  const clean = path.replace(/[\u0000-\u001f\u007f-\u009f]/g, '?');
  if (stringWidth(clean) <= width) return clean;
  let kept = '';
  for (const char of [...clean].reverse()) {
    if (stringWidth(char + kept) > width - 1) break;
    kept = char + kept;
  }
  return width > 0 ? `…${kept}` : '';
}

/** How many rows of a terminal a line takes. */
export function rowsOf(line: string, columns: number): number {
  return Math.max(1, Math.ceil(stringWidth(stripVTControlCharacters(line)) / Math.max(1, columns)));
}
