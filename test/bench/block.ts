import { combineCrc64, startCrc64 } from '../../src/cos/crc64.ts';

/** Every large file is this block repeated, so that the server can tell any part's CRC-64 without reading it. */
export const BLOCK = Buffer.alloc(1024 * 1024);
for (let at = 0; at < BLOCK.length; at++) BLOCK[at] = (at * 31 + (at >> 8)) & 0xff;

const crc64 = await startCrc64();
crc64.update(BLOCK);
const sums = new Map([[BLOCK.length, crc64.digest()]]);

/** The CRC-64 of that many bytes of the repeated block; 0 where they are no whole number of blocks. */
export function crc64OfBlocks(size: number): string {
  if (size === 0 || size % BLOCK.length !== 0) return '0';
  const known = sums.get(size);
  if (known !== undefined) return known;
  const sum = combineCrc64(crc64OfBlocks(size - BLOCK.length), sums.get(BLOCK.length)!, BLOCK.length);
  sums.set(size, sum);
  return sum;
}
