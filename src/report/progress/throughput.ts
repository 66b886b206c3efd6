/** ms that one cell of the window stands for */
const CELL = 250;

/** How much there was a second, of late. */
export interface Throughput {
  /** Counts an amount that came evenly between two times (ms). */
  add(amount: number, from: number, to: number): void;
  /** Over the window that ends now (ms); over the time since the start where that is shorter. */
  perSecond(now: number): number;
}

/**
 * A rate over a sliding window.
 * @param window ms
 * @param start ms, of the first amount
 */
export function createThroughput(window: number, start: number): Throughput {
  const cells = new Float64Array(Math.ceil(window / CELL));
  let newest = cellOf(start);

  function advance(now: number): void {
    const cell = cellOf(now);
    if (cell - newest >= cells.length) cells.fill(0);
    else for (let passed = newest + 1; passed <= cell; passed++) cells[passed % cells.length] = 0;
    newest = Math.max(newest, cell);
  }

  return {
    add(amount, from, to) {
      advance(to);
      const first = cellOf(from);
      const share = amount / (cellOf(to) - first + 1);
      const seen = Math.max(first, newest - cells.length + 1);
      for (let cell = seen; cell <= cellOf(to); cell++) cells[cell % cells.length]! += share;
    },
    perSecond(now) {
      advance(now);
      const span = Math.min(window, Math.max(1000, now - start));
      return (cells.reduce((sum, amount) => sum + amount, 0) * 1000) / span;
    },
  };
}

function cellOf(time: number): number {
  return Math.floor(time / CELL);
}
