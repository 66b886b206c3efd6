import fc from 'fast-check';

/** What means something to a shell, to cron, systemd, XML or Windows. */
const SPECIAL = [...' %\\\'"$`&<>;#!*?~=@:-+()[]{}|^,.'];

/** Absolute paths of names that are hard to quote; without control characters. */
export function hardPaths(): fc.Arbitrary<string> {
  const character = fc.oneof(
    { weight: 3, arbitrary: fc.constantFrom(...SPECIAL) },
    fc.constantFrom('a', 'B', '7', '中', 'é', '😀'),
    fc.string({ unit: 'grapheme', minLength: 1, maxLength: 1 }),
  );
  const name = fc
    .array(character, { minLength: 1, maxLength: 12 })
    .map(characters => characters.join('').replace(/[\u0000-\u001f\u007f-\u009f\ufffe\uffff/]/g, '_'))
    .filter(made => made !== '.' && made !== '..');
  return fc.array(name, { minLength: 1, maxLength: 3 }).map(names => `/${names.join('/')}`);
}
