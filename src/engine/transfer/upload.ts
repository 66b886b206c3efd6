import { setTimeout as delay } from 'node:timers/promises';
import { verify } from '../../cos/confirmation.ts';
import type { Confirmation } from '../../cos/store.ts';
import { after, type FailureKind, localFailure } from '../../failure.ts';
import { crc64Of, md5Of } from '../local/content-hash.ts';
import { boundOf } from '../local/no-way-out.ts';
import { type FileState, readAtOnce } from '../local/read-file.ts';
import type { LocalFile } from '../plan.ts';
import { headersOf, localPathOf, type Run } from './run.ts';
import { sendInParts } from './upload-in-parts.ts';
import { SEND_OTHERWISE, type Uploaded } from './uploaded.ts';

/** A file that changes while it is read is read again this often, one whose parts are gone in COS begun anew. */
const RETRIES: Partial<Record<FailureKind, number>> = { changed: 2, lost: 1 };
/** ms */
const PAUSE = 300;

/**
 * Uploads a file's content as it is now and verifies what COS confirms.
 * @throws Failure
 */
export async function upload(run: Run, file: LocalFile, key: string): Promise<Uploaded> {
  for (let tries = 0; ; tries++) {
    try {
      // The scan may be long ago: whether a file goes up in parts depends on its size of now.
      const mayGrow = tries >= (RETRIES.changed ?? 0);
      const whole = await tryInThread(run, file, key, mayGrow);
      return whole ?? (await sendInParts(run, file.path, key));
    } catch (error) {
      const failure = localFailure(error);
      if (tries >= (RETRIES[failure.kind] ?? 0) || run.signal.aborted) throw failure;
      await delay(PAUSE, undefined, { signal: run.signal }).catch(() => {});
    }
  }
}

/** As tryWhole, and from one of the threads that send small files where these are to have it. */
async function tryInThread(
  run: Run,
  file: LocalFile,
  key: string,
  mayGrow: boolean,
): Promise<Uploaded | undefined> {
  if (!run.senders.take(file.size)) return tryWhole(run, file, key, mayGrow);
  const path = localPathOf(run, file.path);
  try {
    const sent = await run.requests.send(() => run.senders.send({ path, key, mayGrow }));
    run.listener.sent(sent.state.size, file.path);
    return sent;
  } catch (error) {
    const failure = localFailure(error);
    if (failure.code !== SEND_OTHERWISE) throw failure;
    return tryWhole(run, file, key, mayGrow).catch(later => {
      throw after(failure, localFailure(later));
    });
  }
}

/**
 * @param mayGrow whether what a growing file had at its opening is to be sent
 * @returns undefined where the file is so large that it goes up in parts
 */
async function tryWhole(
  run: Run,
  file: LocalFile,
  key: string,
  mayGrow: boolean,
): Promise<Uploaded | undefined> {
  const { multipartThreshold: most } = run.config;
  let { size } = file;
  if (size > most) size = 0;
  for (;;) {
    const sent = await sendWhole(run, file.path, size, key, mayGrow);
    if (typeof sent !== 'number') return sent;
    if (sent > most) return undefined;
    size = sent;
  }
}

/** @returns the file's size where it is larger than was thought */
async function sendWhole(
  run: Run,
  path: string,
  size: number,
  key: string,
  mayGrow: boolean,
): Promise<Uploaded | number> {
  const { buffer, release } = await run.budget.take(size);
  let isSent = false;
  try {
    const readAt = Date.now();
    const place = buffer.subarray(0, size);
    const { state, bytes, hasGrown } = await readAtOnce(
      localPathOf(run, path),
      place,
      mayGrow,
      boundOf(run.config),
    );
    if (!bytes) return state.size;
    const hash = await run.threads.md5Of(bytes);
    const confirmation = await put(run, key, bytes, hash, { path, state });
    isSent = true;
    return { confirmation, state, readAt, hash, hasGrown };
  } finally {
    release(isSent);
  }
}

/** Creates a folder's object: no bytes, a key that ends with `/`. @throws Failure */
export function createFolderObject(run: Run, key: string): Promise<Confirmation> {
  const nothing = new Uint8Array();
  return put(run, key, nothing, md5Of(nothing));
}

async function put(
  run: Run,
  key: string,
  bytes: Uint8Array,
  md5: string,
  file?: { path: string; state: FileState },
): Promise<Confirmation> {
  const store = await run.store();
  const headers = headersOf(run, key, file?.state);
  const contentMd5 = Buffer.from(md5, 'hex');
  const isOnePiece = bytes.length <= run.uploadLimit.piece;
  return run.requests.send(async () => {
    if (isOnePiece) await run.uploadLimit.take(bytes.length, run.signal)?.catch(toFailure);
    const body = isOnePiece ? bytes : { size: bytes.length, open: () => piecesOf(run, bytes) };
    const answer = await store.put(key, body, contentMd5, headers);
    if (file) run.listener.sent(bytes.length, file.path);
    await verify(answer, { md5, crc64: () => crc64Of(bytes) });
    return answer;
  });
}

/** In pieces, a slow connection is seen to move; a large body as a whole looks as if nothing happened. */
async function* piecesOf(run: Run, bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  const { piece } = run.uploadLimit;
  for (let start = 0; start < bytes.length; start += piece) {
    const part = bytes.subarray(start, start + piece);
    await run.uploadLimit.take(part.length, run.signal)?.catch(toFailure);
    yield part;
  }
}

function toFailure(error: unknown): never {
  throw localFailure(error);
}
