import { Failure } from '../../failure.ts';

const MiB = 1024 * 1024;
/** Source: COS "Specifications and limits": 1 to 10,000 parts, a part at most 5 GB, an object at most 50,000 GB. */
const MAX_PARTS = 10_000;
const MAX_PART_SIZE = 5 * 1024 * MiB;
export const MAX_OBJECT_SIZE = 50_000 * 1024 * MiB;

/**
 * The part size for a file: the configured one, or the smallest whole number of MiB that
 * keeps the file within 10,000 parts.
 * @param size bytes
 * @param configured bytes
 * @throws Failure (thisFile) for a file larger than COS takes
 */
export function partSizeFor(size: number, configured: number): number {
  if (size > MAX_OBJECT_SIZE) throw new Failure('thisFile', { code: 'EntityTooLarge' });
  const needed = Math.ceil(size / MAX_PARTS / MiB) * MiB;
  return Math.min(MAX_PART_SIZE, Math.max(configured, needed));
}
