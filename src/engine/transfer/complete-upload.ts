import { createHash } from 'node:crypto';
import { verify } from '../../cos/confirmation.ts';
import { unproved } from '../../cos/errors.ts';
import type { Confirmation, ObjectStore, UploadedPart } from '../../cos/store.ts';
import { after, type Failure, isRefusal } from '../../failure.ts';
import { type Found, objectAt } from './object-at.ts';
import { isLost, type OpenUpload } from './open-upload.ts';
import type { Run } from './run.ts';

/** What COS must hold when the parts are put together. */
interface Whole {
  /** bytes */
  size: number;
  /** Of the content; undefined where it is not known. */
  crc64: string | undefined;
  /** As COS makes it of the parts' ETags. */
  etag: string;
}

/**
 * Has COS put an upload's parts together, and makes sure that the object is the file. Where the answer does not say,
 * or an earlier try may have been carried out, the object itself is asked.
 * @param crc64 of the whole content, where it is known
 * @throws Failure where the object that COS put together is not the file
 */
export async function completeUpload(
  run: Run,
  { store, path, key, uploadId }: OpenUpload,
  parts: readonly UploadedPart[],
  crc64: string | undefined,
): Promise<Confirmation> {
  const size = parts.reduce((sum, part) => sum + part.size, 0);
  const whole = { size, crc64, etag: etagOfParts(parts) };
  let isRepeated = false;
  const confirmation = await run.requests.send(async () => {
    const wasAnswered = isRepeated;
    isRepeated = true;
    try {
      const answer = await store.completeUpload(key, uploadId, parts);
      return await proven(store, key, answer, whole);
    } catch (error) {
      const failure = error as Failure;
      if (!mayBeComplete(failure)) throw failure;
      const found = await objectAt(store, key).catch((unanswered: Failure) => {
        throw isRefusal(unanswered) ? failure : after(failure, unanswered);
      });
      if (!found) throw failure;
      if (!isWhole(found, whole)) {
        // An earlier try put something there: what was said of it just now may be as wrong as that answer was.
        throw wasAnswered
          ? unproved('ChecksumMismatch', `the object is another: ETag ${found.etag}`, found)
          : failure;
      }
      // The same content may have been there before, and the parts still be.
      if (failure.status === 409) await store.abortUpload(key, uploadId).catch(() => {});
      return found;
    }
  });
  run.ledger.removeUpload(path);
  return confirmation;
}

/** The parts are gone, or another request is putting them together: an answer to an earlier try may have been lost. */
function mayBeComplete(failure: Failure): boolean {
  return isLost(failure) || (failure.kind === 'transient' && failure.status === 409);
}

async function proven(
  store: ObjectStore,
  key: string,
  answer: Confirmation,
  whole: Whole,
): Promise<Confirmation> {
  if (answer.etag !== '' && answer.crc64 !== undefined && whole.crc64 !== undefined) {
    const { crc64 } = whole;
    await verify(answer, { crc64: () => crc64 });
    return answer;
  }
  const found = await objectAt(store, key).catch((failure: Failure) => {
    // Each part was confirmed, and COS was told which parts they are.
    if (isRefusal(failure) && isOfParts(answer.etag, whole))
      return { ...answer, size: whole.size, lastModified: Number.NaN };
    throw failure;
  });
  if (!found) throw unproved('ChecksumMismatch', 'the completed object is not there', answer);
  if (!isWhole(found, whole) && !(found.crc64 === undefined && isAnswered(found, answer, whole))) {
    throw unproved(
      'ChecksumMismatch',
      `the completed object is another: ${found.size} bytes, ETag ${found.etag}`,
      answer,
    );
  }
  return found;
}

function isWhole({ size, crc64, etag }: Found, whole: Whole): boolean {
  if (size !== whole.size) return false;
  return crc64 !== undefined && whole.crc64 !== undefined ? crc64 === whole.crc64 : etag === whole.etag;
}

/** A gateway without CRC-64 may make its ETags by a rule of its own. */
function isAnswered(found: Found, answer: Confirmation, whole: Whole): boolean {
  return found.size === whole.size && answer.etag !== '' && found.etag === answer.etag;
}

function isOfParts(etag: string, whole: Whole): boolean {
  return etag.split('-')[1] === whole.etag.split('-')[1];
}

/** MD5 of the parts' MD5s, and their number: COS's rule for objects that are not encrypted with a key of KMS or one's own. */
function etagOfParts(parts: readonly UploadedPart[]): string {
  const md5 = createHash('md5');
  // Where they are no MD5s, neither is this, and no object has it.
  for (const { etag } of parts) md5.update(Buffer.from(etag, 'hex'));
  return `${md5.digest('hex')}-${parts.length}`;
}
