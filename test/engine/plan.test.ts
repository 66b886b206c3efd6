import test from 'ava';
import fc from 'fast-check';
import type { ScannedEntry } from '../../src/engine/local/scan.ts';
import { type LocalFile, type Plan, type PlanRules, startPlan } from '../../src/engine/plan.ts';
import { Failure } from '../../src/failure.ts';
import { type FileRecord, isFile, type LedgerRecord } from '../../src/ledger/records.ts';
import { recordOf } from '../support/records.ts';

/** A folder as a map: a folder's path ends with `/`; null stands for a place that cannot be read. */
type Tree = Map<string, State | null>;

type State = Pick<LocalFile, 'size' | 'mtime' | 'ctime'>;

/** Names that sort before, at and after `/`, and outside the basic plane. */
const name = fc.constantFrom('a', 'b', 'a-', 'a!', 'a.b', 'a0', 'aa', '中', '😀', '\ue000', ' ', 'a\n', '\\');
const time = fc.integer({ min: 1, max: 3 });
const state = fc.record({ size: fc.integer({ min: 0, max: 2 }), mtime: time, ctime: time });

interface Node {
  [name: string]: Node | State | null;
}

const { node } = fc.letrec<{ node: Node }>(tie => ({
  node: fc.dictionary(
    name,
    fc.oneof({ depthSize: 'small', withCrossShrink: true }, state, fc.constant(null), tie('node')),
    { maxKeys: 5 },
  ) as fc.Arbitrary<Node>,
}));

function isState(value: unknown): value is State {
  return typeof (value as { size?: unknown } | null)?.size === 'number';
}

function flatten(folder: Node, prefix = '', tree: Tree = new Map()): Tree {
  for (const [key, value] of Object.entries(folder)) {
    if (value === null || isState(value)) tree.set(prefix + key, value);
    else flatten(value, `${prefix}${key}/`, tree.set(`${prefix}${key}/`, NO_STATE));
  }
  return tree;
}

const NO_STATE: State = { size: 0, mtime: 0, ctime: 0 };

function hashOf({ size, mtime, ctime }: State): string {
  return `${size}${mtime}${ctime}`;
}

function unreadable(path: string, code: string): ScannedEntry {
  const nothing = {
    size: Number.NaN,
    mtime: Number.NaN,
    ctime: Number.NaN,
    device: Number.NaN,
    inode: Number.NaN,
  };
  return { kind: 'unreadable', path, ...nothing, failure: new Failure('local', { code }) };
}

const RULES: PlanRules = {
  isExcluded: () => false,
  createFolders: true,
  checksum: false,
  compareCtime: true,
};

function ascending<T extends { path: string }>(entries: T[]): T[] {
  return entries.sort((a, b) => (a.path < b.path ? -1 : 1));
}

function scanOf(tree: Tree, isExcluded: (path: string) => boolean): ScannedEntry[] {
  const entries = [...tree].map(([path, value]): ScannedEntry => {
    if (value === null) {
      return unreadable(path, 'EACCES');
    }
    return {
      kind: path.endsWith('/') ? 'folder' : 'file',
      path,
      ...value,
      inode: Number.NaN,
      device: 1,
      failure: undefined,
    };
  });
  return ascending(entries.filter(({ path }) => !isExcluded(path)));
}

function ledgerOf(tree: Tree): LedgerRecord[] {
  const records = [...tree].map(([path, value]): LedgerRecord => {
    if (path.endsWith('/') || value === null) return { path: path.endsWith('/') ? path : `${path}/` };
    return recordOf(path, { ...value, hash: hashOf(value) });
  });
  return ascending(records);
}

function planOf(
  local: Tree,
  ledger: LedgerRecord[],
  isExcluded = (_: string) => false,
  checksum = false,
): Plan {
  const planner = startPlan(ledger, { ...RULES, isExcluded, checksum });
  for (const entry of scanOf(local, isExcluded)) planner.meet(entry);
  return planner.finish();
}

/** The ledger after every operation of the plan succeeded. */
function apply(plan: Plan, ledger: LedgerRecord[]): Map<string, LedgerRecord> {
  const after = new Map(ledger.map(record => [record.path, record]));
  const record = ({ path, size, mtime, ctime }: LocalFile): FileRecord =>
    recordOf(path, { size, mtime, ctime, hash: hashOf({ size, mtime, ctime }) });
  for (const path of plan.createFolders) after.set(path, { path });
  for (const file of plan.uploads) after.set(file.path, record(file));
  for (const { file } of plan.checks) after.set(file.path, record(file));
  for (const { path } of plan.goneFiles) after.delete(path);
  for (const path of plan.goneFolders) after.delete(path);
  return after;
}

const trees = fc.tuple(node, node).map(([local, recorded]) => [flatten(local), flatten(recorded)] as const);
const readableTrees = trees.map(
  ([local, recorded]) => [new Map([...local].filter(([, value]) => value !== null)), recorded] as const,
);

