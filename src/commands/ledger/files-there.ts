import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { Config } from '../../config/schema.ts';
import { Failure } from '../../failure.ts';
import { inTime } from '../../in-time.ts';
import { isFolderPath } from '../../ledger/records.ts';

/** More files need not be looked at to tell one folder from another. */
const MOST = 1_000;

/**
 * Of the first of the recorded files, how many are in local_path.
 * @returns undefined where local_path does not answer
 */
export async function filesThere(
  recorded: Iterable<string>,
  { localPath, timeout }: Config,
): Promise<{ there: number; lookedAt: number } | undefined> {
  const counts = { there: 0, lookedAt: 0 };
  for (const path of recorded) {
    if (counts.lookedAt === MOST) break;
    if (isFolderPath(path)) continue;
    counts.lookedAt++;
    try {
      await inTime(stat(join(localPath, path)), timeout);
      counts.there++;
    } catch (error) {
      if (error instanceof Failure) return undefined;
    }
  }
  return counts;
}
