import test from 'ava';
import { printable } from '../../src/report/printable.ts';

test('nothing that was read ends a line, steers a terminal or turns the writing around', t => {
  for (const char of ['\n', '\r', '\u001b', '\u007f', '\u009b', '\u2028', '\u202e', '\u2066', '\u2069']) {
    const shown = printable(`a${char}b`);
    t.false(shown.includes(char), shown);
    t.regex(shown, /^a\\x[0-9a-f]+b$/);
  }
  t.is(printable('云 😀 ñ —'), '云 😀 ñ —');
});
