import test from 'ava';
import fc from 'fast-check';
import { MAX_OBJECT_SIZE, partSizeFor } from '../../../src/engine/transfer/part-size.ts';
import { Failure } from '../../../src/failure.ts';

const MiB = 1024 * 1024;

test('a file has at most 10,000 parts of whole MiB, none smaller than configured', t => {
  const sizes = fc.integer({ min: 0, max: MAX_OBJECT_SIZE });
  fc.assert(
    fc.property(sizes, fc.integer({ min: 1, max: 5_120 }), (size, configured) => {
      const partSize = partSizeFor(size, configured * MiB);
      t.true(size / partSize <= 10_000);
      t.true(partSize >= configured * MiB && partSize <= 5_120 * MiB);
      t.is(partSize % MiB, 0);
    }),
  );
});

test('a part grows only when it has to', t => {
  t.is(partSizeFor(80_000 * MiB, 8 * MiB), 8 * MiB);
  t.is(partSizeFor(80_000 * MiB + 1, 8 * MiB), 9 * MiB);
});

test('a file larger than COS takes is refused by name', t => {
  const failure = t.throws(() => partSizeFor(MAX_OBJECT_SIZE + 1, MiB), { instanceOf: Failure });
  t.like(failure, { kind: 'thisFile', code: 'EntityTooLarge' });
});
