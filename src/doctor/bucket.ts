import { randomBytes } from 'node:crypto';
import { prefixOf } from '../config/prefix.ts';
import type { Config } from '../config/schema.ts';
import { accountBuckets } from '../cos/connect.ts';
import type { CredentialsHolder } from '../cos/credentials/credentials.ts';
import type { ObjectStore } from '../cos/store.ts';
import type { Failure } from '../failure.ts';
import { orAborted } from '../or-aborted.ts';
import { describe } from '../report/describe.ts';
import { inUnits } from '../report/units.ts';
import type { Words } from '../report/words/words.ts';
import { type Check, notChecked, OF_BUCKET } from './check.ts';
import { PROBE_BYTES, tryProbe } from './probe.ts';

/** ms that a probe under way has to be removed again when a signal ends doctor */
const LAST_MOMENT = 2_000;

/** What is examined, and by whom. */
export interface Examined {
  config: Config;
  credentials: CredentialsHolder;
  store: ObjectStore;
  words: Words;
  signal: AbortSignal;
}

/**
 * Credentials, bucket and region; then a probe object: written, measured, and removed again.
 * @throws the signal's reason
 */
export async function* checkBucket({
  config,
  credentials,
  store,
  words,
  signal,
}: Examined): AsyncGenerator<Check> {
  const prefix = prefixOf(config.cosPath);
  try {
    await orAborted(store.list(prefix, undefined), signal);
    yield { name: 'credentials', status: 'ok', message: words.doctor.listed(config.bucket, prefix) };
  } catch (error) {
    signal.throwIfAborted();
    const failure = error as Failure;
    yield await orAborted(refusal(config, credentials, failure, words), signal);
    if (failure.kind !== 'denied') {
      yield* notChecked(OF_BUCKET, words.doctor.needsEarlier);
      return;
    }
  }
  yield await checkKind(config, store, words, signal);
  const key = `${prefix}.cos_sync-doctor-${randomBytes(8).toString('hex')}`;
  yield* checkProbe(config, store, key, words, signal);
  yield await checkVersions(config, store, words, signal);
}

/** Of several zones, or with metadata acceleration: both change what a run can do. */
async function checkKind(
  { storageClass }: Config,
  store: ObjectStore,
  words: Words,
  signal: AbortSignal,
): Promise<Check> {
  try {
    const { isMaz, isOfs } = await orAborted(store.bucketKind(), signal);
    const isMismatch = storageClass !== undefined && isMaz !== /^MAZ_/i.test(storageClass);
    const said = words.doctor.bucketKind(isMaz, isOfs);
    return isMismatch
      ? {
          name: 'bucket',
          status: 'fail',
          message: `${said}; ${words.doctor.classMismatch(storageClass, isMaz)}`,
        }
      : { name: 'bucket', status: 'ok', message: said };
  } catch (error) {
    signal.throwIfAborted();
    return { name: 'bucket', status: 'skip', message: inWords(error as Failure, words) };
  }
}

/** A sync needs no versions: they are what a mistake or an attack can be undone with. */
async function checkVersions(
  { deleteSync }: Config,
  store: ObjectStore,
  words: Words,
  signal: AbortSignal,
): Promise<Check> {
  try {
    const state = await orAborted(store.versioning(), signal);
    const said = words.doctor.versions(state);
    const stays = deleteSync && state === 'Enabled' ? `; ${words.doctor.versionsStay}` : '';
    return { name: 'versions', status: 'ok', message: said + stays };
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
async function refusal(
  config: Config,
  credentials: CredentialsHolder,
  failure: Failure,
  words: Words,
): Promise<Check> {
  // The account's bucket list is at COS itself: another deployment's credentials do not belong there.
  const isAtCos = config.endpoint === '' || config.endpoint.includes('{region}');
  if (failure.code === 'NoSuchBucket' && isAtCos) {
    const buckets = await accountBuckets(config, credentials).catch(() => []);
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
  config: Config,
  store: ObjectStore,
  key: string,
  words: Words,
  signal: AbortSignal,
): AsyncGenerator<Check> {
  signal.throwIfAborted();
  const probed = await orAborted(tryProbe(store, config, key, signal), signal, LAST_MOMENT);
  signal.throwIfAborted();
  const { written, seconds, parts, aborted, copied, left } = probed;
  if (written) {
    yield { name: 'write', status: 'fail', message: inWords(written, words) };
    yield* notChecked(['speed', 'parts', 'copy', 'delete'], words.doctor.needsEarlier);
    return;
  }
  const { doctor } = words;
  yield { name: 'write', status: 'ok', message: doctor.written };
  yield { name: 'speed', status: 'ok', message: doctor.speed(`${inUnits(PROBE_BYTES / seconds)}/s`) };
  if (parts) yield { name: 'parts', status: 'fail', message: doctor.noParts(inWords(parts, words)) };
  else if (aborted) yield { name: 'parts', status: 'warn', message: doctor.noAbort(inWords(aborted, words)) };
  else yield { name: 'parts', status: 'ok', message: doctor.parts };
  yield copied
    ? { name: 'copy', status: 'warn', message: doctor.noCopy(inWords(copied, words)) }
    : { name: 'copy', status: 'ok', message: doctor.copied };
  yield deletionCheck(config, key, left, words);
}

/** A run deletes only with delete_sync; the probe goes in any case. */
function deletionCheck({ deleteSync }: Config, key: string, left: Failure | undefined, words: Words): Check {
  const { doctor } = words;
  if (!left) {
    return deleteSync
      ? { name: 'delete', status: 'ok', message: doctor.deleted }
      : { name: 'delete', status: 'skip', message: doctor.noDeletion };
  }
  const say = deleteSync ? doctor.probeLeft : doctor.onlyProbeLeft;
  return { name: 'delete', status: 'warn', message: say(key, inWords(left, words)) };
}

function inWords(failure: Failure, words: Words): string {
  const { code, message } = describe(failure, words);
  return `code: ${code}, ${message}`;
}
