import { ConfigError, type Fault, type UnknownKey } from './faults.ts';
import { jsonFaultOf } from './json-fault.ts';
import { type ConfigFile, isTemplate, keptSince } from './kept-copy.ts';
import { type KeyTwice, keysGivenTwice } from './key-twice.ts';
import { nearest } from './nearest.ts';
import { readPlainFile } from './plain-file.ts';
import { CONFIG_KEYS, type Config, parseConfig } from './schema.ts';

/** Environment variables that give a secret, the first one set wins. */
const SECRETS_IN_ENVIRONMENT: Readonly<Record<string, readonly string[]>> = {
  secret_id: ['COS_SECRET_ID', 'TENCENTCLOUD_SECRET_ID', 'TENCENTCLOUD_SECRETID'],
  secret_key: ['COS_SECRET_KEY', 'TENCENTCLOUD_SECRET_KEY', 'TENCENTCLOUD_SECRETKEY'],
  token: ['COS_TOKEN', 'TENCENTCLOUD_SESSION_TOKEN', 'TENCENTCLOUD_TOKEN', 'TENCENTCLOUD_SESSIONTOKEN'],
};
/** The tokens that go with a key pair under each of its names: the tool's own, the SDKs' and tccli's, cloud functions'. */
const TOKENS_OF: Readonly<Record<string, readonly string[]>> = {
  COS_SECRET_ID: ['COS_TOKEN'],
  TENCENTCLOUD_SECRET_ID: ['TENCENTCLOUD_SESSION_TOKEN', 'TENCENTCLOUD_TOKEN'],
  TENCENTCLOUD_SECRETID: ['TENCENTCLOUD_SESSIONTOKEN'],
};

export interface LoadedConfig extends ConfigFile {
  config: Config;
  unknownKeys: UnknownKey[];
  keysTwice: KeyTwice[];
  /** Options and environment gave all that is needed. */
  isFileMissing: boolean;
}

/**
 * Reads the configuration: the file, over it the environment's secrets, over it the command line's options.
 * @param options values by config key, from the command line
 * @param mayBeMissing whether options and environment are enough where there is no such file
 * @throws ConfigError with every fault there is
 */
export function loadConfig(
  file: string,
  options: Readonly<Record<string, unknown>>,
  environment: NodeJS.ProcessEnv,
  mayBeMissing = false,
): LoadedConfig {
  const bytes = readBytes(file, mayBeMissing);
  const isFileMissing = bytes === undefined;
  const text = isFileMissing ? '{}' : textOf(file, bytes);
  const written = parseJson(file, text);
  refuseTemplateAgain(file, written);
  const given = { ...options, ...secretsOf(environment) };
  const result = parseConfig(withOptions(written, given), environment);
  if ('config' in result) {
    const { config } = result;
    return {
      config,
      bytes: bytes ?? NOTHING,
      written,
      unknownKeys: unknownKeysOf(written),
      keysTwice: keysGivenTwice(text),
      isFileMissing,
    };
  }
  const faults = result.faults.map(fault => withSource(fault, options, environment));
  const isIncomplete = faults.some(({ problem }) => problem === 'missing');
  if (!isFileMissing || !isIncomplete) throw new ConfigError(file, faults);
  // Who gave nothing at all did not mean to do without the file.
  const isFileMeant = Object.keys(given).length === 0;
  throw new ConfigError(file, [FILE_MISSING, ...(isFileMeant ? [] : faults)]);
}

const NOTHING = Buffer.alloc(0);
const FILE_MISSING: Fault = { key: '', problem: 'fileMissing', values: {} };

/** Names what gave a faulty value, so that nobody looks for it in the file. */
export function withSource(
  fault: Fault,
  options: Readonly<Record<string, unknown>>,
  environment: NodeJS.ProcessEnv,
): Fault {
  if (fault.source !== undefined) return fault;
  const { key } = fault;
  const variable = variableOf(key, environment);
  if (variable !== undefined) return { ...fault, source: variable };
  return key in options ? { ...fault, source: `--${key.replaceAll('_', '-')}` } : fault;
}

/** The values with the command line's over them; a key with two spellings has one value. */
export function withOptions(
  written: Readonly<Record<string, unknown>>,
  options: Readonly<Record<string, unknown>>,
): Record<string, unknown> {
  const kept = { ...written };
  if ('appid' in options || 'app_id' in options) {
    delete kept.appid;
    delete kept.app_id;
  }
  return { ...kept, ...options };
}

