import test from 'ava';
import { type DeletionRules, decideDeletions } from '../../src/engine/deletions.ts';
import type { Plan } from '../../src/engine/plan.ts';
import type { BegunRecord } from '../../src/ledger/records.ts';
import { recordOf } from '../support/records.ts';

const file = (path: string, size = 1) => recordOf(path, { size });
const begunOf = (path: string, size: number): BegunRecord => ({
  path,
  begun: [{ at: 1, until: 2, size }],
});
const files = (count: number) => Array.from({ length: count }, (_, index) => file(`f${index}`));

function planWith(changes: Partial<Plan>): Plan {
  return {
    createFolders: [],
    uploads: [],
    newPaths: new Set(),
    unknownPaths: new Set(),
    checks: [],
    goneFiles: [],
    goneFolders: [],
    goneBegun: [],
    doubtful: 0,
    scannedAt: 0,
    refreshed: [],
    goneDuringScan: [],
    goneForLater: [],
    unrested: new Map(),
    goneForShards: [],
    unknownPlace: undefined,
    failedSizes: new Map(),
    goneOnOtherDisk: new Map(),
    doubtfulPlace: '',
    displaced: 0,
    displacedPlace: '',
    unreadable: [],
    leftOut: [],
    disks: new Map(),
    failures: [],
    skipped: [],
    unchanged: 0,
    scannedFiles: 1_000,
    recordedFiles: 1_000,
    ...changes,
  };
}

function failedOf(sizes: readonly number[] = []): Map<number, string> {
  return new Map(sizes.map(size => [size, `failed ${size}`]));
}

const RULES: DeletionRules = { deleteSync: true, maxDelete: { share: 0.5 }, allowEmpty: false };

function decide(
  plan: Partial<Plan>,
  rules: Partial<DeletionRules> = {},
  transferred: { failedSizes?: number[]; moved?: string[] } = {},
) {
  const { files, folders, held } = decideDeletions(
    planWith(plan),
    { failedSizes: failedOf(transferred.failedSizes), moved: new Set(transferred.moved), unreadable: [] },
    { ...RULES, ...rules },
  );
  return { files: files.length, folders: folders.length, held };
}

test('what is gone is deleted, files and folders', t => {
  t.deepEqual(decide({ goneFiles: files(3), goneFolders: ['a/'] }), { files: 3, folders: 1, held: [] });
});

test('without delete_sync nothing is deleted and nothing is said to be held', t => {
  const nothing = { files: 0, folders: 0, held: [] };
  t.deepEqual(decide({ goneFiles: files(3), doubtful: 2 }, { deleteSync: false }), nothing);
  t.deepEqual(decide({ goneFiles: files(3), scannedFiles: 0 }, { deleteSync: false }), nothing);
});

test('an emptied folder holds everything back, unless it is allowed once', t => {
  const plan = { goneFiles: files(3), goneFolders: ['a/'], scannedFiles: 0, recordedFiles: 3 };
  t.deepEqual(decide(plan).held, [{ count: 4, reason: 'emptied', limit: 0, place: '' }]);
  t.is(decide(plan).files, 0);
  t.deepEqual(decide(plan, { allowEmpty: true }), { files: 3, folders: 1, held: [] });
});

for (const [maxDelete, recorded, gone, isHeld] of [
  [{ count: 2 }, 1_000, 2, false],
  [{ count: 2 }, 1_000, 3, true],
  [{ count: 0 }, 1_000, 1, true],
  [{ share: 0.5 }, 1_000, 500, false],
  [{ share: 0.5 }, 1_000, 501, true],
  // A share never holds back fewer than 100.
  [{ share: 0.5 }, 100, 100, false],
  [{ share: 0.01 }, 1_000, 100, false],
  [{ share: 0.01 }, 1_000, 101, true],
  [{ share: 1 }, 1_000, 1_000, false],
] as const) {
  const limit = 'count' in maxDelete ? maxDelete.count : `${maxDelete.share * 100} %`;
  test(`max_delete ${limit} of ${recorded} files ${isHeld ? 'holds' : 'allows'} ${gone} deletions`, t => {
    const decided = decide({ goneFiles: files(gone), recordedFiles: recorded }, { maxDelete });
    t.is(decided.files, isHeld ? 0 : gone);
    t.deepEqual(
      decided.held.map(({ count, reason }) => [count, reason]),
      isHeld ? [[gone, 'maxDelete']] : [],
    );
  });
}

test('runs for changes share max_delete, and 100% holds back none of them', t => {
  const plan = { goneFiles: files(3), recordedFiles: 10 };
  t.deepEqual(decide(plan, { maxDelete: { count: 5 }, deletedBefore: 3 }).held, [
    { count: 3, reason: 'maxDelete', limit: 2, place: '' },
  ]);
  t.is(decide(plan, { maxDelete: { share: 1 }, deletedBefore: 500 }).files, 3);
});

