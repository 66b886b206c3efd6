import { createHash, randomBytes } from 'node:crypto';
import { prefixOf } from '../config/prefix.ts';
import type { Config } from '../config/schema.ts';
import { verify } from '../cos/confirmation.ts';
import { accountBuckets } from '../cos/connect.ts';
import { startCrc64 } from '../cos/crc64.ts';
import type { ObjectStore } from '../cos/store.ts';
import type { Failure } from '../failure.ts';
import { orAborted } from '../or-aborted.ts';
import { describe } from '../report/describe.ts';
import { inUnits } from '../report/units.ts';
import type { Words } from '../report/words/words.ts';
import { type Check, notChecked } from './check.ts';

const PROBE_BYTES = 1024 * 1024;
/** ms that a probe under way has to be removed again when a signal ends doctor */
const LAST_MOMENT = 2_000;

/**
 * Credentials, bucket and region; then a probe object: written, measured, and removed again.
 * @throws the signal's reason
 */
export async function* checkBucket(
  config: Config,
  store: ObjectStore,
  words: Words,
  signal: AbortSignal,
): AsyncGenerator<Check> {
  const prefix = prefixOf(config.cosPath);
  try {
    await orAborted(store.list(prefix, undefined), signal);
    yield { name: 'credentials', status: 'ok', message: words.doctor.listed(config.bucket, prefix) };
  } catch (error) {
    signal.throwIfAborted();
    const failure = error as Failure;
    yield await orAborted(refusal(config, failure, words), signal);
    if (failure.kind !== 'denied') {
      yield* notChecked(['write', 'speed', 'delete', 'versions'], words.doctor.needsEarlier);
      return;
    }
  }
  yield* checkProbe(store, `${prefix}.cos_sync-doctor-${randomBytes(8).toString('hex')}`, words, signal);
  yield await checkVersions(store, words, signal);
}

/** A sync needs no versions: they are what a mistake or an attack can be undone with. */
async function checkVersions(store: ObjectStore, words: Words, signal: AbortSignal): Promise<Check> {
  try {
    const state = await orAborted(store.versioning(), signal);
    return { name: 'versions', status: 'ok', message: words.doctor.versions(state) };
  } catch (error) {
    signal.throwIfAborted();
    return {
      name: 'versions',
      status: 'skip',
      message: words.doctor.versionsUnknown(inWords(error as Failure, words)),
    };
  }
}

/** A wrong region is named with the right one. */
async function refusal(config: Config, failure: Failure, words: Words): Promise<Check> {
  // The account's bucket list is at COS itself: another deployment's credentials do not belong there.
  const isAtCos = config.endpoint === '' || config.endpoint.includes('{region}');
  if (failure.code === 'NoSuchBucket' && isAtCos) {
    const buckets = await accountBuckets(config).catch(() => []);
    const found = buckets.find(({ name }) => name === config.bucket);
    if (found && found.region !== config.region) {
      const message = words.doctor.wrongRegion(config.bucket, config.region, found.region);
      return { name: 'credentials', status: 'fail', message };
    }
  }
  // Uploading needs no permission to list: only verify and rebuild do.
  const status = failure.kind === 'denied' ? 'warn' : 'fail';
  const said = inWords(failure, words);
  return {
    name: 'credentials',
    status,
    message: status === 'warn' ? words.doctor.listDenied(said) : said,
  };
}

async function* checkProbe(
  store: ObjectStore,
  key: string,
  words: Words,
  signal: AbortSignal,
): AsyncGenerator<Check> {
  signal.throwIfAborted();
  const { failed, left, seconds } = await orAborted(tryProbe(store, key), signal, LAST_MOMENT);
  signal.throwIfAborted();
  if (failed) {
    yield { name: 'write', status: 'fail', message: inWords(failed, words) };
    yield* notChecked(['speed', 'delete'], words.doctor.needsEarlier);
    return;
  }
  yield { name: 'write', status: 'ok', message: words.doctor.written };
  yield { name: 'speed', status: 'ok', message: words.doctor.speed(`${inUnits(PROBE_BYTES / seconds)}/s`) };
  yield left
    ? { name: 'delete', status: 'warn', message: words.doctor.probeLeft(key, inWords(left, words)) }
    : { name: 'delete', status: 'ok', message: words.doctor.deleted };
}

async function tryProbe(
  store: ObjectStore,
  key: string,
): Promise<{ failed: Failure | undefined; left: Failure | undefined; seconds: number }> {
  const bytes = randomBytes(PROBE_BYTES);
  const start = performance.now();
  const failed = await failureOf(() => putProbe(store, key, bytes));
  const seconds = (performance.now() - start) / 1000;
  // A lost answer may hide that it was written: removing it is tried in any case.
  const left = await failureOf(() => removeProbe(store, key));
  return { failed, left, seconds };
}

async function putProbe(store: ObjectStore, key: string, bytes: Buffer): Promise<void> {
  const md5 = createHash('md5').update(bytes).digest();
  const answer = await store.put(key, bytes, md5, {});
  await verify(answer, {
    md5: md5.toString('hex'),
    crc64: async () => {
      const crc64 = await startCrc64();
      crc64.update(bytes);
      return crc64.digest();
    },
  });
}

async function removeProbe(store: ObjectStore, key: string): Promise<void> {
  const { failed } = await store.deleteMany([key]);
  const refused = failed.get(key);
  if (refused) throw Object.assign(new Error(refused.message), { code: refused.code, kind: 'denied' });
}

async function failureOf(work: () => Promise<unknown>): Promise<Failure | undefined> {
  try {
    await work();
    return undefined;
  } catch (error) {
    return error as Failure;
  }
}

function inWords(failure: Failure, words: Words): string {
  const { code, message } = describe(failure, words);
  return `code: ${code}, ${message}`;
}
