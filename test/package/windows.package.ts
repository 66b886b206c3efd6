import { mkdir, readFile, rename, rm, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import { NtExecutable, NtExecutableResource, Resource } from 'resedit';
import { readForeignNode } from '../../dist/build/node-binaries.ts';
import { putObjects } from '../support/objects.ts';
import { treeOf } from '../support/tree.ts';
import { until } from '../support/until.ts';
import {
  HASHED_IN_A_THREAD,
  type Installation,
  PROJECT,
  statistics,
  unpack,
} from './support/installation.ts';
import { isRelocatable } from './support/relocations.ts';
import { type Ended, runInWine, setUpWine } from './support/wine.ts';

const DATA = 'C:\\t\\data';
/** Opens its argument so that nobody else can (dwShareMode 0), says so, and waits to be ended. */
const LOCKER = `const { openSync, writeFileSync } = require('node:fs');
const UV_FS_O_EXLOCK = 0x10000000;
openSync(process.argv[2], 2 | UV_FS_O_EXLOCK);
writeFileSync('locked', '');
setInterval(() => {}, 1000);
`;

test.before(async t => {
  t.timeout(1_200_000, 'wine is being downloaded');
  await setUpWine();
});

/** A Windows whose C:\t holds the unpacked zip. */
async function install(t: ExecutionContext): Promise<Installation> {
  const installation = await unpack(t, 'cos_sync-win-x64.zip');
  await installation.configure(DATA);
  return installation;
}

function cosSync({ folder }: Installation, ...options: string[]): Promise<Ended> {
  return runInWine(folder, `wine cos_sync/cos_sync.exe ${options.join(' ')}`);
}

/** Lays Node for Windows at C:\t\node.exe, for what a test needs beside the program. */
async function addNode({ folder }: Installation): Promise<void> {
  await writeFile(join(folder, 'node.exe'), await readForeignNode('win-x64', join(PROJECT, '.build')));
}

test('a folder is mirrored: new, unchanged, changed and deleted files', async t => {
  const windows = await install(t);
  await windows.write({ 'a.txt': 'one', 'sub/b.txt': 'two', 'sub/middle': HASHED_IN_A_THREAD });
  const first = await cosSync(windows);
  t.is(first.exitCode, 0, first.stderr);
  t.true(first.stdout.includes(`[ok]   [   uploadFile] [${DATA}\\sub\\b.txt]`), first.stdout);
  t.regex(first.stdout, /op_status : ALL_OK/);
  t.deepEqual(await windows.objects(), ['a.txt', 'sub/b.txt', 'sub/middle']);

  windows.requests.length = 0;
  const second = statistics((await cosSync(windows, '--json')).stdout);
  t.is(second.upload_file_ok, 0);
  t.is(second.upload_file_skip, 3);
  t.deepEqual(windows.requests, [], 'a run with nothing to do asks COS for nothing');

  await windows.write({ 'a.txt': 'changed' });
  await rm(join(windows.data, 'sub', 'b.txt'));
  const third = statistics((await cosSync(windows, '--json')).stdout);
  t.is(third.upload_file_ok, 1);
  t.is(third.del_file_ok, 1);
  t.deepEqual(await windows.objects(), ['a.txt', 'sub/middle']);
});

test('with watch a change is in COS by the event that tells of it', async t => {
  const windows = await install(t);
  await windows.write({ 'sub/a.txt': 'one' });
  const times = '--watch-delay 0.2 --daemon-interval 3600';
  const daemon = `wine cos_sync/cos_sync.exe sync --daemon-mode 1 --watch 1 ${times}`;
  const running = runInWine(
    windows.folder,
    `${daemon} & while [ ! -e stop ]; do sleep 0.2; done; wineserver -k; wait`,
  );
  const log = join(windows.program, 'log', 'cos_sync.log');
  const holds = async (object: string) => (await windows.objects()).includes(object);
  try {
    await until(async () => / ready /.test(await readFile(log, 'utf8').catch(() => '')));
    await windows.write({ 'sub/b.txt': 'two', 'new/deep/c.txt': 'three' });
    await until(async () => (await holds('sub/b.txt')) && (await holds('new/deep/c.txt')));
    await rm(join(windows.data, 'sub', 'a.txt'));
    await until(async () => !(await holds('sub/a.txt')));
  } finally {
    await writeFile(join(windows.folder, 'stop'), '');
    await running;
  }
  t.is((await readFile(log, 'utf8')).match(/watch_run .*full=/g)?.length, 1);
});

test('Chinese names of folders and files arrive unchanged, on the console too', async t => {
  const windows = await install(t);
  await windows.write({ '图片/二〇二六年 夏天.txt': '你好' });
  const { exitCode, stdout } = await cosSync(windows);
  t.is(exitCode, 0);
  t.true(stdout.includes('图片\\二〇二六年 夏天.txt'), stdout);
  t.deepEqual(await windows.objects(), ['图片/二〇二六年 夏天.txt']);
});

test('a path longer than 260 characters is uploaded', async t => {
  const windows = await install(t);
  const path = `${`${'d'.repeat(60)}/`.repeat(6)}long.txt`;
  await windows.write({ [path]: 'far down' });
  t.is((await cosSync(windows)).exitCode, 0);
  t.deepEqual(await windows.objects(), [path]);
});

test('sync, a lost machine, restore: the folder is as it was, long paths and times included', async t => {
  const windows = await install(t);
  const long = `${`${'d'.repeat(60)}/`.repeat(6)}long.txt`;
  await windows.write({
    'a.txt': 'one',
    '图片/夏天.txt': '你好',
    [long]: 'far down',
    middle: HASHED_IN_A_THREAD,
  });
  await mkdir(join(windows.data, 'empty folder'));
  await utimes(join(windows.data, 'a.txt'), 1, 1_600_000_000.123);
  t.is((await cosSync(windows)).exitCode, 0);
  await rm(join(windows.program, 'db'), { recursive: true });
  const { exitCode, stdout, stderr } = await cosSync(windows, 'restore', '--to', "'C:\\t\\back'");
  t.is(exitCode, 0, stderr + stdout);
  t.deepEqual(treeOf(join(windows.folder, 'back')), treeOf(windows.data));
});

test('what Windows cannot name is a failure of that object alone', async t => {
  const windows = await unpack(t, 'cos_sync-win-x64.zip');
  await windows.configure(windows.data);
  await putObjects(
    { home: windows.program },
    Object.fromEntries(
      ['CON', 'sub/nul.txt', 'a:b', 'dot.', 'back\\slash', '..\\up', 'Readme', 'README', 'fine.txt'].map(
        path => [`mirror/${path}`, path],
      ),
    ),
  );
  await windows.configure(DATA);
  const { exitCode, stdout } = await cosSync(windows, 'restore', '--json', '--to', "'C:\\t\\back'");
  t.is(exitCode, 1);
  const { errors } = JSON.parse(stdout) as { errors: { path: string; code: string }[] };
  t.deepEqual(Object.fromEntries(errors.map(({ path, code }) => [path, code])), {
    '..\\up': 'UnsafePath',
    CON: 'InvalidLocalName',
    Readme: 'CaseCollision',
    'a:b': 'InvalidLocalName',
    'back\\slash': 'UnsafePath',
    'dot.': 'InvalidLocalName',
    'sub/nul.txt': 'InvalidLocalName',
  });
  t.deepEqual(Object.keys(treeOf(join(windows.folder, 'back'))), ['README', 'fine.txt']);
});

test('a file that another process has locked fails by name, the rest is uploaded', async t => {
  const windows = await install(t);
  await windows.write({ 'locked.pst': 'mails', 'free.txt': 'free' });
  await addNode(windows);
  await writeFile(join(windows.folder, 'locker.cjs'), LOCKER);
  const { exitCode, stdout } = await runInWine(
    windows.folder,
    `wine node.exe locker.cjs 'C:\\t\\data\\locked.pst' &
     tries=0; until [ -e locked ]; do sleep 0.2; tries=$((tries + 1)); [ $tries -lt 150 ] || exit 99; done
     wine cos_sync/cos_sync.exe`,
  );
  t.is(exitCode, 1, stdout);
  t.regex(stdout, /\[fail\] \[ {3}uploadFile\] \[C:\\t\\data\\locked\.pst\]/);
  t.regex(stdout, /op_status : PART_OK/);
  t.deepEqual(await windows.objects(), ['free.txt']);

  t.is((await cosSync(windows)).exitCode, 0, 'the next run sends it');
  t.deepEqual(await windows.objects(), ['free.txt', 'locked.pst']);
});

test('start_cos_sync.bat runs from any folder, passes arguments and the exit code, and does not wait', async t => {
  const windows = await install(t);
  await windows.write({ 'a.txt': 'one' });
  const elsewhere = 'cd ../windows && wine cmd /c';
  const sync = await runInWine(windows.folder, `${elsewhere} 'C:\\t\\cos_sync\\start_cos_sync.bat' --json`);
  t.is(sync.exitCode, 0, sync.stdout + sync.stderr);
  t.is(statistics(sync.stdout).upload_file_ok, 1);
  t.deepEqual(await windows.objects(), ['a.txt']);

  const wrong = await runInWine(
    windows.folder,
    `${elsewhere} 'C:\\t\\cos_sync\\start_cos_sync.bat' --no-such-option`,
  );
  t.is(wrong.exitCode, 2);
});

test('start_cos_sync.bat runs from a folder with a blank, an ampersand and Chinese in its name', async t => {
  const windows = await install(t);
  await windows.write({ 'a.txt': 'one' });
  await rename(windows.program, join(windows.folder, 'A & 中!'));
  await addNode(windows);
  // wine's own start of cmd would quote the line its way.
  const line = JSON.stringify('/c ""C:\\t\\A & 中!\\start_cos_sync.bat" --json"');
  const start = `const { spawnSync } = require('node:child_process');
process.exitCode = spawnSync('cmd.exe', [${line}], { windowsVerbatimArguments: true, stdio: 'inherit' }).status;`;
  await writeFile(join(windows.folder, 'start.cjs'), start);
  const { exitCode, stdout, stderr } = await runInWine(windows.folder, 'wine node.exe start.cjs');
  t.is(exitCode, 0, stdout + stderr);
  t.is(statistics(stdout).upload_file_ok, 1);
});

test('start_cos_sync.bat waits for a key after a double click, and after no other start', async t => {
  const windows = await install(t);
  const path = 'C:\\t\\cos_sync\\start_cos_sync.bat';
  // Windows' cmd tells in this variable how it was started; wine's cmd has no such variable.
  const start = async (cmdcmdline: string) => {
    const script = `cmdcmdline='${cmdcmdline}' wine cmd /c '${path}' --no-such-option`;
    const { exitCode, stdout } = await runInWine(windows.folder, script);
    t.is(exitCode, 2, 'the exit code is the program’s in any case');
    return /press any key/i.test(stdout);
  };
  const cmd = 'C:\\Windows\\system32\\cmd.exe';
  t.true(await start(`${cmd} /c ""${path}" "`), 'the Explorer');
  t.false(await start(`${cmd} /c "${path}"`), 'the task scheduler');
  t.false(await start(`${cmd} /c ""${path}" --no-such-option"`), 'another program');
  t.false(await start(`"${cmd}" `), 'a command line');
});

test('the exit code says what became of the run', async t => {
  const windows = await install(t);
  await windows.write({ 'a.txt': 'one' });
  t.is((await cosSync(windows, '--thread-num', 'many')).exitCode, 2);
  t.is((await cosSync(windows, '--local-path', "'C:\\t\\missing'")).exitCode, 4);
  t.is((await cosSync(windows, '--endpoint', 'http://127.0.0.1:9', '--retry-num', '0')).exitCode, 5);
  t.is((await cosSync(windows)).exitCode, 0);
});

test('what the environment tells Node does not reach the program', async t => {
  const windows = await install(t);
  await windows.write({ 'a.txt': 'one' });
  const { exitCode, stdout, stderr } = await runInWine(
    windows.folder,
    `export NODE_OPTIONS='--inspect=0 --require C:\\t\\missing.cjs' OPENSSL_CONF='C:\\t\\missing.cnf'
     wine cos_sync/cos_sync.exe`,
  );
  t.is(exitCode, 0, stdout + stderr);
  t.is(stderr, '', 'no debugger listens');
  t.deepEqual(await windows.objects(), ['a.txt']);
});

test('nothing is written but the ledger, the log and the kept configuration, beside the program', async t => {
  const windows = await install(t);
  await windows.write({ 'a.txt': 'one' });
  const { exitCode, stdout, stderr } = await runInWine(
    windows.folder,
    `touch before && sleep 0.1 && wine cos_sync/cos_sync.exe > run.txt 2> run-errors.txt || exit
     cat run-errors.txt >&2
     find . ../users ../windows/temp -newer before -type f -not -path './.output/*' -not -path './cos/*' | sort`,
  );
  t.is(exitCode, 0);
  t.is(stderr, '', 'no warning of Node reaches the user');
  const written = stdout.trim().split('\n');
  t.true(written.includes('./cos_sync/log/cos_sync.log'), stdout);
  const expected = /^\.\/(run(-errors)?\.txt|cos_sync\/((db|log)\/[^/]+|conf\/config\.last-good\.json))$/;
  t.deepEqual(
    written.filter(file => !expected.test(file)),
    [],
  );
});

test('the executable has our name, version and icon, and can be relocated', async t => {
  const { program } = await unpack(t, 'cos_sync-win-x64.zip');
  const { version } = JSON.parse(await readFile(join(PROJECT, 'package.json'), 'utf8'));
  const bytes = await readFile(join(program, 'cos_sync.exe'));
  const { entries } = NtExecutableResource.from(NtExecutable.from(bytes));
  const [info] = Resource.VersionInfo.fromEntries(entries);
  const values = info!.getStringValues({ lang: 1033, codepage: 1200 });
  t.is(values.ProductName, 'cos_sync');
  t.is(values.ProductVersion, `${version}.0`);
  t.is(Resource.IconGroupEntry.fromEntries(entries)[0]?.icons.length, 6);
  t.true(isRelocatable(bytes));
});

test('the launcher has the line ends that cmd needs', async t => {
  const { program } = await unpack(t, 'cos_sync-win-x64.zip');
  const bat = await readFile(join(program, 'start_cos_sync.bat'), 'utf8');
  t.deepEqual(bat.match(/(?<!\r)\n/g), null);
});

test('the template has the line ends and a path of Windows', async t => {
  const { program } = await unpack(t, 'cos_sync-win-x64.zip');
  const template = await readFile(join(program, 'conf', 'config.json'), 'utf8');
  t.deepEqual(template.match(/(?<!\r)\n/g), null);
  t.regex(JSON.parse(template).local_path, /^C:\\/);
});

test('schedule installs a task that schtasks accepts, and removes it', async t => {
  const windows = await install(t);
  const printed = await cosSync(windows, 'schedule', 'print', '--every', '1h');
  t.is(printed.exitCode, 0, printed.stderr);
  t.true(printed.stdout.includes('<Command>C:\\t\\cos_sync\\cos_sync.exe</Command>'), printed.stdout);
  t.true(printed.stdout.includes('<WorkingDirectory>C:\\t\\cos_sync</WorkingDirectory>'), printed.stdout);

  const installed = await cosSync(windows, 'schedule', 'install', '--every', '1h');
  t.is(installed.exitCode, 0, installed.stdout + installed.stderr);
  const xml = await readFile(join(windows.folder, 'cos_sync', 'conf', 'cos_sync-task.xml'));
  t.deepEqual([...xml.subarray(0, 2)], [0xff, 0xfe], 'schtasks wants UTF-16 with a byte order mark');
  t.true(printed.stdout.includes('<Exec>') && xml.toString('utf16le').includes('<Exec>'));

  const removed = await cosSync(windows, 'schedule', 'remove');
  t.is(removed.exitCode, 0, removed.stdout + removed.stderr);
});
