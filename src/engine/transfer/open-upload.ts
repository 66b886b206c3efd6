import type { ObjectStore } from '../../cos/store.ts';
import { type Failure, isRefusal } from '../../failure.ts';
import type { FileState } from '../local/read-file.ts';
import { headersOf, type Run } from './run.ts';

/** An upload in parts that was begun in COS: until it is completed or ended, its parts are billed. */
export interface OpenUpload {
  store: ObjectStore;
  path: string;
  key: string;
  uploadId: string;
}

/**
 * Begins an upload and notes it in the ledger: parts of an upload ID that nobody remembers would stay in
 * COS and be billed.
 * @throws Failure
 */
export async function beginUpload(
  run: Run,
  { store, path, key }: Omit<OpenUpload, 'uploadId'>,
  state: FileState,
  partSize: number,
): Promise<OpenUpload> {
  const uploadId = await run.requests.send(() => store.startUpload(key, headersOf(run, key, state)));
  run.ledger.putUpload({ path, ...state, partSize, uploadId, parts: new Map() });
  await run.ledger.flush();
  return { store, path, key, uploadId };
}

/** Whether COS knows nothing of an upload any more. */
export function isLost({ kind }: Failure): boolean {
  return kind === 'lost' || kind === 'stale';
}

/** Ends an upload whose parts are of no use any more. @throws Failure */
export async function discard(run: Run, { store, path, key, uploadId }: OpenUpload): Promise<void> {
  await run.requests.send(() => store.abortUpload(key, uploadId));
  run.ledger.removeUpload(path);
}

/** The parts stay in COS where this key pair may not end uploads: no reason to leave the file out. */
export async function discardIfAllowed(run: Run, upload: OpenUpload): Promise<void> {
  await discard(run, upload).catch((failure: Failure) => {
    if (!isRefusal(failure)) throw failure;
  });
}
