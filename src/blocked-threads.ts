let blocked = 0;

/** Counts a thread that hangs in a call of the system; to be told when it has ended. */
export function countBlocked(thread: { once(event: 'exit', listener: () => void): unknown }): void {
  blocked++;
  thread.once('exit', () => blocked--);
}

/** How many threads of this process hang in a call of the system: an exit would wait for them. */
export function blockedThreads(): number {
  return blocked;
}
