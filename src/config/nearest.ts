import { closest, distance } from 'fastest-levenshtein';

/** The name that was probably meant; undefined where none is near. */
export function nearest(word: string, names: readonly string[]): string | undefined {
  if (names.length === 0) return undefined;
  const name = closest(word, names);
  // Of a short word, half of it may be wrong at most.
  const most = Math.min(Math.max(2, word.length / 3), word.length / 2);
  return distance(word, name) <= most ? name : undefined;
}
