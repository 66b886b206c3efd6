/**
 * The first code of an executable: runs the program that bundle.ts made of src/. With a code cache V8 need
 * not parse the whole of it at every start; a cache that does not fit this V8 is refused by it and harmless.
 */
import { dirname } from 'node:path';
import { getAssetKeys, getRawAsset } from 'node:sea';
import { Script } from 'node:vm';
import { CODE_CACHE_ASSET, PROGRAM_ASSET, PROGRAM_NAME } from './names.ts';

const cachedData = getAssetKeys().includes(CODE_CACHE_ASSET) ? asset(CODE_CACHE_ASSET) : undefined;
const program = new Script(asset(PROGRAM_ASSET).toString('latin1'), {
  filename: PROGRAM_NAME,
  ...(cachedData && { cachedData }),
});
program.runInThisContext()(exports, require, module, process.execPath, dirname(process.execPath));

function asset(name: string): Buffer {
  return Buffer.from(getRawAsset(name));
}
