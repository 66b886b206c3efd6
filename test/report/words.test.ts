import test from 'ava';
import { byName } from '../../src/report/words/call.ts';
import { en } from '../../src/report/words/en.ts';

/** What a catalogue says where each count in it is 1; functions of anything but counts are left out. */
function* saidOfOne(words: object, path = ''): Generator<[string, string]> {
  for (const [name, value] of Object.entries(words)) {
    const where = `${path}.${name}`;
    if (typeof value === 'object' && value !== null) yield* saidOfOne(value, where);
    if (typeof value !== 'function') continue;
    let said: unknown;
    try {
      said = value(1, 1, 1, 1, 1);
    } catch {
      continue;
    }
    if (typeof said === 'string') yield [where, said];
  }
}

test('one thing is one thing: no plural follows a 1', t => {
  const sentences = [...saidOfOne(en(byName))];
  t.true(sentences.length > 100);
  const plural =
    /(?<![\w.:/-])1 (?:(?:local|more|unfinished|wrong) )?(?:file|folder|object|record|deletion|check|warning|upload|run|name|day|hour|minute|second|part|failure|operation|question|version|pattern|process)s\b|(?<![\w.:-])1 entries/;
  for (const [where, text] of sentences) t.notRegex(text, plural, where);
});
