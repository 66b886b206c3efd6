import test from 'ava';
import fc from 'fast-check';
import {
  decodeBegun,
  decodePart,
  decodeRecord,
  decodeUpload,
  encodeBegun,
  encodePart,
  encodeRecord,
  encodeRemoval,
  encodeUpload,
  encodeUploadRemoval,
  pathOf,
} from '../../src/ledger/codec.ts';
import { filePath, fileRecord } from '../support/records.ts';

test('a file record is read back as it was written, on one line', t => {
  fc.assert(
    fc.property(fileRecord, record => {
      const line = encodeRecord(record);
      t.false(line.includes('\n'));
      t.deepEqual(decodeRecord(line), record);
      t.is(pathOf(line), record.path);
    }),
    { numRuns: 500 },
  );
});

test('a folder, a removal and an upload are read back as they were written', t => {
  fc.assert(
    fc.property(filePath, path => {
      t.deepEqual(decodeRecord(encodeRecord({ path: `${path}/` })), { path: `${path}/` });
      t.is(pathOf(encodeRemoval(path)), path);
      t.is(pathOf(encodeUploadRemoval(path)), path);
      const upload = {
        path,
        size: 5e12,
        mtime: 1.7e12 + 0.123,
        partSize: 8_388_608,
        uploadId: '16a0b3',
        parts: new Map(),
      };
      const part = { number: 7, etag: 'a0b1', crc64: '18446744073709551615' };
      t.deepEqual(decodePart(encodePart(path, part)), part);
      t.is(pathOf(encodePart(path, part)), path);
      const line = encodeUpload(upload);
      t.false(line.includes('\n'));
      t.deepEqual(decodeUpload(line), upload);
      t.is(pathOf(line), path);
    }),
    { numRuns: 500 },
  );
});

test('no field holds what separates it from the next', t => {
  const file = { path: 'a', size: 1, mtime: 1, ctime: 1, unsettledSince: 0, hash: 'x', etag: 'x' };
  const upload = { path: 'a', size: 1, mtime: 1, partSize: 1, uploadId: 'x', parts: new Map() };
  const part = { number: 1, etag: 'x', crc64: 'x' };
  for (const bad of ['a,b', 'a\nb']) {
    t.throws(() => encodeRecord({ ...file, hash: bad }), { instanceOf: RangeError });
    t.throws(() => encodeRecord({ ...file, etag: bad }), { instanceOf: RangeError });
    t.throws(() => encodeUpload({ ...upload, uploadId: bad }), { instanceOf: RangeError });
    t.throws(() => encodePart('a', { ...part, etag: bad }), { instanceOf: RangeError });
    t.throws(() => encodePart('a', { ...part, crc64: bad }), { instanceOf: RangeError });
  }
});

test('times that an object was begun are read back as they were written', t => {
  const begun = fc.record({
    at: fc.nat({ max: 2e12 }),
    until: fc.option(fc.nat({ max: 2e12 }), { nil: undefined }),
    size: fc.nat({ max: 5e12 }),
  });
  fc.assert(
    fc.property(filePath, fc.array(begun, { minLength: 1, maxLength: 4 }), (path, times) => {
      const line = encodeBegun({ path, begun: times });
      t.deepEqual(decodeBegun(line), { path, begun: times });
      t.is(pathOf(line), path);
    }),
  );
});

test('lines of format 1 are read: they have no ctime, and one time for all that was begun', t => {
  t.deepEqual(decodeRecord('f3,1764137295123.25,900150983cd24fb0d6963f7d28e17f72,,a,b'), {
    path: 'a,b',
    size: 3,
    mtime: 1_764_137_295_123.25,
    ctime: Number.NaN,
    unsettledSince: 0,
    hash: '900150983cd24fb0d6963f7d28e17f72',
    etag: '900150983cd24fb0d6963f7d28e17f72',
  });
  t.like(decodeRecord('f3,,crc64:5,e-1,a'), { mtime: Number.NaN, ctime: Number.NaN, unsettledSince: 0 });
  t.deepEqual(decodeBegun('b7,1+2,,,new'), {
    path: 'new',
    begun: [
      { at: 7, until: undefined, size: 1 },
      { at: 7, until: undefined, size: 2 },
    ],
  });
});
