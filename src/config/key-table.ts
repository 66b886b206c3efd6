import { CONFIG_KEYS, defaultOf, SECRET_KEYS } from './schema.ts';

export type ConfigKey = (typeof CONFIG_KEYS)[number];

/** What belongs together, in the order in which `--help` lists it. */
export const KEY_GROUPS = ['bucket', 'files', 'deletions', 'uploads', 'repeat', 'after'] as const;

export type KeyGroup = (typeof KEY_GROUPS)[number];

interface KeyEntry {
  group: KeyGroup;
  /** What stands for the value in `--help`; a switch has none. */
  value?: string;
  choices?: readonly string[];
}

/**
 * Every key beside its kind in schema.ts: where `--help` lists it, and what its value is called there. Its meaning
 * is in report/words/keys.ts; its default is the schema's. `lang` is one of the options of every command.
 */
export const KEY_TABLE: Readonly<Record<Exclude<ConfigKey, 'lang'>, KeyEntry>> = {
  appid: { group: 'bucket', value: 'NUMBER' },
  app_id: { group: 'bucket', value: 'NUMBER' },
  secret_id: { group: 'bucket' },
  secret_key: { group: 'bucket' },
  token: { group: 'bucket' },
  credentials: { group: 'bucket', value: 'SOURCE' },
  credentials_command: { group: 'bucket', value: 'PROGRAM' },
  bucket: { group: 'bucket', value: 'NAME' },
  region: { group: 'bucket', value: 'REGION' },
  endpoint: { group: 'bucket', value: 'URL' },
  cos_path: { group: 'bucket', value: 'PREFIX' },
  enable_https: { group: 'bucket' },
  proxy: { group: 'bucket', value: 'URL' },
  sign_host: { group: 'bucket', value: 'HOST' },
  timeout: { group: 'bucket', value: 'SECONDS' },
  retry_num: { group: 'bucket', value: 'N' },
  local_path: { group: 'files', value: 'DIR' },
  include: { group: 'files', value: 'PATTERN' },
  exclude: { group: 'files', value: 'PATTERN' },
  symlinks: { group: 'files', value: 'follow|skip', choices: ['follow', 'skip'] },
  scan_threads: { group: 'files' },
  shard: { group: 'files', value: 'I/N' },
  create_folders: { group: 'files' },
  checksum: { group: 'files' },
  compare_ctime: { group: 'files' },
  keep_mtime: { group: 'uploads' },
  delete_sync: { group: 'deletions' },
  max_delete: { group: 'deletions', value: 'N|N%' },
  thread_num: { group: 'uploads', value: 'N' },
  multipart_threshold: { group: 'uploads', value: 'MIB' },
  part_size: { group: 'uploads', value: 'MIB' },
  upload_limit: { group: 'uploads', value: 'MIB' },
  storage_class: { group: 'uploads', value: 'CLASS' },
  acl: { group: 'uploads', value: 'ACL' },
  server_side_encryption: { group: 'uploads', value: 'METHOD' },
  headers: { group: 'uploads', value: 'JSON' },
  meta: { group: 'uploads', value: 'JSON' },
  daemon_mode: { group: 'repeat' },
  daemon_interval: { group: 'repeat', value: 'SECONDS' },
  watch: { group: 'repeat' },
  watch_delay: { group: 'repeat', value: 'SECONDS' },
  metrics_file: { group: 'after', value: 'FILE' },
  failed_file: { group: 'after', value: 'FILE' },
  on_success: { group: 'after', value: 'PROGRAM' },
  on_failure: { group: 'after', value: 'PROGRAM' },
};

/** The keys that have an option of the same name. */
export const OPTION_KEYS = CONFIG_KEYS.filter(
  key => key !== 'lang' && !SECRET_KEYS.includes(key),
) as readonly Exclude<ConfigKey, 'lang'>[];

/** How an option gives a key's value: a switch is on or off, a list may be repeated. */
export function optionKindOf(key: ConfigKey): 'flag' | 'list' | 'text' {
  const value = defaultOf(key);
  if (typeof value === 'boolean') return 'flag';
  return Array.isArray(value) ? 'list' : 'text';
}

/** A key's default as a user would write it; empty where it has none, or none that can be written. */
export function defaultText(key: ConfigKey): string {
  const value = defaultOf(key);
  if (typeof value === 'boolean') return value ? '1' : '0';
  if (typeof value === 'number' || typeof value === 'string') return String(value);
  const { share } = (value ?? {}) as { share?: number };
  return share === undefined ? '' : `${share * 100}%`;
}
