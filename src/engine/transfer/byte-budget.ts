/** Memory for the bytes of a file. */
export interface Lease {
  /** At least as long as was asked for; what it holds is left over from its last use. */
  buffer: Buffer;
  /**
   * Gives the memory back.
   * @param mayReuse false where somebody may still read the buffer: a request that was given up
   */
  release(mayReuse: boolean): void;
}

/** Bounds how many bytes of files are in memory at a time, and uses the same memory again. */
export interface ByteBudget {
  /** Waits until `bytes` fit; what is larger than the whole budget waits for all of it. */
  take(bytes: number): Promise<Lease>;
}

/** Smaller buffers cost less to make than to keep. */
const SMALLEST_KEPT = 4 * 1024;

/** @param total bytes */
export function createByteBudget(total: number): ByteBudget {
  let free = total;
  const waiting: { bytes: number; enter: () => void }[] = [];
  const idle = createIdleBuffers(total);

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
        const enter = () => {
          const buffer = idle.take(wanted);
          const release = (mayReuse: boolean) => {
            if (mayReuse) idle.keep(buffer);
            free += bytes;
            admit();
          };
          resolve({ buffer, release });
        };
        waiting.push({ bytes, enter });
        admit();
      });
    },
  };
}

/** Buffers by their size, a power of two: new memory for each file costs as much as reading it. */
function createIdleBuffers(total: number) {
  const bySize = new Map<number, Buffer[]>();
  let kept = 0;

  return {
    take(bytes: number): Buffer {
      if (bytes < SMALLEST_KEPT) return Buffer.allocUnsafe(bytes);
      const size = 2 ** Math.ceil(Math.log2(bytes));
      const buffer = bySize.get(size)?.pop();
      if (buffer) kept -= size;
      return buffer ?? newBuffer(size);
    },
    keep(buffer: Buffer): void {
      const size = buffer.length;
      if (size < SMALLEST_KEPT || kept + size > total) return;
      kept += size;
      const same = bySize.get(size);
      if (same) same.push(buffer);
      else bySize.set(size, [buffer]);
    },
  };
}

/** The memory is shared with the threads that read and hash files. */
function newBuffer(size: number): Buffer {
  return Buffer.from(new SharedArrayBuffer(size));
}
