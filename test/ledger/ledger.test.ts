import {
  appendFileSync,
  existsSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import test, { type ExecutionContext } from 'ava';
import fc from 'fast-check';
import { encodeRecord } from '../../src/ledger/codec.ts';
import { LedgerDamaged, LedgerUnusable } from '../../src/ledger/errors.ts';
import { createLedger, type Ledger, openLedger } from '../../src/ledger/ledger.ts';
import type { LedgerRecord, UploadRecord } from '../../src/ledger/records.ts';
import { filePath, fileRecord, recordOf } from '../support/records.ts';

const task = { bucket: 'b-1250000000', place: 'ap-local', localPath: '/data', prefix: 'backup/' };

function newFile(t: ExecutionContext): string {
  const folder = mkdtempSync(join(tmpdir(), 'cos_sync-ledger-'));
  t.teardown(() => rmSync(folder, { recursive: true, force: true }));
  return join(folder, 'x.db');
}

function contentOf(ledger: Ledger): LedgerRecord[] {
  return [...ledger.records()];
}

/** For many records, of which a test that failed would print too much. */
function textOf(records: Iterable<LedgerRecord>): string {
  return Array.from(records, encodeRecord).join('\n');
}

function ascending(records: Iterable<LedgerRecord>): LedgerRecord[] {
  return [...records].sort((a, b) => (a.path < b.path ? -1 : 1));
}

const record = fc.oneof(
  fileRecord,
  filePath.map(path => ({ path: `${path}/` })),
);
const step = fc.oneof(
  { weight: 3, arbitrary: fc.record({ kind: fc.constant('put' as const), record }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('remove' as const), path: filePath }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('removeKnown' as const), pick: fc.nat() }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('reopen' as const) }) },
);

test('a ledger holds what a Map would, over any number of runs', async t => {
  await fc.assert(
    fc.asyncProperty(fc.array(record), fc.array(step, { maxLength: 30 }), async (base, steps) => {
      const file = newFile(t);
      const model = new Map(base.map(record => [record.path, record]));
      await createLedger(file, task, model.values());
      let ledger = await openLedger({ file, task });
      for (const step of steps) {
        if (step.kind === 'put') {
          model.set(step.record.path, step.record);
          ledger.put(step.record);
        } else if (step.kind === 'reopen') {
          await ledger.close();
          ledger = await openLedger({ file, task });
          t.deepEqual(contentOf(ledger), ascending(model.values()));
        } else {
          const known = [...model.keys()];
          const path = step.kind === 'remove' ? step.path : (known[step.pick % known.length] ?? 'none');
          model.delete(path);
          ledger.remove(path);
        }
      }
      await ledger.close();
      const again = await openLedger({ file, task, readOnly: true });
      t.deepEqual(contentOf(again), ascending(model.values()));
      await again.close();
    }),
    { numRuns: 40 },
  );
});

const fileOf = (index: number, size = index): LedgerRecord => {
  const hash = String(index).padStart(32, '0');
  return recordOf(`folder ${index % 7}/file-${index}`, { size, mtime: index, hash, etag: hash });
};

test('no character of a name ends a line of the file, in its log or in its base', async t => {
  const file = newFile(t);
  const odd = ['\v', '\f', '\r', '\x85', '\u2028', '\u2029'].map(char => ({ path: `a${char}b/` }));
  const oddTask = { ...task, localPath: '/next\x85line' };
  await createLedger(file, oddTask, odd.slice(3));
  const ledger = await openLedger({ file, task: oddTask });
  for (const one of odd) ledger.put(one);
  await ledger.close();
  t.is(readFileSync(file, 'utf8').split(/\r\n|[\n\v\f\r\x85\u2028\u2029]/).length, 4);
  const again = await openLedger({ file, task: oddTask });
  t.deepEqual(contentOf(again), ascending(odd));
  await again.close();
});

/** As many entries as are worth a merge. */
const MANY = 25_000;

