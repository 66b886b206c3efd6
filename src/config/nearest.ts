import { closest, distance } from 'fastest-levenshtein';

/** The name that was probably meant; undefined where none is near. */
export function nearest(word: string, names: readonly string[]): string | undefined {
  if (names.length === 0) return undefined;
  const name = closest(word, names);
  return distance(word, name) <= Math.max(2, word.length / 3) ? name : undefined;
}
