/** Every large file is this block repeated, so that the server can tell any part's CRC-64 without reading it. */
export const BLOCK = Buffer.alloc(1024 * 1024);
for (let at = 0; at < BLOCK.length; at++) BLOCK[at] = (at * 31 + (at >> 8)) & 0xff;
