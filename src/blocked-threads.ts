let blocked = 0;

/** Counts a thread that hangs in a call of the system; to be told when it has ended. */
export function countBlocked(thread: { once(event: 'exit', listener: () => void): unknown }): void {
  blocked++;
  thread.once('exit', () => blocked--);
}

/** Counts a call that hangs in one of Node's own threads, until it returns. */
export function countBlockedCall(call: Promise<unknown>): void {
  blocked++;
  const end = () => void blocked--;
  call.then(end, end);
}

/** How many threads of this process hang in a call of the system: an exit would wait for them. */
export function blockedThreads(): number {
  return blocked;
}
