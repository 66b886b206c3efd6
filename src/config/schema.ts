import { resolve } from 'node:path';
import * as z from 'zod';
import { contradictions } from './contradictions.ts';
import { withBucket } from './endpoint.ts';
import type { Fault, Problem } from './faults.ts';
import { type EnvironmentProxies, proxiesIn } from './proxy.ts';
import { currentRegion } from './regions.ts';
import type { Shard } from './shard.ts';
import {
  absoluteFile,
  credential,
  credentialsSource,
  deleteLimit,
  exactText,
  globs,
  headerMap,
  isOwnHeader,
  language,
  metaMap,
  numberBetween,
  oneOf,
  onOff,
  program,
  shard,
  text,
} from './values.ts';

const MiB = 1024 * 1024;
/** A thread is a connection; more than this many only provoke COS's request limits. */
const MAX_THREADS = 512;
/** main.ts gives Node's pool more threads than these: other work needs some too. */
const MAX_SCAN_THREADS = 64;
/** Source: COS "Specifications and limits": a part has 1 MB to 5 GB, a simple PUT at most 5 GB. */
const MAX_PART_MIB = 5 * 1024;
/** What is sent whole is in memory, and one call of the system reads and one hashes less than 2 GiB. */
export const MAX_WHOLE_MIB = 512;
const ONE_DAY = 24 * 3600;

/** Every key of conf/config.json, by the name it has there. */
const schema = z.object({
  appid: text(),
  app_id: text(),
  secret_id: credential(),
  secret_key: credential(),
  token: credential(),
  credentials: credentialsSource(),
  credentials_command: program(),
  bucket: text(),
  region: text(),
  endpoint: text(),
  timeout: numberBetween(1, 3600, 60),
  thread_num: numberBetween(1, MAX_THREADS, 5),
  delete_sync: onOff(false),
  daemon_mode: onOff(false),
  daemon_interval: numberBetween(0, 365 * ONE_DAY, 60),
  watch: onOff(false),
  watch_delay: numberBetween(0, ONE_DAY / 24, 2, false),
  enable_https: onOff(true),
  local_path: exactText(),
  cos_path: exactText().transform(path => path ?? '/'),
  create_folders: onOff(true),
  include: globs(),
  exclude: globs(),
  symlinks: oneOf(['follow', 'skip'], 'follow'),
  scan_threads: numberBetween(0, MAX_SCAN_THREADS, 0),
  shard: shard(),
  multipart_threshold: numberBetween(1, MAX_PART_MIB, 16),
  part_size: numberBetween(1, MAX_PART_MIB, 8),
  retry_num: numberBetween(0, 100, 5),
  upload_limit: numberBetween(0, 1_000_000, 0, false),
  max_delete: deleteLimit({ share: 0.5 }),
  checksum: onOff(false),
  compare_ctime: onOff(true),
  keep_mtime: onOff(true),
  storage_class: text(),
  acl: text(),
  headers: headerMap(isOwnHeader),
  meta: metaMap(),
  server_side_encryption: text(),
  proxy: text(),
  sign_host: text(),
  lang: language(),
  metrics_file: absoluteFile(),
  failed_file: absoluteFile(),
  on_success: program(),
  on_failure: program(),
});

type Values = z.output<typeof schema>;

/** The names of all keys, for the command line's options and for "did you mean". */
export const CONFIG_KEYS = Object.keys(schema.shape) as (keyof Values)[];

/** The value that a key has where nobody gives one. */
export function defaultOf(key: keyof Values): unknown {
  return schema.shape[key].parse(undefined);
}

/** zod takes a key that is absent for one that may not be. */
const NOTHING_GIVEN = Object.fromEntries(CONFIG_KEYS.map(key => [key, undefined]));

/** Keys that name a file to write; in an option it may be relative to the current folder. */
export const FILE_KEYS: readonly string[] = ['metrics_file', 'failed_file'];

