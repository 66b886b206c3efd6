import type { RunListener } from '../../engine/listener.ts';
import type { Style, Terminal } from '../console.ts';
import type { ProgressWords } from '../words/progress.ts';
import { createProgressState, type ProgressState } from './state.ts';

/** ms between two pictures of the live display, and between two lines where there is no terminal */
const INTERVALS = { frame: 200, line: 10_000 };
/** ms before the live display appears: a run that has nothing to do shows none */
const FIRST_FRAME = 300;

/** Shows on standard error how far a run is. */
export interface Progress {
  listener: RunListener;
  /** The terminal given, in a way that what is printed there and the display do not run into each other. */
  terminal: Terminal;
  /** Whether the display takes the place of a line for each operation. */
  isLive: boolean;
  /** Takes the display away. */
  stop(): void;
}

/** A live display where a person looks on, a line now and then elsewhere, nothing where none is wanted. */
export function createProgress(
  terminal: Terminal,
  words: ProgressWords,
  style: Style,
  intervals: Partial<typeof INTERVALS> = {},
): Progress {
  const { frame, line } = { ...INTERVALS, ...intervals };
  const isWanted = style.progress && !style.quiet;
  const canRedraw = terminal.isInteractive && process.env.TERM !== 'dumb';
  if (!isWanted) return { listener: {}, terminal, isLive: false, stop() {} };
  const state = createProgressState(() => performance.now());
  return canRedraw && !style.verbose
    ? liveDisplay(state, terminal, words, process.stderr, frame)
    : linesNowAndThen(state, terminal, words, line);
}

function linesNowAndThen(
  state: ProgressState,
  terminal: Terminal,
  words: ProgressWords,
  interval: number,
): Progress {
  const timer = setInterval(async () => {
    const { progressLine } = await import('./frame.ts');
    terminal.err(`${progressLine(state.snapshot(), words)}\n`);
  }, interval);
  timer.unref();
  return { listener: state.listener, terminal, isLive: false, stop: () => clearInterval(timer) };
}

function liveDisplay(
  state: ProgressState,
  terminal: Terminal,
  words: ProgressWords,
  stream: NodeJS.WriteStream,
  interval: number,
): Progress {
  let painter: Painter | undefined;
  let shown: string[] = [];
  let columns = stream.columns;
  let isOver = false;
  let timer = setTimeout(() => void begin(), FIRST_FRAME).unref();

  async function begin(): Promise<void> {
    painter = await createPainter(stream);
    if (isOver) return;
    draw();
    timer = setInterval(draw, interval).unref();
  }

  function draw(): void {
    if (!painter) return;
    if (stream.columns !== columns) clear();
    columns = stream.columns;
    shown = painter.frame(state.snapshot(), words, columns || 80, stream);
    painter.display(shown.join('\n'));
  }

  /** A terminal that got narrower has broken lines in two: those rows go as well. */
  function clear(): void {
    if (!painter || shown.length === 0) return;
    const { display, rowsOf } = painter;
    display.clear();
    const rows = shown.reduce((sum, line) => sum + rowsOf(line, stream.columns), 0);
    if (rows > shown.length) stream.write(`\u001b[${rows - shown.length}A\u001b[J`);
    shown = [];
  }

  function around(write: (text: string) => void) {
    return (text: string) => {
      const isShown = shown.length > 0;
      clear();
      write(text);
      if (isShown) draw();
    };
  }

  return {
    listener: state.listener,
    terminal: {
      ...terminal,
      out: around(terminal.out),
      err: around(terminal.err),
      warn: around(terminal.warn),
    },
    isLive: true,
    stop() {
      isOver = true;
      clearTimeout(timer);
      clear();
      painter?.display.done();
    },
  };
}

type Painter = Awaited<ReturnType<typeof createPainter>>;

/** What draws is loaded when there is something to draw: most runs are over before. */
async function createPainter(stream: NodeJS.WriteStream) {
  const { createLogUpdate } = await import('log-update');
  const { frame, rowsOf } = await import('./frame.ts');
  return { display: createLogUpdate(stream), frame, rowsOf };
}
