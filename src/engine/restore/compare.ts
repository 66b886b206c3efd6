import { join } from 'node:path';
import { crc64Hash, hashLike } from '../local/content-hash.ts';
import type { FileState } from '../local/read-file.ts';
import { isMd5 } from './check-content.ts';
import { renew } from './fetch.ts';
import type { Job, Restoring } from './job.ts';
import { type Decision, decideDifferent, isSameTime, type LookAtFile, meantMtime } from './plan.ts';

/** bytes; reading and hashing this much costs less than asking COS */
const SOONER_READ = 1024 * 1024;

/** What became of a comparison; what was read is there where it is equal. */
export interface Compared {
  decision: Decision;
  read?: { hash: string; state: FileState };
}

/**
 * Finds out whether a file of the same size is equal: by its time where the object's headers say it, else by
 * its content.
 * @throws Failure; the system's error
 */
export async function compare(run: Restoring, job: Job, look: LookAtFile): Promise<Compared> {
  const { checksum } = run.rules;
  const isAtTime = (mtime: number) => isSameTime(look.mtime, mtime, run.place.keepsFractions);
  const file = join(run.place.root, job.path);
  const isLarge = look.size > SOONER_READ;
  const soon = isLarge && !checksum ? await timed(run, job) : undefined;
  if (soon && isAtTime(soon.mtime) && job.object.size === look.size) return KEEP;
  if (job.object.size === look.size && isMd5(job.object.etag)) {
    const read = await hashLike('', file, run.signal);
    if (read.hash === job.object.etag.toLowerCase()) return { ...KEEP, read };
  }
  const { mtime, crc64 } = soon ?? (await timed(run, job));
  if (job.object.size === look.size) {
    if (!checksum && isAtTime(mtime)) return KEEP;
    const held = crc64Hash(crc64 ?? '');
    const read = crc64 === undefined ? undefined : await hashLike(held, file, run.signal);
    if (read?.hash === held) return { ...KEEP, read };
  }
  return { decision: decideDifferent(look, mtime, run.rules) };
}

const KEEP: Compared = { decision: { what: 'keep' } };

/** Decides on a file of another size by its time. @throws Failure */
export async function compareTimes(run: Restoring, job: Job, look: LookAtFile): Promise<Decision> {
  return decideDifferent(look, (await timed(run, job)).mtime, run.rules);
}

async function timed(run: Restoring, job: Job): Promise<{ mtime: number; crc64: string | undefined }> {
  const head = await renew(run, job);
  return { mtime: meantMtime(head, job), crc64: head.crc64 };
}
