import { execFile } from 'node:child_process';
import { readFile, writeFile } from 'node:fs/promises';
import { promisify } from 'node:util';
import { Script } from 'node:vm';
import { PROGRAM_NAME } from './names.ts';

/**
 * Writes V8's code cache of a bundled program, for the same Node on the same platform: V8 refuses one made by
 * another build, so the Windows executable has none (making it would need Windows).
 *
 * V8 lays a cache out by hashes with a random seed; a fixed one gives the same bytes each time, and, unlike
 * every other flag, does not make V8 refuse the cache where the flag is not set.
 */
export async function writeCodeCache(programFile: string, cacheFile: string): Promise<void> {
  await promisify(execFile)(process.execPath, [
    '--random-seed=1',
    import.meta.filename,
    programFile,
    cacheFile,
  ]);
  const source = await readFile(programFile, 'latin1');
  const { cachedDataRejected } = new Script(source, {
    filename: PROGRAM_NAME,
    cachedData: await readFile(cacheFile),
  });
  if (cachedDataRejected) throw new Error('V8 refuses the code cache that it has just made');
}

if (import.meta.main) {
  const [, , programFile = '', cacheFile = ''] = process.argv;
  const script = new Script(await readFile(programFile, 'latin1'), { filename: PROGRAM_NAME });
  await writeFile(cacheFile, script.createCachedData());
}
