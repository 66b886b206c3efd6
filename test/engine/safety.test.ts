import { execFileSync } from 'node:child_process';
import {
  chmodSync,
  chownSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  readdirSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import test from 'ava';
import { type Sandbox, sandbox } from '../support/sandbox.ts';

test('a missing local_path stops the run with exit code 4 and deletes nothing', async t => {
  const box = await sandbox(t);
  box.write('a.txt', 'a');
  await box.run();
  renameSync(box.local, `${box.local}.away`);
  box.proxy.requests.length = 0;
  const { code, stderr, json } = await box.runJson();
  t.is(code, 4);
  t.is(
    stderr,
    `cos_sync: local_path ${box.local} is missing: nothing was changed in COS. Is the disk mounted? Check local_path\n`,
  );
  t.like(json, { op_status: 'ALL_FAIL', del_file_ok: 0, exit_code: 4 });
  t.deepEqual(box.proxy.requests, []);
  t.deepEqual(await box.keys(), ['backup/a.txt']);
});

test('an emptied folder deletes nothing, with exit code 4, until --allow-empty', async t => {
  const box = await sandbox(t);
  box.write('a.txt', 'a');
  box.write('sub/b.txt', 'b');
  await box.run();
  rmSync(join(box.local, 'a.txt'));
  rmSync(join(box.local, 'sub'), { recursive: true });
  mkdirSync(join(box.local, 'new'));
  const held = await box.runJson();
  t.is(held.code, 4);
  t.like(held.json, { deletes_held: 3, del_file_ok: 0, del_folder_ok: 0, create_folder_ok: 1 });
  t.regex(held.stderr, /^3 deletions held back: .*--allow-empty\n$/);
  t.is((await box.keys()).length, 4);
  const allowed = await box.runJson('--allow-empty');
  t.is(allowed.code, 0);
  t.like(allowed.json, { deletes_held: 0, del_file_ok: 2, del_folder_ok: 1 });
  t.deepEqual(await box.keys(), ['backup/new/']);
});

test('deletions beyond max_delete are not made; the uploads are, and the exit code is 4', async t => {
  const box = await sandbox(t);
  box.configure({ max_delete: '2' });
  for (let index = 0; index < 5; index++) box.write(`gone/${index}`, `${index}`.repeat(index + 1));
  box.write('stays', 's');
  await box.run();
  rmSync(join(box.local, 'gone'), { recursive: true });
  box.write('new', 'a new file');
  const held = await box.runJson();
  t.is(held.code, 4);
  t.like(held.json, { upload_file_ok: 1, del_file_ok: 0, del_folder_ok: 0, deletes_held: 6 });
  t.regex(held.stderr, /max_delete.*2.*--max-delete 100%/);
  t.is((await box.keys()).length, 8);
  const allowed = await box.runJson('--max-delete', '100%');
  t.is(allowed.code, 0);
  t.like(allowed.json, { del_file_ok: 5, del_folder_ok: 1 });
  t.deepEqual(await box.keys(), ['backup/new', 'backup/stays']);
});

test('a failing object fails alone; the next run brings it', async t => {
  const box = await sandbox(t);
  box.configure({ retry_num: 0 });
  for (let index = 0; index < 8; index++) box.write(`f${index}`, `${index}`);
  box.proxy.fault = ({ path }) =>
    path.endsWith('/f3') ? { kind: 'status', status: 409, code: 'ObjectLocked' } : undefined;
  const failed = await box.runJson();
  t.is(failed.code, 1);
  t.like(failed.json, { op_status: 'PART_OK', upload_file_ok: 7, upload_file_fail: 1 });
  t.like(failed.json.errors, [{ op: 'uploadFile', path: 'f3', key: 'backup/f3', code: 'ObjectLocked' }]);
  box.proxy.fault = undefined;
  t.like((await box.runJson()).json, { upload_file_ok: 1, upload_file_skip: 7, exit_code: 0 });
});

test('the old place of a file is kept while the new one did not get to COS', async t => {
  const box = await sandbox(t);
  box.configure({ retry_num: 0 });
  box.write('old.txt', 'same size');
  box.write('other.txt', 'another one, longer');
  await box.run();
  rmSync(join(box.local, 'other.txt'));
  renameSync(join(box.local, 'old.txt'), join(box.local, 'new.txt'));
  box.proxy.fault = ({ path }) =>
    path.endsWith('/new.txt') ? { kind: 'status', status: 400, code: 'InvalidArgument' } : undefined;
  box.write('stays', 's');
  const { code, json } = await box.runJson();
  t.is(code, 1);
  t.like(json, {
    upload_file_fail: 1,
    del_file_ok: 1,
    deletes_held: 1,
    deletes_held_reasons: ['uploadFailed'],
  });
  t.deepEqual(await box.keys(), ['backup/old.txt', 'backup/stays']);
});

const NOBODY = 65_534;

/** Gives the sandbox to a user who may not read everything. */
function giveAway(path: string): void {
  chownSync(path, NOBODY, NOBODY);
  for (const entry of readdirSync(path, { withFileTypes: true, recursive: true })) {
    chownSync(join(entry.parentPath, entry.name), NOBODY, NOBODY);
  }
}

async function runAsNobody(box: Sandbox) {
  giveAway(box.root);
  const ended = await box.startAs(process.getuid?.() === 0 ? { uid: NOBODY } : {}, '--json').ended;
  return { ...ended, json: JSON.parse(ended.stdout || 'null') };
}

test('nothing under a folder that cannot be read is deleted; the rest goes on', async t => {
  const box = await sandbox(t);
  box.write('closed/a.txt', 'a');
  box.write('closed/deep/b.txt', 'b');
  box.write('open/c.txt', 'cc');
  box.write('secret.txt', 'secret');
  t.is((await runAsNobody(box)).code, 0);
  rmSync(join(box.local, 'closed/a.txt'));
  rmSync(join(box.local, 'open/c.txt'));
  box.write('secret.txt', 'secret, changed');
  box.write('new.txt', 'new');
  giveAway(box.root);
  chmodSync(join(box.local, 'closed'), 0);
  chmodSync(join(box.local, 'secret.txt'), 0);
  const { code, json, stderr } = await runAsNobody(box);
  chmodSync(join(box.local, 'closed'), 0o755);
  t.is(code, 1);
  t.like(json, { upload_file_ok: 1, upload_file_fail: 2, del_file_ok: 1, deletes_held: 3 });
  t.deepEqual(json.errors.map(({ path, code }: { path: string; code: string }) => `${path} ${code}`).sort(), [
    'closed/ EACCES',
    'secret.txt EACCES',
  ]);
  t.regex(stderr, /^3 deletions held back: /);
  t.true((await box.keys()).includes('backup/closed/a.txt'));
});

test('nothing is deleted while it may have moved into a new folder that cannot be read', async t => {
  const box = await sandbox(t);
  box.write('before/a.txt', 'a');
  box.write('stays.txt', 'stays');
  t.is((await runAsNobody(box)).code, 0);
  renameSync(join(box.local, 'before'), join(box.local, 'after'));
  chmodSync(join(box.local, 'after'), 0);
  const { code, json, stderr } = await runAsNobody(box);
  chmodSync(join(box.local, 'after'), 0o755);
  t.is(code, 1);
  t.like(json, { del_file_ok: 0, deletes_held: 1, deletes_held_reasons: ['unknownPlace'] });
  t.regex(stderr, /1 deletion held back: \S+\/after\/ is new and could not be read/);
  t.true((await box.keys()).includes('backup/before/a.txt'));
});

test('a local_path that cannot be read stops the run with exit code 4', async t => {
  const box = await sandbox(t);
  box.write('a.txt', 'a');
  await runAsNobody(box);
  chmodSync(box.local, 0);
  const { code, stderr } = await runAsNobody(box);
  chmodSync(box.local, 0o755);
  t.is(code, 4);
  t.regex(stderr, /local_path .* cannot be read \(EACCES\)/);
  t.deepEqual(await box.keys(), ['backup/a.txt']);
});

test('links are followed, loops and links to nowhere are told apart', async t => {
  const box = await sandbox(t);
  mkdirSync(join(box.root, 'outside/deep'), { recursive: true });
  writeFileSync(join(box.root, 'outside/deep/x.txt'), 'outside');
  box.write('real/a.txt', 'a');
  symlinkSync('real/a.txt', join(box.local, 'file-link'));
  symlinkSync(join(box.root, 'outside'), join(box.local, 'folder-link'));
  symlinkSync('..', join(box.local, 'real/loop'));
  symlinkSync('self', join(box.local, 'self'));
  symlinkSync(box.root, join(box.local, 'real/up'));
  box.configure({ exclude: ['home', 'cos', 'real/up/outside'] });
  const { code, json, stderr } = await box.runJson();
  t.deepEqual(json.errors, []);
  t.is(code, 0);
  t.deepEqual(await box.keys(), [
    'backup/file-link',
    'backup/folder-link/',
    'backup/folder-link/deep/',
    'backup/folder-link/deep/x.txt',
    'backup/real/',
    'backup/real/a.txt',
    'backup/real/up/',
  ]);
  t.regex(stderr, /skipped .*real\/loop.*: the link leads back to a folder it is in/);
  t.regex(stderr, /skipped .*self: the link leads back/);

  symlinkSync('nowhere', join(box.local, 'dangling'));
  const dangling = await box.runJson();
  t.is(dangling.code, 1);
  t.like(dangling.json.errors, [{ path: 'dangling', code: 'DanglingSymlink' }]);
  t.is((await box.run('--exclude', 'dangling')).code, 0);
});

test('with symlinks skip no link is followed, and nothing behind one is deleted', async t => {
  const box = await sandbox(t);
  box.write('a.txt', 'a');
  mkdirSync(join(box.root, 'outside'));
  writeFileSync(join(box.root, 'outside/x.txt'), 'outside');
  symlinkSync('a.txt', join(box.local, 'file-link'));
  symlinkSync(join(box.root, 'outside'), join(box.local, 'folder-link'));
  symlinkSync('nowhere', join(box.local, 'dangling'));
  box.configure({ symlinks: 'skip' });
  const { code, json } = await box.runJson();
  t.is(code, 0);
  t.like(json, { upload_file_ok: 1, create_folder_ok: 0 });
  t.deepEqual(await box.keys(), ['backup/a.txt']);
});

test('what is neither file nor folder is skipped and said', async t => {
  const box = await sandbox(t);
  execFileSync('mkfifo', [join(box.local, 'pipe')]);
  box.write('a.txt', 'a');
  const { code, stderr } = await box.run();
  t.is(code, 0);
  t.regex(stderr, /skipped .*pipe: is neither a file nor a folder/);
  t.regex(
    box.log(),
    / skip +scan run=1 path=pipe code=NotAFile$/m,
    'as all paths there, relative to local_path',
  );
  t.is((await box.run('--quiet')).stderr, '', 'it is nothing to be told each night');
  t.deepEqual(await box.keys(), ['backup/a.txt']);
});

test('a damaged ledger is put aside and stops the run with exit code 4, until it is rebuilt', async t => {
  const box = await sandbox(t);
  for (let index = 0; index < 20; index++) box.write(`f${index}`, `${index}`);
  await box.run();
  const [name] = readdirSync(join(box.home, 'db')).filter(file => /-[0-9a-f]{12}\.db$/.test(file));
  const file = join(box.home, 'db', name!);
  writeFileSync(file, 'damaged\n'.repeat(20));
  box.proxy.requests.length = 0;
  for (let run = 0; run < 2; run++) {
    const { code, stderr } = await box.run();
    t.is(code, 4);
    t.regex(stderr, /ledger .*damaged.*ledger rebuild/);
  }
  t.false(existsSync(file));
  t.deepEqual(box.proxy.requests, []);
});

test('a damaged ledger that is only read stays where it is, and that is what is said', async t => {
  const box = await sandbox(t);
  box.write('a.txt', 'one');
  await box.run();
  const [name] = readdirSync(join(box.home, 'db')).filter(file => /-[0-9a-f]{12}\.db$/.test(file));
  const file = join(box.home, 'db', name!);
  writeFileSync(file, 'damaged\n'.repeat(20));
  for (const command of [['sync', '--dry-run'], ['ledger', 'export'], ['verify']]) {
    const { code, stderr } = await box.run(...command);
    t.is(code, 4);
    t.true(stderr.includes(`the ledger ${file} is damaged`), stderr);
    t.notRegex(stderr, /put aside/);
  }
  t.regex((await box.run('sync', '--dry-run', '--lang', 'zh')).stderr, /已损坏/);
  t.true(existsSync(file));
});

test("a ledger in another's place deletes and records nothing", async t => {
  const one = await sandbox(t);
  const other = await sandbox(t);
  for (const box of [one, other]) box.write('a.txt', 'a');
  one.write('b.txt', 'b');
  await one.run();
  await other.run();
  await other.cos.putObject({
    Bucket: other.server.bucket,
    Region: other.server.region,
    Key: 'backup/b.txt',
    Body: "another tool's",
  });
  const ledgerOf = (box: Sandbox) =>
    join(
      box.home,
      'db',
      readdirSync(join(box.home, 'db')).find(name => /-[0-9a-f]{12}\.db$/.test(name)) ?? '',
    );
  copyFileSync(ledgerOf(one), ledgerOf(other));
  for (const args of [[], ['verify'], ['ledger', 'export'], ['ledger', 'rebuild']]) {
    const { code, stderr } = await other.run(...args);
    t.is(code, 4, args.join(' '));
    t.regex(stderr, /is about .*data -> cos:\/\/.*\/backup\//);
  }
  t.regex((await other.run('doctor')).stdout, /fail.*ledger.*is about/);
  t.deepEqual(await other.keys(), ['backup/a.txt', 'backup/b.txt']);
});