/** Keys that have no option: a command line is visible to others. */
export const SECRET_KEYS: readonly string[] = ['secret_id', 'secret_key', 'token'];

export interface Config {
  secretId: string;
  secretKey: string;
  token: string | undefined;
  /** Where the credentials come from; `config` is the three above. */
  credentials: 'config' | 'cvm_role' | 'tke' | 'command';
  /** The CAM role, where it is named. */
  credentialsRole: string | undefined;
  /** A program and its arguments. */
  credentialsCommand: readonly string[] | undefined;
  /** With `-appid`. */
  bucket: string;
  /** Empty where it is not configured. */
  region: string;
  /** Empty where COS's own host is used. */
  endpoint: string;
  /** seconds */
  timeout: number;
  threadNum: number;
  deleteSync: boolean;
  daemonMode: boolean;
  /** seconds */
  daemonInterval: number;
  /** With daemonMode: a change is synced soon after it happened. */
  watch: boolean;
  /** seconds without a further change in a folder */
  watchDelay: number;
  enableHttps: boolean;
  localPath: string;
  cosPath: string;
  createFolders: boolean;
  include: string[];
  exclude: string[];
  symlinks: 'follow' | 'skip';
  /** Folders that are looked at at a time; 0 chooses by itself. */
  scanThreads: number;
  /** The part of the folder that this process takes; undefined for all of it. */
  shard: Shard | undefined;
  /** bytes */
  multipartThreshold: number;
  /** Whether a larger one is configured than can be. */
  isThresholdCut: boolean;
  /** bytes */
  partSize: number;
  retryNum: number;
  /** bytes per second; 0 is no limit */
  uploadLimit: number;
  maxDelete: Values['max_delete'];
  checksum: boolean;
  /** Whether a file's ctime is compared too. */
  compareCtime: boolean;
  /** Each file's mtime goes with its object. */
  keepMtime: boolean;
  storageClass: string | undefined;
  acl: string | undefined;
  headers: Record<string, string>;
  meta: Record<string, string>;
  serverSideEncryption: string | undefined;
  proxy: string | undefined;
  /** What is followed where no proxy is configured. */
  environmentProxies: EnvironmentProxies;
  /** The host that requests are signed for, where something on the way rewrites Host. */
  signHost: string | undefined;
  /** Where the last run's numbers are written for Prometheus (absolute). */
  metricsFile: string | undefined;
  /** Where the last run's failures are written (absolute). */
  failedFile: string | undefined;
  /** A program and its arguments. */
  onSuccess: readonly string[] | undefined;
  onFailure: readonly string[] | undefined;
}

/** Reads the values of all keys; answers every fault at once. */
export function parseConfig(
  input: Readonly<Record<string, unknown>>,
  environment: NodeJS.ProcessEnv = {},
): { config: Config } | { faults: Fault[] } {
  const result = schema.safeParse({ ...NOTHING_GIVEN, ...used(input) });
  const faults = result.success ? [] : result.error.issues.map(faultOf);
  const values: Partial<Values> = result.success ? result.data : readable(used(input));
  const faulty = new Set(faults.map(({ key }) => key));
  const environmentProxies = proxiesIn(environment);
  faults.push(...missing(values, faulty), ...contradictions(values, faulty, environmentProxies));
  if (!result.success || faults.length > 0) return { faults: inFileOrder(inOneLine(faults)) };
  return { config: { ...configOf(result.data), environmentProxies } };
}

/** Keys that stand in the file as an example do no harm where they come from elsewhere. */
function used(input: Readonly<Record<string, unknown>>): Readonly<Record<string, unknown>> {
  const { data } = schema.shape.credentials.safeParse(input.credentials);
  if (data === undefined || data === 'config') return input;
  return Object.fromEntries(Object.entries(input).filter(([key]) => !SECRET_KEYS.includes(key)));
}

