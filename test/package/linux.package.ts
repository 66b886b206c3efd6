import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, openSync } from 'node:fs';
import {
  chmod,
  chown,
  copyFile,
  mkdir,
  readdir,
  readFile,
  rm,
  stat,
  symlink,
  utimes,
  writeFile,
} from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { promisify } from 'node:util';
import test, { type ExecutionContext } from 'ava';
import { treeOf } from '../support/tree.ts';
import { debianFolder, OLD_DEBIAN, runInDebian } from './support/debian-folder.ts';
import {
  HASHED_IN_A_THREAD,
  type Installation,
  PROJECT,
  statistics,
  unpack,
  writeConfig,
} from './support/installation.ts';
import { run } from './support/run.ts';

/** Node's own demand: https://github.com/nodejs/node/blob/v24.x/BUILDING.md#platform-list */
const OLDEST_GLIBC = [2, 28] as const;
const NOBODY = 65534;

async function install(t: ExecutionContext): Promise<Installation> {
  const installation = await unpack(t, 'cos_sync-linux-x64.zip');
  await installation.configure(installation.data);
  return installation;
}

test('the zip has the layout that is promised', async t => {
  const { program } = await unpack(t, 'cos_sync-linux-x64.zip');
  const entries = await readdir(program, { recursive: true });
  t.deepEqual(entries.sort(), [
    'CHANGELOG.md',
    'LICENSE',
    'README.md',
    'README.zh-CN.md',
    'THIRD_PARTY_LICENSES',
    'conf',
    'conf/config.json',
    'cos_sync',
    'db',
    'log',
    'pictures',
    'pictures/history.png',
    'pictures/progress.png',
    'sbom.cdx.json',
    'start_cos_sync.sh',
  ]);
});

test('SHA256SUMS has the sum of each file to publish', async t => {
  const cwd = join(PROJECT, 'dist');
  const { stdout } = await promisify(execFile)('sha256sum', ['--check', 'SHA256SUMS'], { cwd });
  const files = ['linux-x64.zip', 'linux-x64.tar.xz', 'linux-x64.deb', 'linux-x64.rpm', 'linux-arm64.zip'];
  t.deepEqual(
    stdout.trim().split('\n'),
    [...files, 'win-x64.zip'].map(file => `cos_sync-${file}: OK`),
  );
});

test('each zip has at most 40 MB, and the .tar.xz at most 30', async t => {
  const most = {
    'linux-x64.zip': 40e6,
    'linux-arm64.zip': 40e6,
    'win-x64.zip': 40e6,
    'linux-x64.tar.xz': 30e6,
  };
  for (const [file, bytes] of Object.entries(most)) {
    const { size } = await stat(join(PROJECT, 'dist', `cos_sync-${file}`));
    t.true(size <= bytes, `${file} has ${size} bytes`);
  }
});

test('the bill of materials names the program, Node and each package it is made of', async t => {
  const { program } = await unpack(t, 'cos_sync-linux-x64.zip');
  const bill = JSON.parse(await readFile(join(program, 'sbom.cdx.json'), 'utf8'));
  t.is(bill.bomFormat, 'CycloneDX');
  t.is(bill.metadata.component.name, 'cos_sync');
  const names: string[] = bill.components.map((component: { name: string }) => component.name);
  const { dependencies } = JSON.parse(await readFile(join(PROJECT, 'package.json'), 'utf8'));
  t.deepEqual(
    ['node', ...Object.keys(dependencies)].filter(name => !names.includes(name)),
    [],
  );
});

test('start_cos_sync.sh runs from another folder, and mirrors new, changed and deleted files', async t => {
  const linux = await install(t);
  const start = () => run('sh', [join(linux.program, 'start_cos_sync.sh')], { cwd: '/usr' });
  await linux.write({ 'a.txt': 'one', '图片/夏天.txt': '你好', '图片/middle': HASHED_IN_A_THREAD });
  const first = await start();
  t.is(first.exitCode, 0, first.stderr);
  t.is(first.stderr, '', 'no warning of Node reaches the user');
  t.true(first.stdout.includes(`[ok]   [   uploadFile] [${linux.data}/图片/夏天.txt]`), first.stdout);
  t.deepEqual(await linux.objects(), ['a.txt', '图片/middle', '图片/夏天.txt']);

  linux.requests.length = 0;
  t.is((await start()).exitCode, 0);
  t.deepEqual(linux.requests, [], 'a run with nothing to do asks COS for nothing');
  t.true((await readdir(join(linux.program, 'db'))).length > 0);
  t.deepEqual(await readdir(join(linux.program, 'log')), ['cos_sync.log']);

  await linux.write({ 'a.txt': 'another', 'b.txt': 'new' });
  await rm(join(linux.data, '图片'), { recursive: true });
  const changed = await start();
  t.is(changed.exitCode, 0, changed.stderr);
  t.regex(changed.stdout, /upload_file_ok : 2\n(.*\n)*.*del_file_ok : 2\n/);
  t.deepEqual(await linux.objects(), ['a.txt', 'b.txt']);
});