test('many changes are merged into the sorted base, and nothing is lost by it', async t => {
  const file = newFile(t);
  const model = new Map<string, LedgerRecord>();
  await createLedger(file, task, []);
  for (let run = 0; run < 3; run++) {
    const ledger = await openLedger({ file, task });
    for (let index = run * MANY; index < (run + 1) * MANY + 500; index++) {
      const made = fileOf(index, index + run);
      model.set(made.path, made);
      ledger.put(made);
    }
    for (const path of [...model.keys()].filter((_, index) => index % 10 === run)) {
      model.delete(path);
      ledger.remove(path);
    }
    await ledger.close();
    t.false(readFileSync(file, 'utf8').includes('"kind":"log"'));
    t.false(existsSync(`${file}.new`));
  }
  const ledger = await openLedger({ file, task });
  t.true(textOf(ledger.records()) === textOf(ascending(model.values())));
  await ledger.close();
});

test('changes that are not worth a merge are appended, and read in their places', async t => {
  const file = newFile(t);
  const known = Array.from({ length: 3_000 }, (_, index) => fileOf(index));
  await createLedger(file, task, known);
  const before = readFileSync(file);
  const ledger = await openLedger({ file, task });
  const model = new Map(known.map(record => [record.path, record]));
  for (let index = 0; index < 15_000; index += 2) {
    const made = fileOf(index, index + 1);
    model.set(made.path, made);
    ledger.put(made);
  }
  for (const { path } of known.filter((_, index) => index % 3 === 0)) {
    model.delete(path);
    ledger.remove(path);
  }
  await ledger.close();
  t.true(readFileSync(file).subarray(0, before.length).equals(before));
  const again = await openLedger({ file, task });
  t.true(textOf(again.records()) === textOf(ascending(model.values())));
  await again.close();
});

test('a folder whose deletion was begun has no record, is remembered, and is recorded when it is made again', async t => {
  const file = newFile(t);
  await createLedger(file, task, [{ path: 'a/' }, { path: 'b/' }]);
  const first = await openLedger({ file, task });
  first.putBegun({ path: 'a/', begun: [{ at: 0, until: undefined, size: 0 }] });
  await first.close();
  const second = await openLedger({ file, task });
  t.deepEqual(contentOf(second), [{ path: 'b/' }]);
  t.deepEqual([...second.begun.keys()], ['a/']);
  second.put({ path: 'a/' });
  await second.close();
  const third = await openLedger({ file, task });
  t.deepEqual(contentOf(third), [{ path: 'a/' }, { path: 'b/' }]);
  t.is(third.begun.size, 0);
  await third.close();
});

test('uploads that are not complete are remembered, also when the log is merged', async t => {
  const file = newFile(t);
  const part = { number: 1, etag: 'e1', crc64: '1' };
  const about = { path: 'a\n,b', size: 9e9, mtime: 1.5, partSize: 8, uploadId: 'id1' };
  const upload: UploadRecord = { ...about, parts: new Map([[1, part]]) };
  const first = await openLedger({ file, task });
  first.putUpload(upload);
  first.putUpload({ ...upload, path: 'done' });
  first.putPart(upload.path, { number: 2, etag: 'e2', crc64: '2' });
  first.putPart('unknown', part);
  first.removeUpload('done');
  for (let index = 0; index < MANY; index++) first.put(fileOf(index));
  await first.close();
  const second = await openLedger({ file, task });
  const parts = new Map([
    [1, part],
    [2, { number: 2, etag: 'e2', crc64: '2' }],
  ]);
  t.deepEqual([...second.uploads], [[upload.path, { ...upload, parts }]]);
  t.is(contentOf(second).length, MANY);
  second.removeUpload(upload.path);
  await second.close();
  const third = await openLedger({ file, task });
  t.is(third.uploads.size, 0);
  await third.close();
});

test('a last line that a crash cut off is left out, and later records follow it', async t => {
  const file = newFile(t);
  const first = await openLedger({ file, task });
  first.put(fileOf(1));
  await first.flush();
  first.put(fileOf(2));
  await first.close();
  const whole = readFileSync(file);
  for (let cut = 2; cut <= 40; cut += 13) {
    writeFileSync(file, whole);
    truncateSync(file, whole.length - cut);
    const looked = await openLedger({ file, task, readOnly: true });
    t.deepEqual(contentOf(looked), [fileOf(1)]);
    await looked.close();
    const ledger = await openLedger({ file, task });
    ledger.put(fileOf(3));
    await ledger.close();
    const again = await openLedger({ file, task });
    t.deepEqual(contentOf(again), ascending([fileOf(1), fileOf(3)]));
    await again.close();
  }
});

