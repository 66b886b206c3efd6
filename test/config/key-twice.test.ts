import test from 'ava';
import fc from 'fast-check';
import { keysGivenTwice } from '../../src/config/key-twice.ts';

test('a key that is given twice with different values is named, with the line of the one that counts', t => {
  const text = `{
  "delete_sync": "0",
  "exclude": ["delete_sync", "*.tmp"],
  "headers": {"a": "1", "a": "2", "delete_sync": "x"},
  "bucket": "a, \\"b\\": {", "delete_sync"
    : "1",
  "exclude": [ "*.tmp" ]
}`;
  t.deepEqual(keysGivenTwice(text), [
    { key: 'delete_sync', line: 6 },
    { key: 'exclude', line: 7 },
  ]);
});

test('the same value twice, in whatever spelling, is no matter', t => {
  t.deepEqual(keysGivenTwice('{"a": ["x", 1], "\\u0061": [ "\\u0078",1.0 ], "b": {}, "b":{ }}'), []);
});

test('of any JSON exactly the keys are named that were appended with another value', t => {
  const object = fc.dictionary(fc.string(), fc.jsonValue(), { minKeys: 1, noNullPrototype: true });
  fc.assert(
    fc.property(object, fc.boolean(), (given, indented) => {
      const text = JSON.stringify(given, undefined, indented ? 2 : 0);
      t.deepEqual(keysGivenTwice(text), []);
      const [key = ''] = Object.keys(given);
      const again = `${text.slice(0, -1)},${JSON.stringify(key)}:{"another":"value"}}`;
      const isSame = JSON.stringify(given[key]) === '{"another":"value"}';
      t.deepEqual(
        keysGivenTwice(again).map(found => found.key),
        isSame ? [] : [key],
      );
    }),
  );
});
