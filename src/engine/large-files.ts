/** From so many bytes on it is the bytes of a file that take the time, and not the way to COS and back. */
export const LARGE_FILE = 256 * 1024;

/** How many of the files are large, and how many bytes these have. */
export function largeAmong(sizes: Iterable<number>): { files: number; bytes: number } {
  const large = { files: 0, bytes: 0 };
  for (const size of sizes) {
    if (size < LARGE_FILE) continue;
    large.files++;
    large.bytes += size;
  }
  return large;
}
