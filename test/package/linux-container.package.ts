import { spawnSync } from 'node:child_process';
import { chown, mkdtemp, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import test from 'ava';
import { testWhere } from '../support/test-where.ts';
import { debianFolder, OLD_DEBIAN } from './support/debian-folder.ts';
import { PROJECT, unpack, writeConfig } from './support/installation.ts';
import { type Ended, run } from './support/run.ts';

const USER = 65532;
const BASE = 'localhost/base';
const IMAGE = 'localhost/cos_sync';
/** A machine of CI allows no more files than these. */
const LIMITS = ['--ulimit', 'nofile=1024:1024', '--ulimit', 'nproc=4096:4096'];

const storage = await mkdtemp(join(tmpdir(), 'cos_sync-container-'));
const reasonToSkip = await prepareBase();
const testInContainer = testWhere(reasonToSkip === undefined, reasonToSkip ?? '');

test.after.always(() => rm(storage, { recursive: true, force: true }));

/** With a storage of its own, which no other user of podman sees. */
function podman(...options: string[]): Promise<Ended> {
  const own = ['--root', join(storage, 'root'), '--runroot', join(storage, 'run')];
  const engine = ['--storage-driver', 'overlay', '--cgroup-manager', 'cgroupfs', '--runtime', 'runc'];
  return run('podman', [...own, ...engine, ...options]);
}

/** The base is a Debian from Debian, so that no registry of images is asked. Returns why there is none. */
async function prepareBase(): Promise<string | undefined> {
  for (const program of ['podman', 'runc']) {
    if (spawnSync(program, ['--version']).status !== 0) return `${program} is missing`;
  }
  if (process.getuid?.() !== 0) return 'it needs root';
  const archive = join(storage, 'base.tar');
  const left = ['./var', './usr/share'].map(path => `--exclude=${path}`);
  const packed = await run('tar', ['-C', await debianFolder(OLD_DEBIAN), ...left, '-cf', archive, '.']);
  if (packed.exitCode !== 0) return packed.stderr;
  const imported = await podman('import', archive, BASE);
  if (imported.exitCode !== 0) return imported.stderr;
  const ran = await podman('run', '--rm', '--network', 'host', ...LIMITS, BASE, 'true');
  return ran.exitCode === 0 ? undefined : ran.stderr;
}

testInContainer('the image mirrors a folder without rights, is healthy, and ends at SIGTERM', async t => {
  const { folder, data, server, write, objects } = await unpack(t, 'cos_sync-linux-x64.zip');
  await write({ 'a.txt': 'one' });
  const containerfile = join(PROJECT, 'dist', 'container', 'Containerfile');
  const options = ['--format', 'docker', '--build-arg', `BASE=${BASE}`, '--file', containerfile];
  const built = await podman('build', ...options, '--tag', IMAGE, folder);
  t.is(built.exitCode, 0, built.stderr);

  const home = join(folder, 'home');
  await writeConfig(join(home, 'conf', 'config.json'), server, '/data');
  for (const path of ['conf/config.json', 'conf', '.']) await chown(join(home, path), USER, USER);
  const mounts = ['--volume', `${home}:/var/lib/cos_sync`, '--volume', `${data}:/data:ro`];
  const container = ['--rm', '--name', 'one', '--network', 'host', ...LIMITS, ...mounts, IMAGE];
  const running = podman('run', ...container);
  for (let tries = 0; (await objects()).length === 0 && tries < 600; tries += 1) await delay(100);
  t.deepEqual(await objects(), ['a.txt']);
  const healthy = await podman('healthcheck', 'run', 'one');
  t.is(healthy.exitCode, 0, healthy.stdout + healthy.stderr);
  const stopped = await podman('stop', '--time', '60', 'one');
  t.is(stopped.exitCode, 0, stopped.stderr);
  const { exitCode, stdout } = await running;
  t.is(exitCode, 143, stdout);
  t.is((await stat(join(home, 'db'))).uid, USER);
});
