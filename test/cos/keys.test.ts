import test from 'ava';
import fc from 'fast-check';
import { prefixOf } from '../../src/config/prefix.ts';
import { keyOf, MAX_KEY_BYTES } from '../../src/cos/keys.ts';
import { Failure } from '../../src/failure.ts';

for (const [cosPath, prefix] of [
  ['/', ''],
  ['', ''],
  ['//', ''],
  ['/backup', 'backup/'],
  ['backup', 'backup/'],
  ['/backup/', 'backup/'],
  ['backup/', 'backup/'],
  ['/a/b', 'a/b/'],
  ['//a//b//', 'a/b/'],
  ['\\a\\b', 'a/b/'],
  ['/数据/每天', '数据/每天/'],
  ['/with space /x', 'with space /x/'],
]) {
  test(`cos_path ${JSON.stringify(cosPath)} is the prefix ${JSON.stringify(prefix)}`, t => {
    t.is(prefixOf(cosPath!), prefix!);
  });
}

test('a prefix is empty or ends with one slash, has none in front, and is its own prefix', t => {
  const text = fc.string({ unit: fc.constantFrom('/', '\\', 'a', '.', '中', ' '), maxLength: 12 });
  fc.assert(
    fc.property(text, cosPath => {
      const prefix = prefixOf(cosPath);
      t.regex(prefix, /^$|^[^/\\].*\/$/s);
      t.false(/\/\/|\\/.test(prefix));
      t.is(prefixOf(prefix), prefix);
      t.is(prefixOf(`/${cosPath}`), prefix);
    }),
  );
});

test('the key is the prefix and the path, untouched', t => {
  fc.assert(
    fc.property(fc.string({ unit: 'grapheme', minLength: 1, maxLength: 50 }), path => {
      fc.pre(!/[\u0018-\u001b]/.test(path) && Buffer.byteLength(path) < 800);
      t.is(keyOf('backup/', path), `backup/${path}`);
    }),
  );
});

test('a key of 850 bytes is taken and one of 851 refused, counted in UTF-8', t => {
  const letters = (bytes: number) => 'a'.repeat(bytes - 2);
  t.is(keyOf('p/', letters(MAX_KEY_BYTES)).length, MAX_KEY_BYTES);
  t.is(Buffer.byteLength(keyOf('p/', `${'中'.repeat(282)}ab`)), MAX_KEY_BYTES);
  for (const path of [letters(MAX_KEY_BYTES + 1), `${'中'.repeat(282)}abc`, '😀'.repeat(213)]) {
    const failure = t.throws(() => keyOf('p/', path), { instanceOf: Failure });
    t.like(failure, { kind: 'thisFile', code: 'KeyTooLong' });
  }
});

test('a key with a character that COS refuses is refused by name', t => {
  for (const path of ['\u0018', 'a\u0019', '\u001a', 'x\u001bx']) {
    t.like(
      t.throws(() => keyOf('', path), { instanceOf: Failure }),
      { code: 'InvalidObjectName' },
    );
  }
  t.throws(() => keyOf('', '\\leading'), { instanceOf: Failure });
  t.notThrows(() => keyOf('', 'a\nb\u0017\u001c'));
});
