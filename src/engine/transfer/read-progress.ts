/**
 * What a thread says of its reading in memory that another sees: a call of the system may hold it for ever, and
 * then it says nothing else any more.
 */
export interface ReadProgress {
  readonly memory: SharedArrayBuffer;
  /** @returns false where it is not to read any more */
  begin(id: number): boolean;
  /** A call of the system came back. */
  moved(): void;
  end(): void;
  /** Lets no other reading begin. */
  stop(): void;
  /** What is read now, 0 for nothing, and a count that moves with each call. */
  now(): { id: number; calls: number };
}

export const PROGRESS_BYTES = 3 * Int32Array.BYTES_PER_ELEMENT;
const [ID, CALLS, IS_STOPPED] = [0, 1, 2] as const;

/** @param memory of PROGRESS_BYTES, zeros at first */
export function progressIn(memory: SharedArrayBuffer): ReadProgress {
  const slots = new Int32Array(memory);
  const moved = () => void Atomics.add(slots, CALLS, 1);
  return {
    memory,
    begin(id) {
      Atomics.store(slots, ID, id);
      moved();
      return Atomics.load(slots, IS_STOPPED) === 0;
    },
    moved,
    end: () => void Atomics.store(slots, ID, 0),
    stop: () => void Atomics.store(slots, IS_STOPPED, 1),
    now: () => ({ id: Atomics.load(slots, ID), calls: Atomics.load(slots, CALLS) }),
  };
}
