import test from 'ava';
import {
  decide,
  decideDifferent,
  isSameTime,
  type Look,
  meantMtime,
  type RestoreRules,
} from '../../../src/engine/restore/plan.ts';
import type { FileRecord } from '../../../src/ledger/records.ts';

const RULES: RestoreRules = { overwrite: 'never', checksum: false, compareCtime: false };
const OBJECT = { size: 5 };
const UPLOADED = Date.parse('2026-01-02T03:04:05.000Z');
const RECORD: FileRecord = {
  ...{ path: 'a', size: 5, mtime: 1234.5, ctime: 9, unsettledSince: 0, hash: 'x', etag: 'x' },
};

const file = (size: number, mtime: number, ctime = 9): Look => ({ kind: 'file', size, mtime, ctime });
const planned = (look: Look, rules: Partial<RestoreRules> = {}, record?: FileRecord) =>
  decide('a', OBJECT, look, record, { ...RULES, ...rules });

test('what is not there is fetched', t => {
  t.deepEqual(planned({ kind: 'nothing' }), { what: 'fetch', reason: 'missing' });
});

test('a file of the time of the record of these bytes is kept; what a listing says of a time is no more than an upload', t => {
  t.deepEqual(planned(file(5, UPLOADED)), { what: 'compare' });
  t.deepEqual(planned(file(5, 1234.5), {}, RECORD), { what: 'keep' });
  t.deepEqual(planned(file(5, 1234.5)), { what: 'compare' });
});

test('with checksum the content decides, whatever the times say', t => {
  t.deepEqual(planned(file(5, 1234.5), { checksum: true }, RECORD), { what: 'compare' });
});

test('in the folder that the ledger is about, a file that may have changed since its record is compared', t => {
  const rules = { compareCtime: true };
  t.deepEqual(planned(file(5, 1234.5, 9), rules, RECORD), { what: 'keep' });
  t.deepEqual(planned(file(5, 1234.5, 10), rules, RECORD), { what: 'compare' });
  t.deepEqual(planned(file(5, 1234.5, 9), rules, { ...RECORD, unsettledSince: 7 }), { what: 'compare' });
});

test('a different file stays, is replaced where it is older, or always is', t => {
  const look = file(6, 1000) as Extract<Look, { kind: 'file' }>;
  t.deepEqual(planned(look), { what: 'fail', code: 'FileExists' });
  t.deepEqual(planned(look, { overwrite: 'always' }), { what: 'fetch', reason: 'different' });
  t.deepEqual(planned(look, { overwrite: 'older' }), { what: 'compareTimes' });
  t.deepEqual(decideDifferent(look, 1001, { overwrite: 'older' }), { what: 'fetch', reason: 'different' });
  t.deepEqual(decideDifferent(look, 1000, { overwrite: 'older' }), { what: 'leave' });
});

test('links, folders and devices in the place of a file are never replaced', t => {
  const rules = { overwrite: 'always' } as const;
  t.deepEqual(planned({ kind: 'link' }, rules), { what: 'fail', code: 'SymlinkInTheWay' });
  t.deepEqual(planned({ kind: 'folder' }, rules), { what: 'fail', code: 'FolderInTheWay' });
  t.deepEqual(planned({ kind: 'other' }, rules), { what: 'fail', code: 'NotAFile' });
});

test('a folder object makes a folder, and one with content has no place', t => {
  const folder = (look: Look, size = 0) => decide('a/', { ...OBJECT, size }, look, undefined, RULES);
  t.deepEqual(folder({ kind: 'nothing' }), { what: 'createFolder' });
  t.deepEqual(folder({ kind: 'folder' }), { what: 'keep' });
  t.deepEqual(folder(file(1, 1)), { what: 'fail', code: 'FileInTheWay' });
  t.deepEqual(folder({ kind: 'nothing' }, 3), { what: 'fail', code: 'InvalidLocalName' });
});

test('times are the same as far as a file system can keep them', t => {
  for (const keepsFractions of [true, false]) {
    t.true(isSameTime(1_700_000_000_123.456, 1_700_000_000_123.4561, keepsFractions));
    t.is(isSameTime(1_700_000_000_120, 1_700_000_000_127, keepsFractions), !keepsFractions);
    t.is(isSameTime(1_700_000_000_000, 1_700_000_000_999, keepsFractions), !keepsFractions);
    t.is(isSameTime(1_700_000_000_000, 1_700_000_001_500, keepsFractions), !keepsFractions);
    t.false(isSameTime(1_700_000_001_000, 1_700_000_000_999, keepsFractions));
    t.false(isSameTime(1_700_000_000_123, 1_700_000_000_125, keepsFractions));
  }
});

test("the object's own time comes before the ledger's, and that before the upload's", t => {
  const listed = { lastModified: new Date(UPLOADED + 1).toISOString() };
  const meant = (mtime: number | undefined, record: FileRecord | undefined, lastModified = UPLOADED) =>
    meantMtime({ mtime, lastModified }, { record, object: listed });
  t.is(meant(7, RECORD), 7);
  t.is(meant(undefined, RECORD), 1234.5);
  t.is(meant(undefined, { ...RECORD, mtime: Number.NaN }), UPLOADED);
  t.is(meant(undefined, undefined), UPLOADED);
  t.is(meant(undefined, undefined, Number.NaN), UPLOADED + 1, 'the listing says it, too');
  const nobody = { record: undefined, object: { lastModified: '' } };
  t.is(meantMtime({ mtime: undefined, lastModified: Number.NaN }, nobody), Number.NaN);
});
