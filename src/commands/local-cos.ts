import { once } from 'node:events';
import { join } from 'node:path';
import { exitCodeOfError } from '../cli/exit-codes.ts';
import type { Invocation } from '../cli/invocation.ts';
import { type ConfigError, usageFault } from '../config/faults.ts';
import { LOCAL_BUCKET, LOCAL_REGION } from '../local-cos/defaults.ts';
import { startLocalCos } from '../local-cos/server.ts';
import { isBucketNameWithAppid } from '../local-cos/storage.ts';

export interface LocalCosCommand {
  /** As it was written; absent: any free one. */
  port: string | undefined;
  /** Absent: `local-cos` under the current folder. */
  dir: string | undefined;
  bucket: string | undefined;
  region: string | undefined;
}

/** `cos_sync local-cos`: a COS for this machine, until a signal ends it. */
export async function localCosCommand(invocation: Invocation, command: LocalCosCommand): Promise<number> {
  const { terminal, words, signal, style } = invocation;
  const dir = command.dir ?? join(process.cwd(), 'local-cos');
  const onRequest = ({
    method,
    path,
    status,
    ms,
  }: {
    method: string;
    path: string;
    status: number;
    ms: number;
  }) => style.verbose && terminal.err(`${method} ${path} ${status} ${ms.toFixed(1)} ms\n`);
  const port = portOf(command.port);
  const keys = keysIn(process.env);
  const options = { dir, port, bucket: bucketOf(command.bucket), region: regionOf(command.region), keys };
  const server = await startLocalCos({ ...options, onRequest }).catch(error => {
    throw folderFault(error as NodeJS.ErrnoException, dir) ?? error;
  });
  const { url, secretId, secretKey, bucket, region } = server;
  // Keys that were given are known to whoever gave them, and are printed nowhere.
  const secrets = keys ? {} : { secret_id: secretId, secret_key: secretKey };
  const config = { ...secrets, appid: appidOf(bucket), bucket, region, endpoint: url };
  const { listening, configure, keysGiven, stop } = words.localCos;
  const lines = [listening(url, server.dir), configure, snippet(config), ...(keys ? [keysGiven] : []), stop];
  terminal.out(
    style.json ? `${JSON.stringify({ url, dir: server.dir, ...config })}\n` : `${lines.join('\n')}\n`,
  );
  if (!signal.aborted) await once(signal, 'abort');
  await server.close();
  return exitCodeOfError(signal.reason);
}

/** What is wrong with the folder, if that is what is. */
function folderFault({ code = '', syscall }: NodeJS.ErrnoException, dir: string): ConfigError | undefined {
  if (code === 'EBUSY') return usageFault('--dir', 'folderInUse', { value: dir });
  if (code === 'EEXIST' || code === 'ENOTDIR') return usageFault('--dir', 'isFile', { value: dir });
  const isOfFiles = syscall !== undefined && syscall !== 'listen';
  return isOfFiles ? usageFault('--dir', 'unwritable', { value: dir, code }) : undefined;
}

const MAX_PORT = 65_535;

function portOf(text = '0'): number {
  const port = /^\d+$/.test(text) ? Number(text) : Number.NaN;
  if (port <= MAX_PORT) return port;
  throw usageFault('--port', 'notNumber', { value: text, min: 0, max: MAX_PORT });
}

function bucketOf(text: string = LOCAL_BUCKET): string {
  if (!/^[a-z0-9][a-z0-9-]*$/.test(text)) throw usageFault('--bucket', 'badBucket', { value: text });
  if (!isBucketNameWithAppid(text)) throw usageFault('--bucket', 'bucketWithoutAppid', { value: text });
  return text;
}

function appidOf(bucket: string): string {
  return bucket.slice(bucket.lastIndexOf('-') + 1);
}

function regionOf(text: string = LOCAL_REGION): string {
  if (/^[a-z0-9][a-z0-9-]*$/.test(text)) return text;
  throw usageFault('--region', 'badRegion', { value: text });
}

/** So that a configuration that takes its secrets from the environment can be tried as it is. */
function keysIn({ COS_SECRET_ID, COS_SECRET_KEY }: NodeJS.ProcessEnv) {
  return COS_SECRET_ID && COS_SECRET_KEY ? { secretId: COS_SECRET_ID, secretKey: COS_SECRET_KEY } : undefined;
}

function snippet(config: Record<string, string>): string {
  return Object.entries(config)
    .map(([key, value]) => `  ${`"${key}"`.padEnd(14)}: ${JSON.stringify(value)},`)
    .join('\n');
}
