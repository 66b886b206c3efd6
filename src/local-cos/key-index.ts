/** Compares as the UTF-8 bytes would: like UTF-16, except that characters beyond U+FFFF come last. */
export function compareUtf8(a: string, b: string): number {
  const length = Math.min(a.length, b.length);
  for (let i = 0; i < length; i++) {
    const x = a.charCodeAt(i);
    const y = b.charCodeAt(i);
    if (x !== y) return lift(x) - lift(y);
  }
  return a.length - b.length;
}

function lift(unit: number): number {
  return unit >= 0xd800 && unit <= 0xdfff ? unit + 0x10000 : unit;
}

/**
 * Keys in UTF-8 order. Adding and removing cost nothing much; the order is put right when it is asked for,
 * in one merge of what is new into what is sorted.
 */
export class KeyIndex {
  #sorted: readonly string[] = [];
  #added = new Set<string>();
  #removed = new Set<string>();

  add(key: string): void {
    if (!this.#removed.delete(key)) this.#added.add(key);
  }

  /** Only for a key that is in the index. */
  remove(key: string): void {
    if (!this.#added.delete(key)) this.#removed.add(key);
  }

  /** All keys, sorted; valid until the next change. */
  keys(): readonly string[] {
    if (this.#removed.size > 0) {
      this.#sorted = this.#sorted.filter(key => !this.#removed.has(key));
      this.#removed.clear();
    }
    if (this.#added.size > 0) {
      this.#sorted = merge(this.#sorted, [...this.#added].sort(compareUtf8));
      this.#added.clear();
    }
    return this.#sorted;
  }
}

/** Two sorted lists that share no key, as one. */
export function merge(left: readonly string[], right: readonly string[]): readonly string[] {
  if (left.length === 0) return right;
  if (right.length === 0) return left;
  const all: string[] = [];
  let i = 0;
  for (const key of right) {
    while (i < left.length && compareUtf8(left[i]!, key) < 0) all.push(left[i++]!);
    all.push(key);
  }
  while (i < left.length) all.push(left[i++]!);
  return all;
}

/** The first position in sorted keys from which the predicate holds (it must hold from there on). */
export function firstWhere(keys: readonly string[], from: number, holds: (key: string) => boolean): number {
  let low = from;
  let high = keys.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (holds(keys[middle]!)) high = middle;
    else low = middle + 1;
  }
  return low;
}
