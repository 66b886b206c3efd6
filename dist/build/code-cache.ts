import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { promisify } from 'node:util';
import { Script } from 'node:vm';
import { PROGRAM_NAME } from './names.ts';

/**
 * Run by itself, with nothing of the environment and no TypeScript: the bytes depend on all that V8 holds, down to
 * whether a module came out of Node's compile cache.
 */
const MAKER = `
const { readFileSync, writeFileSync } = require('node:fs');
const { Script } = require('node:vm');
const [, programFile, cacheFile, filename] = process.argv;
const script = new Script(readFileSync(programFile, 'latin1'), { filename });
writeFileSync(cacheFile, script.createCachedData());
`;

/**
 * Writes V8's code cache of a bundled program, for the same Node on the same platform: V8 refuses one made by
 * another build, so the Windows executable has none (making it would need Windows).
 *
 * V8 lays a cache out by hashes with a random seed; a fixed one gives the same bytes each time, and, unlike
 * every other flag, does not make V8 refuse the cache where the flag is not set.
 */
export async function writeCodeCache(programFile: string, cacheFile: string): Promise<void> {
  const options = ['--random-seed=1', '--eval', MAKER, programFile, cacheFile, PROGRAM_NAME];
  await promisify(execFile)(process.execPath, options, { env: {} });
  const source = await readFile(programFile, 'latin1');
  const { cachedDataRejected } = new Script(source, {
    filename: PROGRAM_NAME,
    cachedData: await readFile(cacheFile),
  });
  if (cachedDataRejected) throw new Error('V8 refuses the code cache that it has just made');
}