test('after its plan is carried out, the ledger describes the folder', t => {
  fc.assert(
    fc.property(readableTrees, ([local, recorded]) => {
      const ledger = ledgerOf(recorded);
      const after = apply(planOf(local, ledger), ledger);
      t.deepEqual([...after.keys()].sort(), [...local.keys()].sort());
      for (const [path, value] of local) {
        const record = after.get(path)!;
        if (isFile(record)) t.like(record, { ...value! });
      }
    }),
    { numRuns: 500 },
  );
});

test('a plan that was carried out leaves nothing to do', t => {
  fc.assert(
    fc.property(readableTrees, ([local, recorded]) => {
      const ledger = ledgerOf(recorded);
      const plan = planOf(local, ascending([...apply(planOf(local, ledger), ledger).values()]));
      t.deepEqual(
        [plan.createFolders, plan.uploads, plan.checks, plan.goneFiles, plan.goneFolders].flat(),
        [],
      );
      t.is(plan.unchanged, [...local.keys()].filter(path => !path.endsWith('/')).length);
    }),
    { numRuns: 200 },
  );
});

test('what is as recorded is neither uploaded nor read, and each file meets one fate', t => {
  fc.assert(
    fc.property(trees, ([local, recorded]) => {
      const ledger = ledgerOf(recorded);
      const plan = planOf(local, ledger);
      const known = new Map(ledger.map(record => [record.path, record]));
      const uploads = new Set(plan.uploads.map(({ path }) => path));
      const checks = new Set(plan.checks.map(({ file }) => file.path));
      let unchanged = 0;
      for (const [path, value] of local) {
        if (value === null || path.endsWith('/')) continue;
        const record = known.get(path) as FileRecord | undefined;
        const isSame =
          record?.size === value.size && record.mtime === value.mtime && record.ctime === value.ctime;
        if (isSame) unchanged++;
        t.is(uploads.has(path), record?.size !== value.size, path);
        t.is(checks.has(path), record?.size === value.size && !isSame, path);
      }
      t.is(plan.unchanged, unchanged);
      t.deepEqual([...plan.newPaths].sort(), [...uploads].filter(path => !known.has(path)).sort());
    }),
    { numRuns: 300 },
  );
});

test('only what the ledger lists and the folder lacks is gone', t => {
  fc.assert(
    fc.property(trees, ([local, recorded]) => {
      const ledger = ledgerOf(recorded);
      const { goneFiles, goneFolders } = planOf(local, ledger);
      const listed = new Set(ledger.map(({ path }) => path));
      for (const path of [...goneFiles.map(({ path }) => path), ...goneFolders]) {
        t.true(listed.has(path));
        t.false(local.has(path));
      }
    }),
    { numRuns: 300 },
  );
});

test('nothing at or under a place that could not be read is gone', t => {
  fc.assert(
    fc.property(trees, ([local, recorded]) => {
      const plan = planOf(local, ledgerOf(recorded));
      const unreadable = [...local].filter(([, value]) => value === null).map(([path]) => path);
      const gone = [...plan.goneFiles.map(({ path }) => path), ...plan.goneFolders];
      for (const path of gone) {
        t.false(unreadable.some(hidden => path === hidden || path.startsWith(`${hidden}/`)));
      }
      const listed = ledgerOf(recorded).filter(({ path }) => !local.get(path));
      t.is(gone.length + plan.doubtful, listed.length);
    }),
    { numRuns: 300 },
  );
});

test('an unreadable place of which nothing is recorded is said to be unknown', t => {
  fc.assert(
    fc.property(trees, ([local, recorded]) => {
      const listed = ledgerOf(recorded).map(({ path }) => path);
      const isKnown = (place: string) => listed.some(path => path === place || path.startsWith(`${place}/`));
      const unreadable = [...local].filter(([, value]) => value === null).map(([path]) => path);
      t.is(planOf(local, ledgerOf(recorded)).unknownPlace !== undefined, !unreadable.every(isKnown));
    }),
    { numRuns: 300 },
  );
});

test('a link that leads nowhere is not a place where something may have moved', t => {
  const planner = startPlan([], RULES);
  planner.meet(unreadable('link', 'DanglingSymlink'));
  const { unknownPlace, failures } = planner.finish();
  t.is(unknownPlace, undefined);
  t.is(failures.length, 1);
});

test('the object of a folder that leads back into itself stays as it is, and holds nothing', t => {
  const loop: ScannedEntry = {
    ...unreadable('loop/', 'SymlinkLoop'),
    kind: 'skipped',
  };
  for (const path of ['loop/', 'loop/file']) {
    const planner = startPlan([path.endsWith('/') ? { path } : recordOf(path)], RULES);
    planner.meet(loop);
    const plan = planner.finish();
    t.like(plan, { createFolders: [], goneFolders: [], displaced: path === 'loop/' ? 0 : 1 });
  }
});

