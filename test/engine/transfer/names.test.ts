import { mkdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'ava';
import { sandbox } from '../../support/sandbox.ts';

const NAMES = [
  '中文 文件',
  'two  spaces',
  ' leading space',
  'trailing space ',
  'plus+percent%hash#question?and&quote\'double"',
  '%41%2F%zz',
  '(brackets)[and]{braces}!*;:@=$,^`|<>~',
  '.hidden',
  '..double',
  '...',
  '-dash',
  'emoji 🎉👩‍👩‍👧',
  'e\u0301 and é',
  'new\nline',
  'tab\tand\rreturn',
  'vertical\vtab and form\ffeed',
  'next\x85line',
  'line\u2028and paragraph\u2029separator',
  'back\\slash',
  '\\leading',
  'a'.repeat(255),
  '中'.repeat(85),
  '\ufffd is a character too',
  'CON',
  'x.',
];

test('every name goes up, moves and goes away again, in files and folders', async t => {
  const box = await sandbox(t);
  box.configure({ cos_path: '/根 %20+/x' });
  for (const [index, name] of NAMES.entries()) box.write(`${name}`, `file ${index}`);
  for (const [index, name] of NAMES.entries()) box.write(`sub/${name}/inner`, `inner ${index}`);
  box.write('stays', 's');
  const first = await box.runJson();
  t.deepEqual(first.json.errors, []);
  t.is(first.code, 0);
  const root = '根 %20+/x/';
  const objects = await box.objects();
  t.is(objects.size, 3 * NAMES.length + 2);
  for (const [index, name] of NAMES.entries()) {
    t.is(objects.get(`${root}${name}`)?.toString(), `file ${index}`, name);
    t.is(objects.get(`${root}sub/${name}/inner`)?.toString(), `inner ${index}`, name);
    t.true(objects.has(`${root}sub/${name}/`), name);
  }
  box.proxy.requests.length = 0;
  t.like((await box.runJson()).json, { upload_file_skip: 2 * NAMES.length + 1, upload_file_ok: 0 });
  t.deepEqual(box.proxy.requests, []);

  renameSync(join(box.local, 'sub'), join(box.local, 'moved'));
  const moved = await box.runJson();
  t.deepEqual(moved.json.errors, []);
  t.like(moved.json, { upload_file_ok: NAMES.length, upload_bytes: 0, del_file_ok: NAMES.length });

  for (const name of NAMES) rmSync(join(box.local, name));
  rmSync(join(box.local, 'moved'), { recursive: true });
  const last = await box.runJson();
  t.deepEqual(last.json.errors, []);
  t.like(last.json, { del_file_ok: 2 * NAMES.length, del_folder_ok: NAMES.length + 1 });
  t.deepEqual(await box.keys(), [`${root}stays`]);
});

test('names that differ only by what a careless reader drops are kept apart when one is deleted', async t => {
  const box = await sandbox(t);
  const pairs = ['a', 'a ', ' a', 'a\n', 'a%20', '007', '7', 'true', 'x&amp;', 'x&', '1e3', '1000'];
  for (const name of pairs) box.write(name, name);
  await box.run();
  for (const gone of ['a ', '007', 'x&amp;', '1e3', 'a\n']) rmSync(join(box.local, gone));
  t.like((await box.runJson()).json, { del_file_ok: 5, exit_code: 0 });
  const left = pairs.filter(name => !['a ', '007', 'x&amp;', '1e3', 'a\n'].includes(name));
  t.deepEqual(await box.keys(), left.map(name => `backup/${name}`).sort());
});

test('a name with a line end in it is printed and logged on one line', async t => {
  const box = await sandbox(t);
  box.write('new\nline\u001b[31m', 'x');
  const { stdout } = await box.run();
  t.true(
    stdout.startsWith(`[fail] [   uploadFile] [${box.local}/new\\x0aline\\x1b[31m] code: InvalidObjectName`),
  );
  t.is(
    box
      .log()
      .trim()
      .split('\n')
      .filter(line => line.includes('uploadFile')).length,
    1,
  );
});

test('a key over 850 bytes and a name that is not UTF-8 fail alone, by name', async t => {
  const box = await sandbox(t);
  const long = ['中'.repeat(80), '文'.repeat(80), '件'.repeat(80), '夹'.repeat(80)].join('/');
  box.write(`${long}/x`, 'too deep');
  box.write('fine.txt', 'fine');
  mkdirSync(join(box.local, 'sub'));
  writeFileSync(Buffer.concat([Buffer.from(`${box.local}/sub/bad`), Buffer.from([0xff, 0xfe])]), 'x');
  box.write('sub/good.txt', 'good');
  const { code, json } = await box.runJson();
  t.is(code, 1);
  t.like(json, { op_status: 'PART_OK', upload_file_ok: 2, upload_file_fail: 2 });
  const codes = json.errors.map(({ op, code }) => `${op} ${code}`).sort();
  t.deepEqual(codes, ['createFolder KeyTooLong', 'uploadFile InvalidUtf8Name', 'uploadFile KeyTooLong']);
  const keys = await box.keys();
  t.true(keys.includes('backup/fine.txt') && keys.includes('backup/sub/good.txt'));
  t.false(box.proxy.requests.some(({ status }) => status >= 400));
});

test('a file whose name stopped being UTF-8 does not lose its object', async t => {
  const box = await sandbox(t);
  box.write('sub/a\ufffd', 'x');
  box.write('b', 'y');
  await box.run();
  const folder = Buffer.from(`${box.local}/sub/`);
  rmSync(join(box.local, 'sub/a\ufffd'));
  writeFileSync(Buffer.concat([folder, Buffer.from('a'), Buffer.from([0xff])]), 'x');
  const { code, json } = await box.runJson();
  t.is(code, 1);
  t.like(json, { del_file_ok: 0, deletes_held: 1 });
  t.deepEqual(await box.keys(), ['backup/b', 'backup/sub/', 'backup/sub/a\ufffd']);
});

test('a file renamed to a name that is not UTF-8 keeps its object; other deletions go on', async t => {
  const box = await sandbox(t);
  box.write('report', 'the only copy');
  box.write('other', 'another size, to be deleted');
  await box.run();
  rmSync(join(box.local, 'other'));
  rmSync(join(box.local, 'report'));
  writeFileSync(Buffer.concat([Buffer.from(`${box.local}/report`), Buffer.from([0xff])]), 'the only copy');
  box.write('stays', '');
  const { code, json } = await box.runJson();
  t.is(code, 1);
  t.like(json, { del_file_ok: 1, deletes_held: 1, deletes_held_reasons: ['uploadFailed'] });
  t.deepEqual(await box.keys(), ['backup/report', 'backup/stays']);
});
