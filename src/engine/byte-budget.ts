/** Bounds how many bytes of files are in memory at a time. */
export interface ByteBudget {
  /** Waits until `bytes` fit; what is larger than the whole budget waits for all of it. Answers the release. */
  take(bytes: number): Promise<() => void>;
}

/** @param total bytes */
export function createByteBudget(total: number): ByteBudget {
  let free = total;
  const waiting: { bytes: number; enter: () => void }[] = [];

  function admit(): void {
    while (waiting[0] && waiting[0].bytes <= free) {
      const { bytes, enter } = waiting.shift()!;
      free -= bytes;
      enter();
    }
  }

  return {
    take(wanted) {
      const bytes = Math.min(wanted, total);
      return new Promise(resolve => {
        const release = () => {
          free += bytes;
          admit();
        };
        waiting.push({ bytes, enter: () => resolve(release) });
        admit();
      });
    },
  };
}
