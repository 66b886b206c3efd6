import fc from 'fast-check';
import type { FileRecord } from '../../src/ledger/records.ts';

/** Paths with all that could upset a line of text: ends of lines, separators, quotes, escapes. */
export const filePath = fc
  .oneof(
    fc.string({
      unit: fc.constantFrom(
        '\n',
        '\\',
        ',',
        '"',
        '\r',
        '\x85',
        '\u2028',
        '\u2029',
        'n',
        '/',
        'a',
        '-',
        '😀',
        '中',
        ' ',
        'd',
      ),
      minLength: 1,
    }),
    fc.string({ unit: 'grapheme', minLength: 1 }),
  )
  .filter(path => !path.endsWith('/') && path.isWellFormed());

const md5 = fc.stringMatching(/^[0-9a-f]{32}$/);
const crc64 = fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }).map(value => `crc64:${value}`);
/** A settled record of a file. */
export function recordOf(path: string, changes: Partial<FileRecord> = {}): FileRecord {
  return { path, size: 1, mtime: 1, ctime: 1, unsettledSince: 0, hash: path, etag: path, ...changes };
}

const mtime = fc.oneof(
  fc.constant(Number.NaN),
  fc.integer(),
  fc.double({ noNaN: true, min: -1e13, max: 1e13 }),
);

export const fileRecord: fc.Arbitrary<FileRecord> = fc
  .record({
    path: filePath,
    size: fc.nat({ max: Number.MAX_SAFE_INTEGER }),
    mtime: mtime.map(value => (value === 0 ? 0 : value)),
    ctime: mtime.map(value => (value === 0 ? 0 : value)),
    unsettledSince: fc.oneof(fc.constant(0), fc.nat({ max: 2e12 })),
    hash: fc.oneof(md5, crc64),
    etag: fc.oneof(
      fc.constant(undefined),
      md5,
      md5.map(text => `${text}-12`),
    ),
  })
  .map(record => ({ ...record, etag: record.etag ?? record.hash }));
