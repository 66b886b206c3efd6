/**
 * Waits for some work, and no longer once the signal is aborted: what was begun is left to itself.
 * @param grace ms that the work still has when the signal is aborted
 * @throws what the work throws; the signal's reason
 */
export async function orAborted<T>(work: Promise<T>, signal: AbortSignal, grace = 0): Promise<T> {
  const { promise: end, reject } = Promise.withResolvers<never>();
  let timer: NodeJS.Timeout | undefined;
  const onAbort = () => {
    timer = setTimeout(() => reject(signal.reason), grace);
  };
  if (signal.aborted) onAbort();
  else signal.addEventListener('abort', onAbort);
  try {
    return await Promise.race([work, end]);
  } finally {
    clearTimeout(timer);
    signal.removeEventListener('abort', onAbort);
  }
}