test('max_delete 0 holds back folders, too', t => {
  const decided = decide({ goneFolders: ['a/'] }, { maxDelete: { count: 0 } });
  t.deepEqual(decided, {
    files: 0,
    folders: 0,
    held: [{ count: 1, reason: 'maxDelete', limit: 0, place: '' }],
  });
});

test('the old place of a moved file does not count towards max_delete', t => {
  const plan = { goneFiles: files(5) };
  t.is(decide(plan, { maxDelete: { count: 2 } }, { moved: ['f0', 'f1', 'f2'] }).files, 5);
  t.is(decide(plan, { maxDelete: { count: 2 } }, { moved: ['f0', 'f1'] }).files, 0);
});

test('a gone file is kept while a new one of its size did not get to COS', t => {
  const plan = { goneFiles: [file('a', 10), file('b', 20), file('c', 10)] };
  const decided = decide(plan, {}, { failedSizes: [10], moved: ['c'] });
  t.deepEqual(decided, {
    files: 2,
    folders: 0,
    held: [{ count: 1, reason: 'uploadFailed', limit: 0, place: 'failed 10' }],
  });
});

test('gone files are kept while they may have moved where the scan could not look', t => {
  const decided = decide({ goneFiles: files(2), unknownPlace: 'locked/' }, {}, { moved: ['f1'] });
  t.deepEqual(decided, {
    files: 1,
    folders: 0,
    held: [{ count: 1, reason: 'unknownPlace', limit: 0, place: 'locked/' }],
  });
});

test('a gone file is kept while a file of its size has a name that COS cannot hold', t => {
  const plan = { goneFiles: [file('a', 10), file('b', 20)], failedSizes: failedOf([10]) };
  t.deepEqual(decide(plan), {
    files: 1,
    folders: 0,
    held: [{ count: 1, reason: 'uploadFailed', limit: 0, place: 'failed 10' }],
  });
});

test('what the scan could not see is said to be held', t => {
  t.deepEqual(decide({ goneFiles: files(1), doubtful: 7, doubtfulPlace: 'locked/' }), {
    files: 1,
    folders: 0,
    held: [{ count: 7, reason: 'unreadable', limit: 0, place: 'locked/' }],
  });
});

test('what was begun is held back as what was recorded is', t => {
  const goneBegun = [begunOf('new', 10), begunOf('other', 20), begunOf('folder/', 0)];
  const begun = (plan: Partial<Plan>, rules: Partial<DeletionRules> = {}) => {
    const failed = { failedSizes: failedOf([0, 10]), moved: new Set<string>(), unreadable: [] };
    const { begun: left, held } = decideDeletions(planWith({ goneBegun, ...plan }), failed, {
      ...RULES,
      ...rules,
    });
    return { left, held: held.map(({ count, reason }) => `${count} ${reason}`) };
  };
  t.deepEqual(begun({}), { left: ['other', 'folder/'], held: ['1 uploadFailed'] });
  t.deepEqual(begun({ unknownPlace: 'locked/' }), { left: ['folder/'], held: ['2 unknownPlace'] });
  t.deepEqual(begun({ goneFiles: files(1) }, { maxDelete: { count: 2 } }).held, ['4 maxDelete']);
  t.deepEqual(begun({ goneBegun: [begunOf('folder/', 0)] }, { maxDelete: { count: 0 } }), {
    left: [],
    held: ['1 maxDelete'],
  });
  t.deepEqual(begun({ scannedFiles: 0 }), { left: [], held: ['3 emptied'] });
  // A folder that never had a file in COS is not emptied; but nor is it evidence.
  t.deepEqual(begun({ scannedFiles: 0, recordedFiles: 0 }).left, []);
  t.deepEqual(begun({}, { deleteSync: false }), { left: [], held: [] });
});

test('what may have moved during the scan is said to be held, and does not count', t => {
  const plan = { goneFiles: files(1), goneDuringScan: ['a', 'b/'] };
  t.deepEqual(decide(plan, { maxDelete: { count: 1 } }), {
    files: 1,
    folders: 0,
    held: [{ count: 2, reason: 'movedDuringScan', limit: 0, place: 'a' }],
  });
});

test('what is gone from another disk is said to be held, a reason for each place, and does not count', t => {
  const plan = {
    goneFiles: files(1),
    goneOnOtherDisk: new Map([
      ['', 3],
      ['usb/', 2],
    ]),
  };
  t.deepEqual(decide(plan, { maxDelete: { count: 1 } }), {
    files: 1,
    folders: 0,
    held: [
      { count: 3, reason: 'otherDisk', limit: 0, place: '' },
      { count: 2, reason: 'otherDisk', limit: 0, place: 'usb/' },
    ],
  });
});
