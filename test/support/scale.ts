/** `make test-faults` runs the faults in full; `make test` a short version of each. */
export const isFull = process.env.COS_SYNC_FAULT_SCALE === 'full';

export function scaled<T>(short: T, full: T): T {
  return isFull ? full : short;
}
