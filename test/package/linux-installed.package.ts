import { closeSync, existsSync, openSync } from 'node:fs';
import { copyFile, lstat, mkdir, readFile, readlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import { testWhere } from '../support/test-where.ts';
import { treeOf } from '../support/tree.ts';
import { debianFolder, OLD_DEBIAN, runInDebian } from './support/debian-folder.ts';
import { PROJECT, unpack, writeConfig } from './support/installation.ts';
import { run } from './support/run.ts';

const artifact = (format: string) => join(PROJECT, 'dist', `cos_sync-linux-x64.${format}`);
const testRpm = testWhere(existsSync('/usr/bin/rpm'), 'rpm is missing');
const testUnits = testWhere(existsSync('/usr/bin/systemd-analyze'), 'systemd-analyze is missing');

async function install(t: ExecutionContext) {
  const installation = await unpack(t, 'cos_sync-linux-x64.zip');
  await installation.write({ 'a.txt': 'one' });
  return installation;
}

/** Without times: a zip's are local and have two seconds' grain. */
function contents(folder: string): [path: string, content: string][] {
  return Object.entries(treeOf(folder)).map(([path, content]) => [path, content.replace(/ of \d+$/, '')]);
}

test('the .tar.xz unpacks to what the zip does', async t => {
  const { program, folder } = await install(t);
  const unpacked = join(folder, 'tar');
  await mkdir(unpacked);
  t.is((await run('tar', ['-xJf', artifact('tar.xz'), '-C', unpacked])).exitCode, 0);
  t.deepEqual(contents(join(unpacked, 'cos_sync')), contents(program));
  for (const file of ['cos_sync', 'conf/config.json', 'db']) {
    t.is((await lstat(join(unpacked, 'cos_sync', file))).mode, (await lstat(join(program, file))).mode, file);
  }
  t.is((await run(join(unpacked, 'cos_sync', 'cos_sync'), ['--version'])).exitCode, 0);
});

test('the .deb is installed, mirrors a folder by its configuration in /etc, and is purged', async t => {
  t.timeout(1_200_000, 'an old Debian is being downloaded');
  const debian = await debianFolder(OLD_DEBIAN);
  const { folder, data, server, objects } = await install(t);
  await writeConfig(join(folder, 'filled-in.json'), server, data);
  const output = join(folder, 'output');
  const file = openSync(output, 'w');
  // The old Debian stays as it was.
  const script = `trap 'dpkg --purge cos-sync >/dev/null 2>&1; rm -rf /etc/cos_sync /var/lib/cos_sync' EXIT
    set -e
    dpkg --install /artifacts/cos_sync-linux-x64.deb
    [ "$(stat -c %a:%u /etc/cos_sync/config.json)" = 600:0 ]
    cp ${folder}/filled-in.json /etc/cos_sync/config.json
    cos_sync sync --no-progress
    ls /var/lib/cos_sync/db/*.db /var/lib/cos_sync/log/cos_sync.log
    dpkg --remove cos-sync
    cmp ${folder}/filled-in.json /etc/cos_sync/config.json`;
  const exitCode = await runInDebian(debian, script, {
    mounts: [
      [folder, folder],
      [join(PROJECT, 'dist'), '/artifacts'],
    ],
    stdio: ['ignore', file, file],
  });
  closeSync(file);
  t.is(exitCode, 0, await readFile(output, 'utf8'));
  t.deepEqual(await objects(), ['a.txt']);
});

testRpm('the .rpm is installed, and its program mirrors a folder by its configuration in /etc', async t => {
  const { folder, data, server, objects } = await install(t);
  const root = join(folder, 'root');
  const options = ['--root', root, '--nodeps', '--noscripts', '--ignorearch', '--install'];
  const installed = await run('rpm', [...options, artifact('rpm')]);
  t.is(installed.exitCode, 0, installed.stderr);
  const configuration = join(root, 'etc', 'cos_sync', 'config.json');
  t.is((await lstat(configuration)).mode & 0o777, 0o600);
  t.is(await readlink(join(root, 'var', 'lib', 'cos_sync', 'conf')), '../../../etc/cos_sync');
  await writeConfig(configuration, server, data);
  const program = join(root, 'usr', 'lib', 'cos_sync', 'cos_sync');
  const { exitCode, stderr } = await run(program, ['--home', join(root, 'var', 'lib', 'cos_sync')]);
  t.is(exitCode, 0, stderr);
  t.deepEqual(await objects(), ['a.txt']);
});

testUnits('systemd finds no fault with the units that are installed', async t => {
  const { folder, program } = await install(t);
  const units = join(PROJECT, 'dist', 'static', 'system');
  const service = await readFile(join(units, 'cos_sync.service'), 'utf8');
  // systemd looks for the program, which is not installed on this machine.
  const here = service.replace('ExecStart=/usr/bin/cos_sync', `ExecStart=${join(program, 'cos_sync')}`);
  t.not(here, service);
  const files = ['cos_sync.service', 'cos_sync.timer'].map(name => join(folder, name));
  await writeFile(files[0]!, here);
  await copyFile(join(units, 'cos_sync.timer'), files[1]!);
  const { exitCode, stderr } = await run('systemd-analyze', ['verify', '--man=no', ...files]);
  t.is(exitCode, 0, stderr);
});
