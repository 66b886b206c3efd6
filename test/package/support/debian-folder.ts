import { execFile, spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdir, readFile, rename, rm } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);
const TRIES = 4;
const KEYRINGS = '/usr/share/keyrings/debian-archive-keyring.gpg';

export interface Debian {
  /** Its folder's name in the cache. */
  name: string;
  /** Debian's code name of a release. */
  release: string;
  packages: string[];
  /** A shell script run once in the new system. */
  prepare?: string;
}

/** The oldest Debian that mirrors still have; glibc 2.31. */
export const OLD_DEBIAN: Debian = { name: 'bullseye', release: 'bullseye', packages: [] };

/** `$XDG_CACHE_HOME/cos_sync`, outside the clone, so that a second run finds what the first downloaded. */
export function cacheFolder(): string {
  return join(process.env.XDG_CACHE_HOME || join(homedir(), '.cache'), 'cos_sync');
}

/**
 * Returns the folder of a small Debian, which is downloaded when it is not there. Needs root on a Debian or
 * Ubuntu. A broken download is tried again with what is there of it.
 */
export async function debianFolder(debian: Debian): Promise<string> {
  const folder = join(cacheFolder(), debian.name);
  if (existsSync(folder)) return folder;
  if (process.getuid?.() !== 0)
    throw new Error(`setting up ${debian.name} needs root: debootstrap and chroot`);
  const partial = `${folder}.partial`;
  for (let attempt = 1; ; attempt += 1) {
    try {
      await install(debian, partial);
      break;
    } catch (error) {
      if (attempt === TRIES) throw error;
      process.stderr.write(
        `${debian.name}: ${error instanceof Error ? error.message : error}\ntrying again\n`,
      );
    }
  }
  await rename(partial, folder);
  return folder;
}

async function install({ release, packages, prepare }: Debian, folder: string): Promise<void> {
  const downloads = join(cacheFolder(), 'downloads');
  await rm(folder, { recursive: true, force: true });
  await mkdir(downloads, { recursive: true });
  await ensureDebootstrap();
  const options = [
    '--variant=minbase',
    `--cache-dir=${downloads}`,
    `--include=${['ca-certificates', ...packages]}`,
  ];
  if (existsSync(KEYRINGS)) options.push(`--keyring=${KEYRINGS}`);
  await run('debootstrap', [...options, release, folder, await mirror()], { maxBuffer: 2 ** 26 });
  if (prepare !== undefined) {
    const exitCode = await runInDebian(folder, prepare, { stdio: ['ignore', 'ignore', 'inherit'] });
    if (exitCode !== 0) throw new Error(`preparing ${release} ended with ${exitCode}`);
  }
}

async function ensureDebootstrap(): Promise<void> {
  if (existsSync('/usr/sbin/debootstrap')) return;
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' };
  await run('apt-get', ['update'], { env });
  await run('apt-get', ['install', '-y', '--no-install-recommends', 'debootstrap'], { env });
}

/** This machine's own mirror, when it is a Debian. */
async function mirror(): Promise<string> {
  if (process.env.DEBIAN_MIRROR) return process.env.DEBIAN_MIRROR;
  for (const file of ['/etc/apt/sources.list.d/debian.sources', '/etc/apt/sources.list']) {
    const text = await readFile(file, 'utf8').catch(() => '');
    const url = /^(?:URIs:|deb(?: \[.*?\])?)\s+(https?:\S+\/debian\/?)(?:\s|$)/m.exec(text)?.[1];
    if (url !== undefined) return url;
  }
  return 'http://deb.debian.org/debian';
}

export interface RunOptions {
  /** `[outside, inside]`: folders of this system to be seen in the other. */
  mounts?: [outside: string, inside: string][];
  environment?: Record<string, string>;
  stdio: ['ignore', 'ignore' | number, 'inherit' | number];
}

/** In a mount and process namespace of its own: with the script, all that it started ends. */
const ENTER = `set -e
root=$1; script=$2; shift 2
mount --rbind /dev "$root/dev"
mount -t proc proc "$root/proc"
mount -t tmpfs tmpfs "$root/tmp"
while [ "$1" != -- ]; do mkdir -p "$root$2"; mount --bind "$1" "$root$2"; shift 2; done
shift
exec chroot "$root" env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin HOME=/root LANG=C.UTF-8 "$@" sh -c "$script"`;

/** Runs a shell script in the folder's system, with this system's network. Returns its exit code. */
export async function runInDebian(folder: string, script: string, options: RunOptions): Promise<number> {
  const namespaces = ['--mount', '--pid', '--fork', '--kill-child', '--'];
  const mounts = (options.mounts ?? []).flat();
  const environment = Object.entries(options.environment ?? {}).map(([name, value]) => `${name}=${value}`);
  const command = ['sh', '-c', ENTER, 'sh', folder, script, ...mounts, '--', ...environment];
  const child = spawn('unshare', [...namespaces, ...command], { stdio: options.stdio });
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('exit', code => resolve(code ?? -1));
  });
}
