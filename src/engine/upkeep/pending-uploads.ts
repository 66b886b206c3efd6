import type { ObjectStore, PendingUpload } from '../../cos/store.ts';
import type { Failure } from '../../failure.ts';
import type { Ledger } from '../../ledger/ledger.ts';
import type { Requests } from '../requests/requests.ts';

/** An upload in parts that was begun in COS and not completed: its parts are billed. */
export interface Pending extends PendingUpload {
  /** Recorded in the ledger: the next sync goes on with it, or ends it where nobody needs it. */
  isOurs: boolean;
}

/** Uploads under the prefix, oldest first. @throws Failure */
export async function pendingUploads(
  store: ObjectStore,
  requests: Requests,
  prefix: string,
  ledger: Ledger,
): Promise<Pending[]> {
  const ours = new Set(Array.from(ledger.uploads.values(), ({ uploadId }) => uploadId));
  const uploads = await requests.send(() => store.listUploads(prefix));
  return uploads
    .filter(({ key }) => key.startsWith(prefix))
    .map(upload => ({ ...upload, isOurs: ours.has(upload.uploadId) }))
    .sort((a, b) => (a.initiated < b.initiated ? -1 : 1));
}

export interface AbortOutcome {
  ended: Pending[];
  failed: { upload: Pending; failure: Failure }[];
}

/** Ends uploads one after the other and forgets those of ours; COS deletes their parts. */
export async function abortUploads(
  store: ObjectStore,
  requests: Requests,
  prefix: string,
  ledger: Ledger,
  uploads: readonly Pending[],
): Promise<AbortOutcome> {
  const outcome: AbortOutcome = { ended: [], failed: [] };
  for (const upload of uploads) {
    const path = upload.key.slice(prefix.length);
    try {
      await requests.send(() => store.abortUpload(upload.key, upload.uploadId));
      if (ledger.uploads.get(path)?.uploadId === upload.uploadId) ledger.removeUpload(path);
      outcome.ended.push(upload);
    } catch (error) {
      outcome.failed.push({ upload, failure: error as Failure });
    }
  }
  return outcome;
}
