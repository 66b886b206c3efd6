import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, openSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import { text } from 'node:stream/consumers';
import test from 'ava';
import { type Sandbox, sandbox } from '../support/sandbox.ts';

const MAIN = join(import.meta.dirname, '..', '..', 'src', 'main.ts');

/** A folder with something of everything to report. */
async function boxWithChanges(t: Parameters<typeof sandbox>[0]): Promise<Sandbox> {
  const box = await sandbox(t);
  box.configure({ retry_num: 0, thread_num: 1 });
  box.write('gone.txt', 'g');
  box.write('stays.txt', 's');
  await box.run();
  rmSync(join(box.local, 'gone.txt'));
  box.write('new/b.txt', 'bb');
  box.write('refused.txt', 'rrr');
  box.proxy.fault = ({ path }) =>
    path.endsWith('/refused.txt')
      ? { kind: 'status', status: 500, code: 'InternalError', message: 'We encountered an error.' }
      : undefined;
  return box;
}

const TIME = '\\d{8} \\d\\d:\\d\\d:\\d\\d';

test('standard output has a line for each operation and the block of statistics, to the byte', async t => {
  const box = await boxWithChanges(t);
  const { code, stdout, stderr } = await box.run();
  t.is(code, 1);
  t.is(stderr, '');
  const lines = stdout.split('\n');
  t.deepEqual(
    lines.slice(0, 4).map(line => line.replaceAll(box.local, 'LOCAL')),
    [
      '[ok]   [ createFolder] [LOCAL/new/]',
      '[ok]   [   uploadFile] [LOCAL/new/b.txt]',
      '[fail] [   uploadFile] [LOCAL/refused.txt] code: -4024, ErrOffGoBack, InternalError: an error inside COS; the next run tries again (We encountered an error.)',
      '[ok]   [   deleteFile] [LOCAL/gone.txt]',
    ],
  );
  const statistics = lines
    .slice(4)
    .join('\n')
    .replace(new RegExp(TIME, 'g'), 'TIME')
    .replace(/\d+ s\n/, 'N s\n');
  t.is(
    statistics,
    `sync over! op statistics:
                     op_status : PART_OK
              create_folder_ok : 1
            create_folder_fail : 0
                 del_folder_ok : 0
               del_folder_fail : 0
                upload_file_ok : 1
              upload_file_fail : 1
                   del_file_ok : 1
                 del_file_fail : 0
              upload_file_skip : 1
                  upload_bytes : 2
                    start_time : TIME
                      end_time : TIME
                     used_time : N s
`,
  );
});

test('--json prints one object on one line and nothing else', async t => {
  const box = await boxWithChanges(t);
  const { code, stdout, stderr } = await box.run('--json', '--verbose');
  t.is(code, 1);
  t.is(stderr, '');
  t.regex(stdout, /^\{.*\}\n$/);
  const { start_time, end_time, used_time, errors, ...rest } = JSON.parse(stdout);
  t.deepEqual(rest, {
    local_path: box.local,
    target: `cos://${box.server.bucket}/backup/`,
    op_status: 'PART_OK',
    create_folder_ok: 1,
    create_folder_fail: 0,
    del_folder_ok: 0,
    del_folder_fail: 0,
    upload_file_ok: 1,
    upload_file_fail: 1,
    del_file_ok: 1,
    del_file_fail: 0,
    upload_file_skip: 1,
    upload_bytes: 2,
    deletes_held: 0,
    deletes_held_reasons: [],
    dry_run: false,
    exit_code: 1,
    interrupted_by: null,
  });
  for (const time of [start_time, end_time]) t.is(new Date(time).toISOString(), time);
  t.is(used_time, (Date.parse(end_time) - Date.parse(start_time)) / 1000);
  t.is(errors.length, 1);
  const { message, ...error } = errors[0];
  t.deepEqual(error, { op: 'uploadFile', path: 'refused.txt', key: 'backup/refused.txt', code: '-4024' });
  t.regex(message, /InternalError.*We encountered an error/);
});

