import { statSync } from 'node:fs';
import type { Invocation } from '../../cli/invocation.ts';
import { mayLackConfig } from '../../config/home.ts';
import type { ConfigFile } from '../../config/kept-copy.ts';
import { type LoadedConfig, loadConfig } from '../../config/load.ts';
import { refuseOwnFiles } from '../../config/own-file.ts';
import { MAX_WHOLE_MIB } from '../../config/schema.ts';
import { isPlaceholder } from '../../config/values.ts';
import { affordableOperations } from '../../engine/local/descriptors.ts';
import { setFilePatience } from '../../engine/local/file-threads.ts';
import { listWarnings } from '../../report/patterns.ts';

/**
 * Reads the configuration and warns of what a user should know about it.
 * @param mayBeMissing whether options and environment may be all there is
 * @throws ConfigError
 */
export function readConfig(
  { home, overrides, terminal, words }: Invocation,
  mayBeMissing = mayLackConfig(home),
): LoadedConfig {
  const loaded = loadConfig(home.configFile, overrides, process.env, mayBeMissing);
  refuseOwnFiles(home, loaded.config, overrides);
  setFilePatience(loaded.config.timeout);
  loaded.config.threadNum = affordableOperations(loaded.config.threadNum);
  for (const { key, nearest } of loaded.unknownKeys) {
    terminal.warn(`${words.warnings.unknownKey(key, nearest)}\n`);
  }
  for (const { key, line } of loaded.keysTwice) terminal.warn(`${words.warnings.keyTwice(key, line)}\n`);
  if (loaded.config.isThresholdCut) terminal.warn(`${words.warnings.thresholdCut(MAX_WHOLE_MIB)}\n`);
  for (const line of listWarnings(loaded.config, overrides, words)) terminal.warn(`${line}\n`);
  if (showsSecret(home.configFile, loaded)) {
    terminal.warn(`${words.warnings.configReadableByOthers(home.configFile)}\n`);
  }
  return loaded;
}

/** Whether a file holds a secret and other users of the machine may read it. */
export function showsSecret(file: string, { written }: ConfigFile): boolean {
  if (process.platform === 'win32' || !holdsSecret(written)) return false;
  try {
    return (statSync(file).mode & 0o044) !== 0;
  } catch {
    // It was read just now and is gone or out of reach already.
    return false;
  }
}

function holdsSecret({ secret_key, token, proxy }: ConfigFile['written']): boolean {
  const isWritten = (value: unknown) => typeof value === 'string' && value !== '' && !isPlaceholder(value);
  return isWritten(secret_key) || isWritten(token) || /^\w+:\/\/[^/]*@/.test(String(proxy));
}