/** The secrets that the environment gives, by config key. A token of another key pair than its own is none. */
export function secretsOf(environment: NodeJS.ProcessEnv): Record<string, string> {
  const secrets: Record<string, string> = {};
  const pair = variableOf('secret_id', environment);
  for (const key of Object.keys(SECRETS_IN_ENVIRONMENT)) {
    const isTokenOfPair = key === 'token' && pair !== undefined;
    const name = isTokenOfPair ? TOKENS_OF[pair]?.find(isSet) : variableOf(key, environment);
    if (name !== undefined) secrets[key] = environment[name] as string;
    else if (isTokenOfPair) secrets[key] = '';
  }
  return secrets;

  function isSet(name: string): boolean {
    return Boolean(environment[name]);
  }
}

/** Takes all secrets out of an environment: what is read after that has those of its file. */
export function forgetSecretsOf(environment: NodeJS.ProcessEnv): void {
  const names = [...Object.values(SECRETS_IN_ENVIRONMENT).flat(), ...Object.values(TOKENS_OF).flat()];
  for (const name of names) delete environment[name];
}

function variableOf(key: string, environment: NodeJS.ProcessEnv): string | undefined {
  return SECRETS_IN_ENVIRONMENT[key]?.find(name => environment[name]);
}

/**
 * A newer zip puts the template in the place of a configuration. Options and environment may give all that a
 * run needs, and it would then upload what the lost file excluded.
 */
function refuseTemplateAgain(file: string, written: Readonly<Record<string, unknown>>): void {
  const since = keptSince(file);
  if (since && isTemplate(written)) throw wholeFile(file, 'templateAgain', { since: dayOf(since) });
}

function dayOf(time: Date): string {
  return time.toISOString().slice(0, 10);
}

function readBytes(file: string, mayBeMissing: boolean): Buffer | undefined {
  try {
    return readPlainFile(file);
  } catch (error) {
    if (error instanceof ConfigError) throw error;
    const { code = '' } = error as NodeJS.ErrnoException;
    if (code === 'EISDIR') throw wholeFile(file, 'isFolder');
    // Home may be a file.
    if (code === 'ENOTDIR') throw wholeFile(file, 'fileMissing');
    if (code !== 'ENOENT') throw wholeFile(file, 'fileUnreadable', { code });
    const since = keptSince(file);
    // What is gone may have excluded what options do not.
    if (since) throw wholeFile(file, 'fileGone', { since: dayOf(since) });
    if (mayBeMissing) return undefined;
    throw wholeFile(file, 'fileMissing');
  }
}

function textOf(file: string, bytes: Buffer): string {
  if (bytes[0] === 0xff && bytes[1] === 0xfe) throw wholeFile(file, 'utf16');
  if (bytes[0] === 0xfe && bytes[1] === 0xff) throw wholeFile(file, 'utf16');
  try {
    // Drops a byte order mark, which Windows' Notepad writes.
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    throw wholeFile(file, 'notUtf8', { line: lineOfBadUtf8(bytes) });
  }
}

function lineOfBadUtf8(bytes: Buffer): number {
  let line = 1;
  for (const part of splitLines(bytes)) {
    if (!Buffer.from(part.toString('utf8')).equals(part)) break;
    line++;
  }
  return line;
}

function* splitLines(bytes: Buffer): Generator<Buffer> {
  let start = 0;
  for (let end = bytes.indexOf(10); end >= 0; end = bytes.indexOf(10, start)) {
    yield bytes.subarray(start, end + 1);
    start = end + 1;
  }
  yield bytes.subarray(start);
}

/** An escape that JSON does not have, or a value like "D:\\" whose backslash takes the closing quote. */
const SINGLE_BACKSLASH =
  /(?<!\\)(?:\\\\)*\\(?:[^"\\/bfnrtu]|u(?![0-9a-fA-F]{4}))|[a-z]:[^"\n]*(?<!\\)\\"[ \t]*,?[ \t]*\r?$/im;

function parseJson(file: string, text: string): Record<string, unknown> {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    const backslash = lineOf(text, text.search(SINGLE_BACKSLASH));
    if (backslash !== undefined) throw wholeFile(file, 'singleBackslash', { line: backslash });
    const { problem, line } = jsonFaultOf(text);
    throw wholeFile(file, problem, { line });
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw wholeFile(file, 'notObject');
  return value as Record<string, unknown>;
}

function lineOf(text: string, position: number): number | undefined {
  return position < 0 ? undefined : text.slice(0, position).split('\n').length;
}

function unknownKeysOf(written: Record<string, unknown>): UnknownKey[] {
  const known = CONFIG_KEYS as readonly string[];
  return Object.keys(written)
    .filter(key => !known.includes(key))
    .map(key => ({ key, nearest: nearest(key.toLowerCase(), known) }));
}

function wholeFile(file: string, problem: Fault['problem'], values: Fault['values'] = {}): ConfigError {
  return new ConfigError(file, [{ key: '', problem, values }]);
}
