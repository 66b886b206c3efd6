import type { ObjectHead } from '../../cos/store.ts';
import { Failure } from '../../failure.ts';
import { crc64Of, md5Of } from '../local/content-hash.ts';
import { checkContent } from './check-content.ts';
import { fetchInParts } from './fetch-in-parts.ts';
import type { Fetched, Job, Restoring } from './job.ts';
import { meantMtime } from './plan.ts';

/** bytes; longer objects are written as they come */
const WHOLE = 256 * 1024;
/** Memory for such objects, to be used again; never more of it than requests at a time. */
const idle: Buffer[] = [];
/** How often an object may change while it is fetched. */
const MOST_CHANGES = 3;

/**
 * Fetches an object, proves its bytes, and puts them in its place.
 * @throws Failure
 */
export async function fetch(run: Restoring, job: Job): Promise<Fetched> {
  run.journal.noteFolder(job.path.slice(0, job.path.lastIndexOf('/') + 1));
  for (let changes = 0; ; changes++) {
    try {
      return job.object.size <= WHOLE ? await fetchWhole(run, job) : await fetchInParts(run, job);
    } catch (error) {
      if ((error as Failure).code === 'InvalidObjectState') throw await archived(run, job);
      if ((error as Failure).code !== 'PreconditionFailed') throw error;
      if (changes === MOST_CHANGES) throw new Failure('stale', { code: 'ObjectChanged', cause: error });
      await renew(run, job);
    }
  }
}

/** Where the object has changed since it was listed, takes what it is now. @throws Failure */
export async function renew(run: Restoring, job: Job): Promise<ObjectHead> {
  const { key, versionId } = job.object;
  const head = await run.requests.send(() => run.store.head(key, versionId));
  if (!head) throw new Failure('stale', { code: 'NoSuchKey' });
  if (head.etag === job.object.etag) return head;
  // What is there now is not what was there at that moment.
  if (versionId !== undefined) throw new Failure('stale', { code: 'NoSuchVersion' });
  job.object = { ...job.object, etag: head.etag, size: head.size };
  job.record = undefined;
  return head;
}

async function fetchWhole(run: Restoring, job: Job): Promise<Fetched> {
  const { key, versionId, etag, size } = job.object;
  const { head, memory, md5 } = await run.requests.send(async () => {
    const memory = idle.pop() ?? Buffer.allocUnsafeSlow(WHOLE);
    let filled = 0;
    const wanted = { key, versionId, size, etag };
    const received = await run.store.get(wanted, {
      write(piece) {
        memory.set(piece, filled);
        filled += piece.length;
        run.listener.sent(piece.length, job.path);
        return undefined;
      },
    });
    const whole = memory.subarray(0, size);
    const sum = md5Of(whole);
    await checkContent(received, { md5: sum, crc64: () => crc64Of(whole) });
    return { head: received, memory, md5: sum };
  });
  const mtime = meantMtime(head, job);
  const state = run.place.writeWhole(job.path, memory.subarray(0, size), mtime, job.look);
  // Only what a try filled that is over for good: nobody writes into it any more.
  idle.push(memory);
  const { status, requestId } = head;
  return { state, etag: head.etag, hash: md5, status, requestId };
}

/** What an archived object fails with; it is on its way where that was asked for. */
async function archived({ store, requests, thawDays }: Restoring, { object }: Job): Promise<Failure> {
  const { key, versionId, storageClass } = object;
  const isDeep = storageClass.includes('DEEP');
  if (thawDays === undefined) return new Failure('thisFile', { code: 'InvalidObjectState' });
  try {
    await requests.send(() => store.thaw(key, versionId, thawDays));
  } catch (error) {
    if ((error as Failure).code !== 'RestoreAlreadyInProgress') return error as Failure;
  }
  return new Failure('thisFile', { code: isDeep ? 'ObjectThawingDeep' : 'ObjectThawing' });
}
