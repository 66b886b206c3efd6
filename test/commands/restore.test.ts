import { mkdirSync, readFileSync, rmSync, statSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'ava';
import { restoreHere, syncHere } from '../support/in-process.ts';
import { withStore } from '../support/objects.ts';
import { randomFrom } from '../support/random.ts';
import { type Sandbox, sandbox } from '../support/sandbox.ts';
import { treeOf } from '../support/tree.ts';

const MiB = 1024 * 1024;
/** What every file of these tests has as its own time. */
const TIME = '1600000000.123';

/** A sandbox whose objects have all that time. */
async function timedSandbox(t: Parameters<typeof sandbox>[0]): Promise<Sandbox> {
  const box = await sandbox(t);
  box.configure({
    multipart_threshold: 1,
    part_size: 1,
    thread_num: 8,
    delete_sync: 0,
    meta: { mtime: TIME },
  });
  return box;
}

function loseMachine({ home }: Sandbox): void {
  for (const name of ['db', 'log']) rmSync(join(home, name), { recursive: true, force: true });
}

/** Gives every file the time that its object has. */
function age(folder: string): void {
  for (const path of Object.keys(treeOf(folder))) utimesSync(join(folder, path), 1, Number(TIME));
}

test.serial(
  'a folder comes back from COS as it was, on a machine with nothing but a configuration',
  async t => {
    const box = await sandbox(t);
    box.configure({ multipart_threshold: 1, part_size: 1, thread_num: 8 });
    const random = randomFrom(7);
    box.write('plain.txt', 'plain');
    box.write('empty', '');
    box.write(' 空 格 /ü\u0301\n"quoted" & <xml>%41.txt', 'awkward');
    box.write('emoji 😀/（full）', 'wide');
    box.write('back\\slash', 'x');
    box.write('C:\\x', 'no drive');
    box.write('n'.repeat(255), 'long');
    box.write(`${'deep/'.repeat(20)}file`, 'deep');
    box.write('middle.bin', random.bytes(900_000));
    box.write('large.bin', random.bytes(3 * MiB + 123));
    mkdirSync(join(box.local, 'empty folder', 'inner'), { recursive: true });
    for (const [index, path] of Object.keys(treeOf(box.local)).entries()) {
      utimesSync(join(box.local, path), 1, 1_600_000_000 + index * 1_000.123);
    }
    t.is((await syncHere(box)).code, 0);
    loseMachine(box);

    const ended = await box.runJson('restore', '--to', join(box.root, 'back'));
    t.is(ended.code, 0, ended.stderr + JSON.stringify(ended.json.errors));
    t.like(ended.json, {
      op_status: 'ALL_OK',
      download_file_ok: 10,
      download_file_skip: 0,
      create_folder_ok: 24,
    });
    t.deepEqual(treeOf(join(box.root, 'back')), treeOf(box.local));

    const again = await restoreHere(box, { to: join(box.root, 'back') });
    t.is(again.code, 0);
    t.like(again.json, { download_file_ok: 0, download_file_skip: 10, download_bytes: 0 });
  },
);

test.serial('after a restore into local_path the next sync asks COS for nothing', async t => {
  const box = await timedSandbox(t);
  box.write('a/small.txt', 'small');
  box.write('large.bin', randomFrom(1).bytes(2 * MiB));
  mkdirSync(join(box.local, 'empty'));
  await syncHere(box);
  loseMachine(box);
  rmSync(box.local, { recursive: true });
  t.is((await restoreHere(box, { to: box.local })).code, 0);
  box.proxy.requests.length = 0;
  const { code, json } = await syncHere(box);
  t.is(code, 0);
  t.like(json, { upload_file_ok: 0, upload_file_skip: 2, create_folder_ok: 0 });
  t.deepEqual(box.proxy.requests, []);
});

test.serial(
  'files that were there already and equal are in the ledger too, or it is said how they get there',
  async t => {
    const box = await timedSandbox(t);
    box.write('read.txt', 'compared by content');
    box.write('large.bin', randomFrom(1).bytes(2 * MiB));
    await syncHere(box);
    loseMachine(box);
    age(box.local);
    utimesSync(join(box.local, 'read.txt'), 1, 1);
    const { code, json, err } = await restoreHere(box, { to: box.local });
    t.is(code, 0);
    t.like(json, { download_file_ok: 0, download_file_skip: 2 });
    t.regex(err, /1 file was there already but not in the ledger.* ledger rebuild$/m);
    const next = await syncHere(box);
    t.like(next.json, { upload_file_ok: 1, upload_file_skip: 1 });
  },
);

test.serial('only what is named comes back: files, folders and patterns, each to its place', async t => {
  const box = await timedSandbox(t);
  for (const path of ['docs/a.txt', 'docs/sub/b.md', 'photos/1.jpg', 'photos/raw/2.jpg', 'c.txt']) {
    box.write(path, path);
  }
  await syncHere(box);
  const back = join(box.root, 'back');
  const { code, json } = await restoreHere(box, { to: back, paths: ['docs/sub', 'photos/*.jpg', 'c.txt'] });
  t.is(code, 0);
  t.like(json, { download_file_ok: 3, create_folder_ok: 1 });
  t.deepEqual(Object.keys(treeOf(back)), [
    'c.txt',
    'docs/',
    'docs/sub/',
    'docs/sub/b.md',
    'photos/',
    'photos/1.jpg',
  ]);

  const nothing = await restoreHere(box, { to: back, paths: ['docs/none', '*.mp4'] });
  t.is(nothing.code, 1);
  t.deepEqual(
    nothing.json.errors.map(({ op, path, key, code: why }) => [op, path, key, why]),
    [
      ['downloadFile', 'docs/none', 'backup/docs/none', 'NoSuchKey'],
      ['downloadFile', '*.mp4', 'backup/*.mp4', 'NoSuchKey'],
    ],
  );
});

test.serial(
  'patterns of the configuration leave nothing in COS behind, those of the command line do',
  async t => {
    const box = await timedSandbox(t);
    box.write('a.txt', 'a');
    box.write('b.tmp', 'b');
    await syncHere(box);
    box.configure({ exclude: ['*.tmp'], delete_sync: 0 });
    const [all, some] = [join(box.root, 'all'), join(box.root, 'some')];
    await restoreHere(box, { to: all });
    t.deepEqual(Object.keys(treeOf(all)), ['a.txt', 'b.tmp']);
    await restoreHere(box, { to: some }, { overrides: { exclude: ['*.tmp'] } });
    t.deepEqual(Object.keys(treeOf(some)), ['a.txt']);
  },
);

test.serial('a different file stays and is named, unless it is to be replaced', async t => {
  const box = await timedSandbox(t);
  for (const path of ['same-size', 'longer', 'newer']) box.write(path, `${path} in COS`);
  await syncHere(box);
  const back = join(box.root, 'back');
  mkdirSync(back);
  writeFileSync(join(back, 'same-size'), 'same-size locall'.slice(0, 16));
  writeFileSync(join(back, 'longer'), 'longer than in COS');
  writeFileSync(join(back, 'newer'), 'newer than in COS');
  for (const path of ['same-size', 'longer']) utimesSync(join(back, path), 1, 1);
  const before = treeOf(back);

  const never = await restoreHere(box, { to: back });
  t.is(never.code, 1);
  t.like(never.json, { op_status: 'ALL_FAIL', download_file_fail: 3, download_bytes: 0 });
  t.deepEqual(new Set(never.json.errors.map(({ code }) => code)), new Set(['FileExists']));
  t.deepEqual(treeOf(back), before);

  const older = await restoreHere(box, { to: back, overwrite: 'older' });
  t.is(older.code, 0);
  t.like(older.json, { download_file_ok: 2, download_file_skip: 1 });
  t.regex(older.err, /skipped .*newer: a newer file is there/);
  t.is(readFileSync(join(back, 'newer'), 'utf8'), 'newer than in COS');
  t.is(readFileSync(join(back, 'longer'), 'utf8'), 'longer in COS');

  t.is((await restoreHere(box, { to: back, overwrite: 'always' })).code, 0);
  t.is(readFileSync(join(back, 'newer'), 'utf8'), 'newer in COS');
});

test.serial(
  "a changed file of the same size is replaced though its time is near the object's, or its upload's",
  async t => {
    const box = await timedSandbox(t);
    const [near, uploaded] = ['n'.repeat(MiB + 1), 'uploaded in COS'];
    box.write('near', near);
    box.write('uploaded', uploaded);
    await syncHere(box);
    const back = join(box.root, 'back');
    mkdirSync(back);
    writeFileSync(join(back, 'near'), near.replace('n', 'N'));
    utimesSync(join(back, 'near'), 1, Math.floor(Number(TIME)));
    const { lastModified } = await withStore(box, async store => (await store.head('backup/uploaded'))!);
    writeFileSync(join(back, 'uploaded'), uploaded.toUpperCase());
    utimesSync(join(back, 'uploaded'), 1, lastModified / 1000);
    t.like((await restoreHere(box, { to: back, overwrite: 'always' })).json, { download_file_ok: 2 });
    t.is(readFileSync(join(back, 'near'), 'utf8'), near);
    t.is(readFileSync(join(back, 'uploaded'), 'utf8'), uploaded);
  },
);

test.serial('with checksum a file of the same size and time is compared by content', async t => {
  const box = await timedSandbox(t);
  box.write('a', 'app.v2.js');
  await syncHere(box);
  const back = join(box.root, 'back');
  mkdirSync(back);
  writeFileSync(join(back, 'a'), 'app.v1.js');
  age(back);
  t.like((await restoreHere(box, { to: back }, { overrides: { checksum: '1' } })).json, {
    download_file_fail: 1,
  });
});

test.serial('a dry run prints what it would do and changes nothing', async t => {
  const box = await timedSandbox(t);
  box.write('a/b.txt', 'content');
  await syncHere(box);
  const back = join(box.root, 'back');
  const state = () => [...box.filesIn(join(box.home, 'db')).keys()];
  const before = state();
  const { code, out } = await restoreHere(box, { to: back, dryRun: true });
  t.is(code, 0);
  const [folder, file, summary] = out
    .trim()
    .split('\n')
    .map(line => JSON.parse(line));
  t.like(folder, { op: 'createFolder', path: 'a/', key: 'backup/a/', bytes: 0, reason: 'missing' });
  t.like(file, { op: 'downloadFile', path: 'a/b.txt', key: 'backup/a/b.txt', bytes: 7, reason: 'missing' });
  t.like(summary, { dry_run: true, download_file_ok: 1, download_bytes: 7 });
  t.throws(() => statSync(back));
  t.deepEqual(state(), before);
});

test.serial('the statistics are a block like that of a sync', async t => {
  const box = await timedSandbox(t);
  box.write('a', 'content');
  await syncHere(box);
  const { out } = await restoreHere(box, { to: join(box.root, 'back') }, { json: false });
  t.regex(
    out,
    /^\[ok\] {3}\[ downloadFile\] \[.*back\/a\]\nrestore over! op statistics:\n +op_status : ALL_OK\n +create_folder_ok : 0\n +create_folder_fail : 0\n +download_file_ok : 1\n +download_file_fail : 0\n +download_file_skip : 0\n +download_bytes : 7\n +start_time : \d{8} [\d:]{8}\n +end_time : .*\n +used_time : \d+ s\n$/,
  );
});