test('sync, a lost machine, restore: the folder is as it was', async t => {
  const linux = await install(t);
  await linux.write({
    'a.txt': 'one',
    '图片/夏天 \n\\.txt': '你好',
    '图片/middle': HASHED_IN_A_THREAD,
    empty: '',
  });
  await mkdir(join(linux.data, 'empty folder'));
  await utimes(join(linux.data, 'a.txt'), 1, 1_600_000_000.123);
  t.is((await run(join(linux.program, 'cos_sync'), [])).exitCode, 0);
  for (const name of ['db', 'log']) await rm(join(linux.program, name), { recursive: true });
  const back = join(linux.folder, 'back');
  const { exitCode, stdout, stderr } = await run(join(linux.program, 'cos_sync'), ['restore', '--to', back]);
  t.is(exitCode, 0, stderr + stdout);
  t.deepEqual(treeOf(back), treeOf(linux.data));
});

test('no signal opens a debugger', async t => {
  const { program, folder } = await install(t);
  const server = spawn(join(program, 'cos_sync'), [
    'local-cos',
    '--port',
    '0',
    '--dir',
    join(folder, 'served'),
  ]);
  let output = '';
  for (const stream of [server.stdout, server.stderr]) stream.on('data', text => (output += text));
  await Promise.race([once(server.stdout, 'data'), once(server, 'close')]);
  server.kill('SIGUSR1');
  await delay(500);
  t.notRegex(output, /debugger/i);
  t.is(server.signalCode ?? server.exitCode, null, `it goes on: ${output}`);
  const closed = once(server, 'close');
  server.kill('SIGTERM');
  await closed;
});

test('what the environment tells Node does not reach the program', async t => {
  const linux = await install(t);
  await linux.write({ 'a.txt': 'one' });
  const missing = join(linux.folder, 'missing');
  const environment = [
    `NODE_OPTIONS="--inspect=0 --require ${missing}.cjs"`,
    `OPENSSL_CONF=${missing}.cnf`,
    `NODE_EXTRA_CA_CERTS=`,
    `SSLKEYLOGFILE=${missing}.keys`,
  ];
  const program = join(linux.program, 'cos_sync');
  const { exitCode, stdout, stderr } = await run('sh', ['-c', `${environment.join(' ')} ${program}`]);
  t.is(exitCode, 0, stdout + stderr);
  t.is(stderr, '', 'no debugger listens');
  t.deepEqual(await linux.objects(), ['a.txt']);
  t.is((await run(program, ['--inspect'])).exitCode, 2, 'the option is the program’s to refuse');
});

test('what lies beside the program is its own, also where another home is used', async t => {
  const linux = await install(t);
  await linux.write({ 'a.txt': 'one' });
  const home = join(linux.folder, 'home');
  const options = ['--home', home, '--config', join(linux.program, 'conf', 'config.json')];
  const other = join(linux.program, 'conf', 'other.json');
  await copyFile(join(linux.program, 'conf', 'config.json'), other);
  const { exitCode, stderr } = await run(join(linux.program, 'cos_sync'), [
    ...options,
    '--local-path',
    linux.folder,
    '--exclude',
    'cos',
  ]);
  t.is(exitCode, 0, stderr);
  const objects = await linux.objects();
  t.true(objects.includes('data/a.txt') && objects.includes('cos_sync/cos_sync'), String(objects));
  t.deepEqual(
    objects.filter(key => key.startsWith('cos_sync/conf/')),
    [],
  );
});

test('start_cos_sync.sh passes arguments and the exit code through', async t => {
  const linux = await install(t);
  await linux.write({ 'a.txt': 'one' });
  const launcher = join(linux.program, 'start_cos_sync.sh');
  const json = await run('sh', [launcher, '--json', '--cos-path', '/mirror/a folder/']);
  t.is(json.exitCode, 0, json.stderr);
  t.is(statistics(json.stdout).upload_file_ok, 1);
  t.deepEqual(await linux.objects(), ['a folder/a.txt']);
  t.is((await run('sh', [launcher, '--no-such-option'])).exitCode, 2);
  t.is((await run('sh', [launcher, '--local-path', '/no/such/folder'])).exitCode, 4);
});

test('Chinese is understood as it is by the sources', async t => {
  const linux = await install(t);
  const launcher = join(linux.program, 'start_cos_sync.sh');
  await writeFile(
    join(linux.program, 'conf', 'config.json'),
    '{\n  "secret_id": "a"，\n  "bucket": "b"\n}\n',
  );
  const wide = await run('sh', [launcher]);
  t.is(wide.exitCode, 2);
  t.regex(wide.stderr, /full-width/);
  const { stdout } = await run('sh', [launcher, 'help', '--lang', 'zh']);
  t.notRegex(stdout, /^[，。；：、）]/m, 'no line begins with what ends another');
});

