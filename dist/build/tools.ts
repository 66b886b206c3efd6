/** Tools of other makers that no npm package has, each at a pinned release. */
import { execFile, spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir, readFile, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { buffer } from 'node:stream/consumers';
import { promisify } from 'node:util';

const run = promisify(execFile);
const REQUIREMENTS = join(import.meta.dirname, 'requirements.txt');
/** libdeflate's highest, the smallest of what was tried, and quicker than 7-Zip's. */
const DEFLATE = `import deflate, sys
sys.stdout.buffer.write(deflate.deflate_compress(sys.stdin.buffer.read(), 12))`;

/** Returns raw deflated data (RFC 1951). */
export async function deflate(bytes: Buffer): Promise<Buffer> {
  return through('python3', ['-c', DEFLATE], bytes, { PYTHONPATH: await toolFolder() });
}

/** xz, with the filter for x86 programs; one thread, as the bytes would depend on their number. */
export async function xz(bytes: Buffer): Promise<Buffer> {
  const options = ['--threads=1', '--check=crc64', '--x86', '--lzma2=preset=6,dict=64MiB', '--stdout'];
  return through('xz', options, bytes, {});
}

/** Makes a package with nFPM from its configuration. */
export async function nfpm(configuration: string, output: string, epochSeconds: number): Promise<void> {
  const program = join(await toolFolder(), 'bin', 'nfpm');
  const options = ['package', '--config', configuration, '--target', output];
  await run(program, options, { env: { ...process.env, SOURCE_DATE_EPOCH: String(epochSeconds) } });
}

let folder: Promise<string> | undefined;

function toolFolder(): Promise<string> {
  folder ??= install();
  return folder;
}

/** A folder's name is the pinned releases': it is filled once. */
async function install(): Promise<string> {
  const pinned = createHash('sha256').update(await readFile(REQUIREMENTS));
  const target = join(process.cwd(), '.build', `tools-${pinned.digest('hex').slice(0, 16)}`);
  if (existsSync(target)) return target;
  const partial = `${target}.partial`;
  await rm(partial, { recursive: true, force: true });
  await mkdir(partial, { recursive: true });
  const options = ['--quiet', '--disable-pip-version-check', '--no-deps', '--require-hashes'];
  await run('python3', [
    ...['-m', 'pip', 'install', ...options, '--only-binary=:all:', '--no-compile'],
    ...['--target', partial, '--requirement', REQUIREMENTS],
  ]);
  await rename(partial, target);
  return target;
}

async function through(
  command: string,
  options: string[],
  input: Buffer,
  environment: Record<string, string>,
): Promise<Buffer> {
  const child = spawn(command, options, {
    env: { ...process.env, ...environment },
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  const ended = new Promise<number | null>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', resolve);
  });
  child.stdin.end(input);
  const [output, exitCode] = await Promise.all([buffer(child.stdout), ended]);
  if (exitCode !== 0) throw new Error(`${command} ended with ${exitCode}`);
  return output;
}
