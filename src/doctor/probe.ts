import { createHash, randomBytes } from 'node:crypto';
import type { Config } from '../config/schema.ts';
import { verify } from '../cos/confirmation.ts';
import { startCrc64 } from '../cos/crc64.ts';
import { failureOfKey } from '../cos/errors.ts';
import { objectHeaders } from '../cos/headers.ts';
import type { Confirmation, ObjectStore } from '../cos/store.ts';
import type { Failure } from '../failure.ts';

export const PROBE_BYTES = 1024 * 1024;

/** What became of what a run does, tried with one object; undefined where it succeeded or was not tried. */
export interface Probed {
  written: Failure | undefined;
  /** that writing it took */
  seconds: number;
  /** Of an upload in parts: its begin, and its end. */
  parts: Failure | undefined;
  aborted: Failure | undefined;
  copied: Failure | undefined;
  /** Why an object was left behind, and which. */
  left: Failure | undefined;
}

/**
 * Does with one object what a run does with many, with the configured headers, class, ACL and encryption, and
 * removes it again. Once the signal is aborted only what was made is removed.
 */
export async function tryProbe(
  store: ObjectStore,
  config: Config,
  key: string,
  signal: AbortSignal,
): Promise<Probed> {
  const copyKey = `${key}-copy`;
  const bytes = randomBytes(PROBE_BYTES);
  const start = performance.now();
  let etag = '';
  const written = await failureOf(async () => {
    etag = (await put(store, config, key, bytes)).etag;
  });
  const seconds = (performance.now() - start) / 1000;
  const probed: Probed = {
    written,
    seconds,
    parts: undefined,
    aborted: undefined,
    copied: undefined,
    left: undefined,
  };
  if (!written && !signal.aborted) {
    Object.assign(probed, await tryParts(store, config, key));
    const headers = objectHeaders(config, copyKey);
    probed.copied = await failureOf(() => store.copy(copyKey, { key, etag }, headers));
  }
  // A lost answer may hide that it was written: removing it is tried in any case.
  probed.left = await failureOf(() => remove(store, probed.copied ? [key] : [key, copyKey]));
  return probed;
}

async function tryParts(
  store: ObjectStore,
  config: Config,
  key: string,
): Promise<Pick<Probed, 'parts' | 'aborted'>> {
  let uploadId = '';
  const parts = await failureOf(async () => {
    uploadId = await store.startUpload(key, objectHeaders(config, key));
  });
  const aborted = parts ? undefined : await failureOf(() => store.abortUpload(key, uploadId));
  return { parts, aborted };
}

async function put(store: ObjectStore, config: Config, key: string, bytes: Buffer): Promise<Confirmation> {
  const md5 = createHash('md5').update(bytes).digest();
  const answer = await store.put(key, bytes, md5, objectHeaders(config, key));
  await verify(answer, {
    md5: md5.toString('hex'),
    crc64: async () => {
      const crc64 = await startCrc64();
      crc64.update(bytes);
      return crc64.digest();
    },
  });
  return answer;
}

async function remove(store: ObjectStore, keys: string[]): Promise<void> {
  const { failed, requestId } = await store.deleteMany(keys);
  for (const { code, message } of failed.values()) {
    if (code !== 'NoSuchKey') throw failureOfKey(code, message, requestId);
  }
}

async function failureOf(work: () => Promise<unknown>): Promise<Failure | undefined> {
  try {
    await work();
    return undefined;
  } catch (error) {
    return error as Failure;
  }
}