test('a ledger damaged in its middle is put aside, and stays refused until it is rebuilt', async t => {
  const file = newFile(t);
  await createLedger(
    file,
    task,
    Array.from({ length: 2_500 }, (_, index) => fileOf(index)),
  );
  const text = readFileSync(file, 'utf8');
  writeFileSync(file, text.replace('file-1000', 'file-9999'));
  const damaged = await t.throwsAsync(openLedger({ file, task }), { instanceOf: LedgerDamaged });
  t.true(existsSync(damaged.file));
  t.false(existsSync(file));
  await t.throwsAsync(openLedger({ file, task }), { instanceOf: LedgerDamaged });
  await createLedger(file, task, [fileOf(1)]);
  const rebuilt = await openLedger({ file, task });
  t.deepEqual(contentOf(rebuilt), [fileOf(1)]);
  await rebuilt.close();
});

test('a line in the middle that is missing is damage too', async t => {
  const file = newFile(t);
  const ledger = await openLedger({ file, task });
  for (let index = 0; index < 3; index++) {
    ledger.put(fileOf(index));
    await ledger.flush();
  }
  await ledger.close();
  const lines = readFileSync(file, 'utf8').split('\n');
  writeFileSync(file, lines.filter((_, index) => index !== 2).join('\n'));
  await t.throwsAsync(openLedger({ file, task }), { instanceOf: LedgerDamaged });
});

test('reading only writes nothing, whether there is a ledger or not', async t => {
  const file = newFile(t);
  const empty = await openLedger({ file, task, readOnly: true });
  empty.put(fileOf(1));
  await empty.close();
  t.false(existsSync(file));
  await createLedger(file, task, [fileOf(1)]);
  appendFileSync(file, '{"torn');
  const before = readFileSync(file);
  const ledger = await openLedger({ file, task, readOnly: true });
  t.deepEqual(contentOf(ledger), [fileOf(1)]);
  ledger.put(fileOf(2));
  await ledger.close();
  t.deepEqual(readFileSync(file), before);
});

test('what was noted before flushToDisk is in the file after it, for many callers at once', async t => {
  const file = newFile(t);
  const ledger = await openLedger({ file, task });
  const callers = Array.from({ length: 50 }, async (_, index) => {
    if (index % 3 === 0) await delay(index / 10);
    ledger.put(fileOf(index));
    await ledger.flushToDisk();
    t.regex(readFileSync(file, 'utf8'), new RegExp(`/file-${index}("|\\\\n)`));
  });
  await Promise.all(callers);
  await ledger.close();
});

test('a ledger that does not reach the disk is unusable from then on', async t => {
  const file = newFile(t);
  let told: LedgerUnusable | undefined;
  const ledger = await openLedger({
    file,
    task,
    onBroken: error => {
      told = error;
    },
  });
  rmSync(file);
  const error = await t.throwsAsync(ledger.flushToDisk(), { instanceOf: LedgerUnusable });
  t.true(error === told);
  await t.throwsAsync(ledger.flush(), { is: error });
});

test('once its lock is lost a ledger writes nothing more, and does not merge', async t => {
  const file = newFile(t);
  const first = await openLedger({ file, task });
  for (let index = 0; index < MANY; index++) first.put(fileOf(index));
  await first.flush();
  const lost = new AbortController();
  const ledger = await openLedger({ file, task, lost: lost.signal });
  const before = readFileSync(file);
  ledger.put(fileOf(1, 2));
  lost.abort();
  ledger.put(fileOf(2, 3));
  ledger.putUpload({ path: 'b', size: 1, mtime: 1, partSize: 1, uploadId: 'id', parts: new Map() });
  await ledger.flush();
  ledger.remove('folder 1/file-1');
  await ledger.close();
  t.true(readFileSync(file).equals(before));
  t.false(existsSync(`${file}.new`));
});

test('a ledger that cannot be opened is named', async t => {
  const file = newFile(t);
  writeFileSync(join(file, '..', 'blocked'), '');
  const wrong = join(file, '..', 'blocked', 'x.db');
  const error = await t.throwsAsync(openLedger({ file: wrong, task }), { instanceOf: LedgerUnusable });
  t.is(error.file, wrong);
});
