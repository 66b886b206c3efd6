import test from 'ava';
import fc from 'fast-check';
import {
  decodeRecord,
  decodeUpload,
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
      const upload = { path, size: 5e12, mtime: 1.7e12 + 0.123, partSize: 8_388_608, uploadId: '16a0b3' };
      const line = encodeUpload(upload);
      t.false(line.includes('\n'));
      t.deepEqual(decodeUpload(line), upload);
      t.is(pathOf(line), path);
    }),
    { numRuns: 500 },
  );
});
