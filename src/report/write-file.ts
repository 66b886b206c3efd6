import { rename, rm, writeFile } from 'node:fs/promises';

/**
 * Puts a text into a file so that a reader finds the old or the new one, never half of it.
 * @throws the file system's error
 */
export async function writeWhole(file: string, text: string, mode = 0o644): Promise<void> {
  const unfinished = `${file}.${process.pid}.tmp`;
  try {
    await writeFile(unfinished, text, { mode });
    await rename(unfinished, file);
  } catch (error) {
    await rm(unfinished, { force: true });
    throw error;
  }
}
