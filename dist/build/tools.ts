/** Commands of Debian's packages, for what no npm package does as well. */
import { execFile, spawn } from 'node:child_process';
import { accessSync, constants } from 'node:fs';
import { delimiter, join } from 'node:path';
import { buffer } from 'node:stream/consumers';
import { promisify } from 'node:util';

/** Command to Debian package. */
const PACKAGES = {
  'libdeflate-gzip': 'libdeflate-tools',
  xz: 'xz-utils',
  'dpkg-deb': 'dpkg',
  rpmbuild: 'rpm',
} as const;
/** Standard input has no name to be added to it. RFC 1952, 2.3 */
const GZIP_HEADER = 10;
/** CRC-32 and size. */
const GZIP_TRAILER = 8;

/** Returns what is missing and the command that installs it, in one line; undefined when all is there. */
export function missingTools(): string | undefined {
  const missing = (Object.keys(PACKAGES) as (keyof typeof PACKAGES)[]).filter(command => !isInPath(command));
  if (missing.length === 0) return undefined;
  const packages = missing.map(command => PACKAGES[command]).join(' ');
  return `missing: ${missing.join(', ')}. On Debian: apt-get install ${packages}`;
}

function isInPath(command: string): boolean {
  return (process.env.PATH ?? '').split(delimiter).some(folder => {
    try {
      accessSync(join(folder, command), constants.X_OK);
      return true;
    } catch {
      return false;
    }
  });
}

/** Returns raw deflated data (RFC 1951) of libdeflate's highest level: the smallest tried, quicker than 7-Zip's. */
export async function deflate(bytes: Buffer): Promise<Buffer> {
  const gzipped = await through('libdeflate-gzip', ['-12', '-c'], bytes);
  return gzipped.subarray(GZIP_HEADER, -GZIP_TRAILER);
}

/** xz, with the filter for x86 programs; one thread, as the bytes would depend on their number. */
export async function xz(bytes: Buffer): Promise<Buffer> {
  const options = ['--threads=1', '--check=crc64', '--x86', '--lzma2=preset=6,dict=64MiB', '--stdout'];
  return through('xz', options, bytes);
}

/** Runs a packager; `seconds` since 1970 are the time of all that it makes. */
export async function packager(
  command: 'dpkg-deb' | 'rpmbuild',
  options: string[],
  seconds: number,
): Promise<void> {
  const env = { ...process.env, SOURCE_DATE_EPOCH: String(seconds) };
  await promisify(execFile)(command, options, { env, maxBuffer: 2 ** 26 });
}

async function through(command: keyof typeof PACKAGES, options: string[], input: Buffer): Promise<Buffer> {
  const child = spawn(command, options, { stdio: ['pipe', 'pipe', 'inherit'] });
  const ended = new Promise<number | null>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', resolve);
  });
  child.stdin.end(input);
  const [output, exitCode] = await Promise.all([buffer(child.stdout), ended]);
  if (exitCode !== 0) throw new Error(`${command} ended with ${exitCode}`);
  return output;
}
