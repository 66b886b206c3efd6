import { eachLimit } from 'async';
import type { Run } from './run.ts';

/**
 * Works through items in their order, thread_num at a time, until the run is to stop.
 * @throws what the work threw first, when what was under way beside it has ended
 */
export async function forEach<T>(
  run: Run,
  items: readonly T[],
  work: (item: T) => Promise<unknown>,
): Promise<void> {
  let thrown: { error: unknown } | undefined;
  await eachLimit([...items], run.config.threadNum, async (item: T) => {
    if (thrown || run.signal.aborted) return;
    try {
      await work(item);
    } catch (error) {
      thrown ??= { error };
    }
  });
  if (thrown) throw thrown.error;
}