test('what is recorded where something is now that cannot be synced is held, and not called unreadable', t => {
  const planner = startPlan([recordOf('folder/x'), recordOf('gone'), recordOf('pipe')], RULES);
  const skip = (path: string) => planner.meet({ ...unreadable(path, 'SpecialFile'), kind: 'skipped' });
  skip('folder');
  skip('pipe');
  const plan = planner.finish();
  t.deepEqual([plan.displaced, plan.displacedPlace, plan.doubtful], [2, 'folder', 0]);
  t.deepEqual(plan.goneFiles, [recordOf('gone')]);
});

test('a place that could not be read in the last run either holds only what is below it', t => {
  const unreadableBefore = new Set(['old/', 'secret']);
  const planner = startPlan([recordOf('gone'), recordOf('old/x')], { ...RULES, unreadableBefore });
  planner.meet(unreadable('old/', 'EACCES'));
  planner.meet({ ...unreadable('secret', 'EACCES'), size: 9 });
  const plan = planner.finish();
  t.is(plan.unknownPlace, undefined);
  t.deepEqual([plan.doubtful, plan.doubtfulPlace], [1, 'old/']);
  t.deepEqual(plan.goneFiles, [recordOf('gone')]);
  t.deepEqual([...plan.failedSizes], []);
  t.deepEqual(plan.unreadable, ['old/', 'secret']);
});

test('an empty file that cannot be read is nothing that was moved', t => {
  const planner = startPlan([], RULES);
  planner.meet({ ...unreadable('empty', 'InvalidUtf8Name'), size: 0 });
  planner.meet({ ...unreadable('full', 'InvalidUtf8Name'), size: 7 });
  t.deepEqual([...planner.finish().failedSizes], [[7, 'full']]);
});

test('what is excluded is left alone, in the folder and in the ledger', t => {
  const excluded = fc.constantFrom('a', '中', 'a-');
  fc.assert(
    fc.property(trees, excluded, ([local, recorded], top) => {
      const isExcluded = (path: string) => path === top || path.startsWith(`${top}/`);
      const plan = planOf(local, ledgerOf(recorded), isExcluded);
      const touched = [
        ...plan.uploads.map(({ path }) => path),
        ...plan.goneFiles.map(({ path }) => path),
        ...plan.goneFolders,
        ...plan.createFolders,
      ];
      t.deepEqual(touched.filter(isExcluded), []);
    }),
    { numRuns: 200 },
  );
});

test('an mtime that is not settled in the record makes the file be read', t => {
  const record = recordOf('a', { mtime: Number.NaN });
  const plan = planOf(new Map([['a', { size: 1, mtime: 5, ctime: 1 }]]), [record]);
  t.is(plan.checks.length, 1);
  t.is(plan.unchanged, 0);
});

test('a file of the recorded size and mtime with another ctime is read, unless ctime means nothing', t => {
  const record = recordOf('a', { size: 1, mtime: 5, ctime: 5 });
  const file = { path: 'a', size: 1, mtime: 5, ctime: 6 };
  for (const [compareCtime, checks] of [
    [true, 1],
    [false, 0],
  ] as const) {
    const planner = startPlan([record], { ...RULES, compareCtime });
    planner.meet({ kind: 'file', ...file, inode: Number.NaN, device: 1, failure: undefined });
    t.is(planner.finish().checks.length, checks);
  }
});

test('an unsettled record makes its file be read, whatever the times say', t => {
  const record = recordOf('a', { unsettledSince: 7 });
  t.is(planOf(new Map([['a', { size: 1, mtime: 1, ctime: 1 }]]), [record]).checks.length, 1);
});

test('a record without a ctime is given the one that there is, and its file is not read', t => {
  const plan = planOf(new Map([['a', { size: 1, mtime: 1, ctime: 9 }]]), [
    recordOf('a', { ctime: Number.NaN }),
  ]);
  t.deepEqual([plan.checks.length, plan.unchanged], [0, 1]);
  t.deepEqual(plan.refreshed, [recordOf('a', { ctime: 9 })]);
});

test('with checksum every file of unchanged size is read', t => {
  const local: Tree = new Map([
    ['a', { size: 1, mtime: 5, ctime: 5 }],
    ['b', { size: 2, mtime: 5, ctime: 5 }],
  ]);
  const ledger = ledgerOf(new Map([['a', { size: 1, mtime: 5, ctime: 5 }]]));
  const plan = planOf(local, ledger, () => false, true);
  t.deepEqual(
    plan.checks.map(({ file }) => file.path),
    ['a'],
  );
  t.deepEqual(
    plan.uploads.map(({ path }) => path),
    ['b'],
  );
});

test('a folder that is not to be created is still deleted where it was recorded', t => {
  const planner = startPlan([{ path: 'old/' }], { ...RULES, createFolders: false });
  planner.meet({
    kind: 'folder',
    path: 'new/',
    ...NO_STATE,
    inode: Number.NaN,
    device: 1,
    failure: undefined,
  });
  const plan = planner.finish();
  t.deepEqual(plan.createFolders, []);
  t.deepEqual(plan.goneFolders, ['old/']);
});
