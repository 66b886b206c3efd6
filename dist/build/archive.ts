import { execFile } from 'node:child_process';
import { chmod, mkdir, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { crc32 } from 'node:zlib';
import { Uint8ArrayReader, Uint8ArrayWriter, ZipWriter } from '@zip.js/zip.js';
import { deflate, xz } from './tools.ts';

export interface ArchiveFile {
  path: string;
  bytes: Buffer;
  /** Permissions; absent for what anybody may read. */
  mode?: number;
}

const DIRECTORY = 0o40755;
const REGULAR_FILE = 0o100000;
const PUBLIC = 0o644;
/** Of the zip format: https://pkware.cachefly.net/webdocs/casestudies/APPNOTE.TXT 4.4.5 */
const DEFLATED = 8;

/** Writes a zip that depends on its arguments alone: sorted, and every entry with the same time. */
export async function writeZip(
  output: string,
  files: ArchiveFile[],
  folders: string[],
  time: Date,
): Promise<void> {
  const zip = new ZipWriter(new Uint8ArrayWriter(), {
    lastModDate: time,
    extendedTimestamp: false,
    useWebWorkers: false,
    dataDescriptor: false,
  });
  const entries = [...files, ...folders.map(path => ({ path, bytes: undefined, mode: 0 }))];
  for (const { path, bytes, mode = PUBLIC } of entries.sort((a, b) => (a.path < b.path ? -1 : 1))) {
    if (bytes === undefined) {
      await zip.add(`${path}/`, undefined, { directory: true, unixMode: DIRECTORY });
      continue;
    }
    await zip.add(path, new Uint8ArrayReader(await deflate(bytes)), {
      passThrough: true,
      compressionMethod: DEFLATED,
      uncompressedSize: bytes.length,
      signature: crc32(bytes),
      unixMode: REGULAR_FILE | mode,
    });
  }
  await writeFile(output, await zip.close());
}

/** Writes a .tar.xz under the same terms, of files and folders that it lays out in the folder `stage`. */
export async function writeTarXz(
  output: string,
  files: ArchiveFile[],
  folders: string[],
  { stage, seconds }: { stage: string; seconds: number },
): Promise<void> {
  await rm(stage, { recursive: true, force: true });
  for (const folder of folders) await mkdir(join(stage, folder), { recursive: true });
  for (const { path, bytes, mode = PUBLIC } of files) {
    await mkdir(dirname(join(stage, path)), { recursive: true });
    await writeFile(join(stage, path), bytes);
    await chmod(join(stage, path), mode);
  }
  const same = ['--sort=name', '--format=ustar', `--mtime=@${seconds}`, '--owner=0', '--group=0'];
  const { stdout } = await promisify(execFile)(
    'tar',
    ['--create', ...same, '--numeric-owner', '--mode=u+rw,go-w', '--directory', stage, 'cos_sync'],
    { encoding: 'buffer', maxBuffer: 2 ** 30 },
  );
  await writeFile(output, await xz(stdout));
}