test('--quiet prints failures and statistics only', async t => {
  const box = await boxWithChanges(t);
  const { stdout } = await box.run('--quiet');
  t.regex(stdout, /^\[fail\] \[ {3}uploadFile\] .*\nsync over! op statistics:\n/);
  t.false(stdout.includes('[ok]'));
});

test("the log has each operation with COS's status and request ID, and the statistics", async t => {
  const box = await boxWithChanges(t);
  await box.run();
  const log = box.log();
  t.regex(
    log,
    /^\S+Z ok +uploadFile run=2 path=new\/b\.txt key=backup\/new\/b\.txt bytes=2 status=200 request_id=\S{8,}$/m,
  );
  t.regex(
    log,
    /^\S+Z ok +createFolder run=2 path=new\/ key=backup\/new\/ bytes=0 status=200 request_id=\S{8,}$/m,
  );
  t.regex(log, /^\S+Z ok +deleteFile run=2 path=gone\.txt .*status=200 request_id=\S{8,}$/m);
  t.regex(
    log,
    /^\S+Z fail +uploadFile run=2 path=refused\.txt .*code=-4024 .*status=500 request_id=faulty$/m,
  );
  t.regex(log, /^\S+Z info +end run=2 op_status=PART_OK .*upload_file_ok=1 .*exit_code=1\b/m);
  t.regex(
    log,
    /^\S+Z info +start run=2 version=\S+ config=\S+\/conf\/config\.json ledger=local-1250000000-\w+\.db local_path=\S+ target=cos:\/\/local-1250000000\/backup\/ dry_run=false$/m,
  );
});

test('no secret is in anything that is printed or written', async t => {
  const box = await sandbox(t);
  const token = 'temporary-token-5678';
  const { secretKey } = box.server;
  box.write('a.txt', 'a');
  box.write('large.bin', Buffer.alloc(1024 * 1024 + 1));
  box.configure({ token, multipart_threshold: 1 });
  box.proxy.fault = ({ path, headers }) => {
    t.is(headers['x-cos-security-token'], token);
    return path.endsWith('a.txt') ? { kind: 'status', status: 403, code: 'AccessDenied' } : undefined;
  };
  const runs = [await box.run('--verbose'), await box.run('--json'), await box.run('--dry-run')];
  box.configure({ secret_key: 'wrong-key-that-is-secret', endpoint: 'http://127.0.0.1:1', retry_num: 0 });
  runs.push(await box.run('--json'));
  t.is(runs.at(-1)?.code, 5);
  const written = [
    ...box.filesIn(join(box.home, 'db')).values(),
    ...box.filesIn(join(box.home, 'log')).values(),
  ];
  t.true(written.length >= 3);
  for (const text of [...written, ...runs.flatMap(({ stdout, stderr }) => [stdout, stderr])]) {
    for (const secret of [secretKey, token, 'wrong-key-that-is-secret', 'q-signature']) {
      t.false(text.includes(secret));
    }
  }
});

test('a dry run says what it would do, and changes nothing', async t => {
  const box = await sandbox(t);
  box.write('gone.txt', 'g');
  box.write('moved.txt', 'moved content');
  box.write('edited.txt', 'e');
  await box.run();
  rmSync(join(box.local, 'gone.txt'));
  rmSync(join(box.local, 'moved.txt'));
  box.write('new/moved.txt', 'moved content');
  box.write('edited.txt', 'ee');
  const state = async () => [
    [...box.filesIn(join(box.home, 'db'))],
    [...(await box.objects())].map(([key, body]) => `${key}=${body}`),
  ];
  const before = await state();
  box.proxy.requests.length = 0;
  const { code, stdout } = await box.run('--dry-run');
  t.is(code, 0);
  t.deepEqual(
    box.proxy.requests.filter(({ method }) => method !== 'GET' && method !== 'HEAD'),
    [],
  );
  t.deepEqual(await state(), before);
  for (const line of [
    `[plan] [ createFolder] [${box.local}/new/]`,
    `[plan] [   uploadFile] [${box.local}/edited.txt]`,
    `[plan] [   uploadFile] [${box.local}/new/moved.txt] moved from ${box.local}/moved.txt`,
    `[plan] [   deleteFile] [${box.local}/gone.txt]`,
  ]) {
    t.true(stdout.includes(`${line}\n`), line);
  }
  t.like((await box.runJson('--dry-run')).json, { dry_run: true, upload_file_ok: 2, del_file_ok: 2 });
  t.like((await box.runJson()).json, { dry_run: false, upload_file_ok: 2, upload_bytes: 2, del_file_ok: 2 });
});

