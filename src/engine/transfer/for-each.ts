import { eachLimit } from 'async';
import type { Run } from './run.ts';

/** Works through items in their order, thread_num at a time, until the run is to stop. */
export async function forEach<T>(
  run: Run,
  items: readonly T[],
  work: (item: T) => Promise<unknown>,
): Promise<void> {
  await eachLimit([...items], run.config.threadNum, async (item: T) => {
    if (!run.signal.aborted) await work(item);
  });
}
