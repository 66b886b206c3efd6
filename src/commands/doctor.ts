import { EXIT } from '../cli/exit-codes.ts';
import type { Invocation } from '../cli/invocation.ts';
import { mayLackConfig, ownPathsOf } from '../config/home.ts';
import { keepCopy } from '../config/kept-copy.ts';
import { loadConfig } from '../config/load.ts';
import { refuseOwnFiles } from '../config/own-file.ts';
import type { Config } from '../config/schema.ts';
import { accessOf, connect } from '../cos/connect.ts';
import { checkBucket } from '../doctor/bucket.ts';
import { type Check, type CheckName, notChecked, OF_BUCKET } from '../doctor/check.ts';
import { checkKeys } from '../doctor/keys.ts';
import { checkDisk, checkFolder, checkLedger } from '../doctor/local.ts';
import { checkNetwork } from '../doctor/network.ts';
import type { Failure } from '../failure.ts';
import { orAborted } from '../or-aborted.ts';
import { describe } from '../report/describe.ts';
import { errorLines } from '../report/errors.ts';
import { holdCredentials } from './task/credentials.ts';
import { showsSecret } from './task/read-config.ts';
import { untilInterrupted } from './task/session.ts';

/** seconds: somebody is waiting */
const PATIENCE = 10;
const REMOTE: readonly CheckName[] = [
  'keys',
  'dns',
  'connection',
  'tls',
  'clock',
  'credentials',
  ...OF_BUCKET,
];

/** `cos_sync doctor`: checks everything a run needs. @returns 0 where no check failed, else 1 */
export function doctorCommand(invocation: Invocation): Promise<number> {
  return untilInterrupted(invocation, () => checkAll(invocation));
}

async function checkAll(invocation: Invocation): Promise<number> {
  const { terminal, words, style, signal } = invocation;
  const checks: Check[] = [];
  for await (const check of examine(invocation)) {
    signal.throwIfAborted();
    checks.push(check);
    if (!style.json) terminal.out(`${check.status.padEnd(4)}  ${check.name.padEnd(11)}  ${check.message}\n`);
  }
  const count = (wanted: Check['status']) => checks.filter(({ status }) => status === wanted).length;
  const failed = count('fail');
  if (style.json) terminal.out(`${JSON.stringify({ failed, checks })}\n`);
  else terminal.out(`${failed === 0 ? words.doctor.allRight(count('warn')) : words.doctor.faulty(failed)}\n`);
  return failed === 0 ? EXIT.ok : EXIT.failures;
}

async function* examine(invocation: Invocation): AsyncGenerator<Check> {
  const { home, words, signal } = invocation;
  const read = checkConfig(invocation);
  yield* read.checks;
  if (!read.config) {
    yield await checkDisk(home, words.doctor);
    yield* notChecked(['folder', 'ledger', ...REMOTE], words.doctor.needsConfig);
    return;
  }
  const { config } = read;
  yield await checkFolder(config, ownPathsOf(home), words.doctor, signal);
  yield await checkLedger(config, home, words);
  yield await checkDisk(home, words.doctor);
  yield* examineCos({ ...config, timeout: Math.min(config.timeout, PATIENCE) }, invocation);
}

function checkConfig({ home, overrides, words }: Invocation): { config?: Config; checks: Check[] } {
  const check = (status: Check['status'], message: string): Check => ({ name: 'config', status, message });
  try {
    const loaded = loadConfig(home.configFile, overrides, process.env, mayLackConfig(home));
    refuseOwnFiles(home, loaded.config, overrides);
    const { config, unknownKeys, keysTwice } = loaded;
    keepCopy(home.configFile, loaded);
    const checks = [
      ...unknownKeys.map(({ key, nearest }) => words.warnings.unknownKey(key, nearest)),
      ...keysTwice.map(({ key, line }) => words.warnings.keyTwice(key, line)),
    ].map(message => check('warn', message));
    if (showsSecret(home.configFile, loaded)) {
      checks.push(check('warn', words.warnings.configReadableByOthers(home.configFile)));
    }
    const { configOk, noConfigFile } = words.doctor;
    const ok = loaded.isFileMissing ? noConfigFile(home.configFile) : configOk(home.configFile);
    return { config, checks: [check('ok', ok), ...checks] };
  } catch (error) {
    return { checks: errorLines(error, words).map(line => check('fail', line)) };
  }
}

/** What only COS can answer. @throws the signal's reason */
export async function* examineCos(
  config: Config,
  invocation: Pick<Invocation, 'home' | 'overrides' | 'words' | 'signal'>,
): AsyncGenerator<Check> {
  const { words, signal } = invocation;
  const credentials = holdCredentials(invocation, config);
  const keys = await checkKeys(config, credentials, words, signal);
  yield keys;
  if (keys.status === 'fail') {
    yield* notChecked(
      REMOTE.filter(name => name !== 'keys'),
      words.doctor.needsEarlier,
    );
    return;
  }
  const access = await orAborted(accessOf(config, undefined, credentials), signal).catch(
    (error: Failure) => error,
  );
  signal.throwIfAborted();
  if (access instanceof Error) {
    const { code, message } = describe(access, words);
    yield { name: 'credentials', status: 'fail', message: `code: ${code}, ${message}` };
    const others = REMOTE.filter(name => name !== 'credentials' && name !== 'keys');
    yield* notChecked(others, words.doctor.needsEarlier);
    return;
  }
  let isReachable = true;
  for await (const check of checkNetwork(access, config, words.doctor, signal)) {
    yield check;
    if (check.status === 'fail' && check.name !== 'clock') isReachable = false;
  }
  if (!isReachable) {
    yield* notChecked(['credentials', ...OF_BUCKET], words.doctor.needsEarlier);
    return;
  }
  const store = await connect(config, undefined, credentials);
  try {
    yield* checkBucket({ config, credentials, store, words, signal });
  } finally {
    await store.close();
  }
}
