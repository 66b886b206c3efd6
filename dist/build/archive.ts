import { createWriteStream } from 'node:fs';
import { pipeline } from 'node:stream/promises';
import { ZipFile } from 'yazl';

export interface ArchiveFile {
  path: string;
  bytes: Buffer;
  /** Permissions; absent for what anybody may read. */
  mode?: number;
}

const DIRECTORY = 0o40755;
const REGULAR_FILE = 0o100000;
const PUBLIC = 0o644;

/** Writes a zip that depends on its arguments alone: sorted, and every entry with the same time. */
export async function writeZip(
  output: string,
  files: ArchiveFile[],
  folders: string[],
  time: Date,
): Promise<void> {
  const zip = new ZipFile();
  const entries = [...files, ...folders.map(path => ({ path, bytes: undefined, mode: 0 }))];
  for (const { path, bytes, mode = PUBLIC } of entries.sort((a, b) => (a.path < b.path ? -1 : 1))) {
    if (bytes === undefined) zip.addEmptyDirectory(path, { mtime: time, mode: DIRECTORY });
    else zip.addBuffer(bytes, path, { mtime: time, mode: REGULAR_FILE | mode, compressionLevel: 9 });
  }
  zip.end();
  await pipeline(zip.outputStream, createWriteStream(output));
}
