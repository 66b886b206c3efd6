import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'ava';
import { sandbox } from '../support/sandbox.ts';

test('the demo shows the statistics of each of its runs, and where to look', async t => {
  const box = await sandbox(t);
  // Somebody's own keys are no business of it.
  const own = {
    COS_SECRET_ID: 'AKIDown',
    COS_SECRET_KEY: 'own',
    TENCENTCLOUD_SECRETID: 'AKIDother',
    COS_TOKEN: 'own',
  };
  const { code, stdout, stderr } = await box.startAs({ env: { ...own, TMPDIR: box.root } }, 'demo').ended;
  t.is(stderr, '');
  t.is(code, 0);
  t.is(stdout.match(/sync over! op statistics:/g)?.length, 3);
  t.is(stdout.match(/op_status : ALL_OK/g)?.length, 4);
  t.regex(stdout, /download_file_ok : 6\n/);
  t.regex(stdout, /6 files restored, each with the content and the time of its original/);
  t.deepEqual(stdout.match(/upload_file_ok : \d+/g), [
    'upload_file_ok : 6',
    'upload_file_ok : 4',
    'upload_file_ok : 0',
  ]);
  t.is(stdout.match(/moved from /g)?.length, 2);
  for (const name of ['the objects', 'the ledger', 'the log']) {
    const path = new RegExp(`${name} +(/.*)`).exec(stdout)?.[1] ?? '';
    t.true(existsSync(path), path);
  }
});

test('the demo takes a folder of the user and only reads it', async t => {
  const box = await sandbox(t);
  const folder = join(box.root, 'mine');
  mkdirSync(join(folder, 'sub'), { recursive: true });
  writeFileSync(join(folder, 'sub/我的.txt'), 'mine');
  const before = [...box.filesIn(folder)];
  const { code, stdout } = await box.startAs({ env: { TMPDIR: box.root } }, 'demo', '--dir', folder).ended;
  t.is(code, 0);
  t.regex(stdout, /\[ok\] {3}\[ {3}uploadFile\] .*sub\/我的\.txt/);
  t.deepEqual([...box.filesIn(folder)], before);
});

test('a folder that is not there is refused in one line', async t => {
  const box = await sandbox(t);
  const { code, stderr } = await box.startAs({ env: { TMPDIR: box.root } }, 'demo', '--dir', '/no/such')
    .ended;
  t.is(code, 2);
  t.is(stderr, 'cos_sync: --dir: there is no folder /no/such\n');
});

test('the demo shows the watch where it is asked to', async t => {
  const box = await sandbox(t);
  const { code, stdout } = await box.startAs({ env: { TMPDIR: box.root } }, 'demo', '--watch').ended;
  t.is(code, 0);
  t.regex(stdout, /With watch, .*\n(?:.*\n)*.*uploadFile\] \[.*thursday\.txt\]/);
});