test('a dry run with --json prints each planned operation before the summary', async t => {
  const box = await sandbox(t);
  for (const path of ['gone.txt', 'old/moved.txt', 'longer.txt', 'other.txt']) {
    box.write(path, `${path} content`);
    box.age(path);
  }
  await box.run();
  rmSync(join(box.local, 'gone.txt'));
  rmSync(join(box.local, 'old'), { recursive: true });
  box.write('new/moved.txt', 'old/moved.txt content');
  box.write('longer.txt', 'longer.txt content and more');
  box.write('other.txt', 'other.txt CONTENT');
  box.write('new.txt', 'new');
  const { stdout } = await box.run('sync', '--dry-run', '--json');
  const lines = stdout
    .trimEnd()
    .split('\n')
    .map(line => JSON.parse(line));
  const of = (op: string, path: string, bytes: number, reason: string) => ({
    ...{ op, path, key: `backup/${path}`, bytes, reason },
  });
  t.deepEqual(lines.slice(0, -1), [
    of('createFolder', 'new/', 0, 'new'),
    of('uploadFile', 'longer.txt', 27, 'otherSize'),
    of('uploadFile', 'new.txt', 3, 'new'),
    { ...of('uploadFile', 'new/moved.txt', 0, 'moved'), moved_from: 'old/moved.txt' },
    of('uploadFile', 'other.txt', 17, 'otherContent'),
    of('deleteFile', 'gone.txt', 0, 'gone'),
    of('deleteFile', 'old/moved.txt', 0, 'gone'),
    of('deleteFolder', 'old/', 0, 'gone'),
  ]);
  t.like(lines.at(-1), { dry_run: true, upload_file_ok: 4, del_file_ok: 2, del_folder_ok: 1 });
});

test('a dry run before the first run makes no ledger', async t => {
  const box = await sandbox(t);
  box.write('a.txt', 'a');
  t.is((await box.run('--dry-run')).code, 0);
  t.deepEqual([...box.filesIn(join(box.home, 'db'))], []);
  t.deepEqual(box.proxy.requests, []);
});

test('a log that cannot be written is said, and the run goes on', async t => {
  const box = await sandbox(t);
  box.write('a.txt', 'a');
  writeFileSync(join(box.home, 'log'), 'a file in the way');
  const { code, stderr } = await box.run();
  t.is(code, 0);
  t.regex(stderr, /cos_sync\.log cannot be written/);
});

test('a reader that goes away does not stop the run', async t => {
  const box = await sandbox(t);
  for (let index = 0; index < 30; index++) box.write(`f${index}`, `${index}`);
  const running = box.start();
  running.child.stdout?.destroy();
  t.is((await running.ended).code, 0);
  t.is((await box.keys()).length, 30);
});

const onLinux = process.platform === 'linux' ? test : test.skip; // /dev/full is a disk without room

onLinux('standard output on a full disk stops nothing, and is said', async t => {
  const box = await sandbox(t);
  for (let index = 0; index < 200; index++) box.write(`f${index}`, 'content');
  const full = openSync('/dev/full', 'w');
  for (const args of [[], ['--json'], ['history', '--json'], ['doctor'], ['--help']]) {
    const child = spawn(process.execPath, [MAIN, ...args], {
      env: { ...process.env, COS_SYNC_HOME: box.home },
      stdio: ['ignore', full, 'pipe'],
    });
    const [[code], stderr] = await Promise.all([once(child, 'close'), text(child.stderr as Readable)]);
    t.is(code, 1);
    t.is(
      stderr,
      'cos_sync: standard output cannot be written (ENOSPC): the work goes on; see log/cos_sync.log\n',
    );
  }
  closeSync(full);
  t.is((await box.keys()).length, 200);
  const { stdout } = await box.run('history', '--json');
  t.is((JSON.parse(stdout) as unknown[]).length, 2);
});
