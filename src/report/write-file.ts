import { realpathSync, statSync } from 'node:fs';
import { rename, rm, writeFile } from 'node:fs/promises';

/**
 * The file that may be replaced by a new one: where links lead. undefined for a device, which is written to.
 * @throws the file system's error; EISDIR for a folder, EINVAL for what is none of these
 */
export function replaceable(file: string): string | undefined {
  const stats = statSync(file, { throwIfNoEntry: false });
  if (!stats) return file;
  if (stats.isFile()) return realpathSync(file);
  if (stats.isCharacterDevice()) return undefined;
  const code = stats.isDirectory() ? 'EISDIR' : 'EINVAL';
  throw Object.assign(new Error(`${file} is no file`), { code });
}

/**
 * Puts a content into a file so that a reader finds the old or the new one, never half of it.
 * @throws the file system's error
 */
export async function writeWhole(file: string, content: string | Uint8Array, mode = 0o644): Promise<void> {
  const target = replaceable(file);
  if (target === undefined) return writeFile(file, content);
  const unfinished = `${target}.${process.pid}.tmp`;
  try {
    await writeFile(unfinished, content, { mode });
    await rename(unfinished, target);
  } catch (error) {
    await rm(unfinished, { force: true });
    throw error;
  }
}
