import { compareUtf8 } from './key-index.ts';
import type { StoredObject } from './records.ts';

/** How long changes are remembered at most, in ms. */
const LONGEST_LAG = 600_000;

/** What changed lately, so that a listing can show the past, as those of COS do: GET Bucket, 436/7734. */
export class Past {
  #changes: { time: number; key: string; before: StoredObject | undefined }[] = [];

  /** To be told of each change of what is current, before it happens. */
  note(key: string, before: StoredObject | undefined): void {
    const time = Date.now();
    this.#changes.push({ time, key, before });
    const oldest = time - LONGEST_LAG;
    if (this.#changes[0]!.time < oldest)
      this.#changes = this.#changes.filter(change => change.time >= oldest);
  }

  /** The objects that differed some ms ago, as they were then; undefined for one that was not there. */
  before(lag: number): Map<string, StoredObject | undefined> {
    const since = Date.now() - lag;
    const then = new Map<string, StoredObject | undefined>();
    for (const { time, key, before } of this.#changes)
      if (time > since && !then.has(key)) then.set(key, before);
    return then;
  }
}

/** The keys of then, sorted, from those of now. */
export function keysThen(
  now: readonly string[],
  then: ReadonlyMap<string, StoredObject | undefined>,
): readonly string[] {
  if (then.size === 0) return now;
  const changed = [...then].flatMap(([key, object]) => (object ? [key] : []));
  return [...now.filter(key => !then.has(key)), ...changed].sort(compareUtf8);
}