/** A template that nobody wrote into is one fault and not one a key. */
function inOneLine(faults: Fault[]): Fault[] {
  const placeholders = faults.filter(({ problem }) => problem === 'placeholder').map(({ key }) => key);
  const isUntouched = ['secret_id', 'secret_key', 'bucket'].every(key => placeholders.includes(key));
  if (!isUntouched) return faults;
  const others = faults.filter(({ problem }) => problem !== 'placeholder');
  return [{ key: '', problem: 'untouched', values: {} }, ...others];
}

/** The values that can be read, where others cannot: checks that need two keys go on with them. */
function readable(input: Readonly<Record<string, unknown>>): Partial<Values> {
  const values: Record<string, unknown> = {};
  for (const [key, kind] of Object.entries(schema.shape)) {
    const result = kind.safeParse(input[key]);
    if (result.success) values[key] = result.data;
  }
  return values as Partial<Values>;
}

function faultOf(issue: z.core.$ZodIssue): Fault {
  const { params = {} } = issue as { params?: Fault['values'] };
  return { key: String(issue.path[0] ?? ''), problem: issue.message as Problem, values: params };
}

function missing(values: Partial<Values>, faulty: ReadonlySet<string>): Fault[] {
  const needed = [...neededKeys(values), 'bucket', 'local_path'] as const;
  return needed
    .filter(key => values[key] === undefined && !faulty.has(key))
    .map(key => ({ key, problem: 'missing', values: {} }));
}

/** What the chosen source of the credentials cannot do without. */
function neededKeys({ credentials }: Partial<Values>): (keyof Values)[] {
  if (credentials === 'command') return ['credentials_command'];
  return credentials && credentials !== 'config' ? [] : ['secret_id', 'secret_key'];
}

function inFileOrder(faults: Fault[]): Fault[] {
  const order = (key: string) => CONFIG_KEYS.indexOf(key as keyof Values);
  return faults.sort((a, b) => order(a.key) - order(b.key));
}

function configOf(values: Values): Omit<Config, 'environmentProxies'> {
  const appid = values.appid ?? values.app_id;
  const bucket = values.bucket ?? '';
  const [source, role] = values.credentials.split(':') as [string, string?];
  return {
    secretId: values.secret_id ?? '',
    secretKey: values.secret_key ?? '',
    token: values.token,
    credentials: source as Config['credentials'],
    credentialsRole: role,
    credentialsCommand: values.credentials_command,
    bucket: appid && !bucket.endsWith(`-${appid}`) ? `${bucket}-${appid}` : bucket,
    region: currentRegion(values.region ?? ''),
    endpoint: withBucket(values.endpoint ?? ''),
    timeout: values.timeout,
    threadNum: values.thread_num,
    deleteSync: values.delete_sync,
    daemonMode: values.daemon_mode,
    daemonInterval: values.daemon_interval,
    watch: values.watch,
    watchDelay: values.watch_delay,
    enableHttps: values.enable_https,
    // The ledger belongs to this path: one folder must not have two names.
    localPath: resolve(values.local_path ?? ''),
    cosPath: values.cos_path,
    createFolders: values.create_folders,
    include: values.include,
    exclude: values.exclude,
    symlinks: values.symlinks,
    scanThreads: values.scan_threads,
    shard: values.shard,
    multipartThreshold: Math.min(values.multipart_threshold, MAX_WHOLE_MIB) * MiB,
    isThresholdCut: values.multipart_threshold > MAX_WHOLE_MIB,
    partSize: values.part_size * MiB,
    retryNum: values.retry_num,
    uploadLimit: values.upload_limit * MiB,
    maxDelete: values.max_delete,
    checksum: values.checksum,
    compareCtime: values.compare_ctime,
    keepMtime: values.keep_mtime,
    storageClass: values.storage_class,
    acl: values.acl,
    headers: values.headers,
    meta: values.meta,
    serverSideEncryption: values.server_side_encryption,
    proxy: values.proxy,
    signHost: values.sign_host,
    metricsFile: values.metrics_file,
    failedFile: values.failed_file,
    onSuccess: values.on_success,
    onFailure: values.on_failure,
  };
}