test('start_cos_sync.sh runs from a folder with a blank and Chinese in its name, also as a symbolic link', async t => {
  const linux = await install(t);
  const launcher = join(linux.program, 'start_cos_sync.sh');
  const folder = join(linux.folder, 'a 文件夹');
  await mkdir(folder);
  await symlink(launcher, join(folder, 'nightly'));
  t.is((await run('sh', ['nightly', '--dry-run'], { cwd: folder })).exitCode, 0);
});

test('start_cos_sync.sh gives back an executable bit that was lost', async t => {
  const linux = await install(t);
  await chmod(join(linux.program, 'cos_sync'), 0o644);
  t.is((await run('sh', [join(linux.program, 'start_cos_sync.sh'), '--version'])).exitCode, 0);
});

test('a symbolic link to the program uses the folder that the program is in', async t => {
  const linux = await install(t);
  await linux.write({ 'a.txt': 'one' });
  const link = join(linux.folder, 'link');
  await symlink(join(linux.program, 'cos_sync'), link);
  const { exitCode, stderr } = await run(link, []);
  t.is(exitCode, 0, stderr);
  t.deepEqual(await linux.objects(), ['a.txt']);
  t.true((await readdir(join(linux.program, 'db'))).length > 0);
});

test('a read-only install folder does, with --home elsewhere', async t => {
  const linux = await install(t);
  await linux.write({ 'a.txt': 'one' });
  const home = join(linux.folder, 'home');
  await writeConfig(join(home, 'conf', 'config.json'), linux.server, linux.data);
  for (const folder of ['.', 'conf', 'db', 'log']) await chmod(join(linux.program, folder), 0o555);
  await chmod(home, 0o777);
  if (process.getuid?.() === 0) await chown(join(home, 'conf', 'config.json'), NOBODY, NOBODY);
  const { exitCode, stderr } = await run(
    join(linux.program, 'cos_sync'),
    ['--home', home],
    process.getuid?.() === 0 ? { uid: NOBODY } : {},
  );
  t.is(exitCode, 0, stderr);
  t.deepEqual((await readdir(home)).sort(), ['conf', 'db', 'log']);
  t.deepEqual(await readdir(join(linux.program, 'db')), []);
  await chmod(linux.program, 0o755);
});

test('nothing is written but the ledger, the log and the kept configuration, beside the program', async t => {
  const linux = await install(t);
  await linux.write({ 'a.txt': 'one' });
  const user = join(linux.folder, 'user');
  await mkdir(user);
  const start = `cd ${user} && HOME=${user} TMPDIR=${user} XDG_CACHE_HOME=${user} exec ${linux.program}/cos_sync`;
  t.is((await run('sh', ['-c', start])).exitCode, 0);
  t.deepEqual(await readdir(user), []);
  t.deepEqual(await readdir(join(linux.program, 'conf')), ['config.json', 'config.last-good.json']);
  t.deepEqual(await readdir(join(linux.program, 'log')), ['cos_sync.log']);
});

test('a termination ends the program with 143, and the next run goes on', async t => {
  const linux = await install(t);
  await linux.configure(linux.data, { daemon_mode: '1' });
  await linux.write({ 'a.txt': 'one' });
  const child = spawn(join(linux.program, 'cos_sync'), [], { stdio: ['ignore', 'pipe', 'ignore'] });
  child.stdout.setEncoding('utf8').on('data', text => {
    if (text.includes('used_time')) child.kill('SIGTERM');
  });
  const exitCode = await new Promise(resolve => child.once('close', resolve));
  t.is(exitCode, 143);
  t.is((await run(join(linux.program, 'cos_sync'), ['--daemon-mode', '0'])).exitCode, 0);
});

test('the program asks for no newer glibc than Node does', async t => {
  const { program } = await unpack(t, 'cos_sync-linux-x64.zip');
  const text = await readFile(join(program, 'cos_sync'), 'latin1');
  const versions = [...text.matchAll(/\0GLIBC_(\d+)\.(\d+)(?=[.\d]*\0)/g)];
  t.true(versions.length > 0);
  for (const [name, major, minor] of versions) {
    t.true(Number(major) === OLDEST_GLIBC[0] && Number(minor) <= OLDEST_GLIBC[1], name.slice(1));
  }
});

test('the program runs on an old Debian', async t => {
  t.timeout(1_200_000, 'an old Debian is being downloaded');
  const debian = await debianFolder(OLD_DEBIAN);
  const linux = await install(t);
  await linux.write({ 'a.txt': 'one', '中文.txt': '你好' });
  const output = join(linux.folder, 'output');
  const file = openSync(output, 'w');
  const exitCode = await runInDebian(debian, `sh ${linux.program}/start_cos_sync.sh --json`, {
    mounts: [[linux.folder, linux.folder]],
    stdio: ['ignore', file, file],
  });
  closeSync(file);
  t.is(exitCode, 0, await readFile(output, 'utf8'));
  t.deepEqual(await linux.objects(), ['a.txt', '中文.txt']);
});
