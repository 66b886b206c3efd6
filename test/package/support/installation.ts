import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { chmod, mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import type { ExecutionContext } from 'ava';
import { type LocalCos, startLocalCos } from '../../../src/local-cos/server.ts';

export const PROJECT = join(import.meta.dirname, '..', '..', '..');

/** COS's answer says whether the thread's MD5 is right. */
export const HASHED_IN_A_THREAD = 'middle '.repeat(300_000);

/** A built zip, unpacked as a user does it, a folder to sync, and a COS to sync it to. */
export interface Installation {
  /** Holds all the rest. */
  folder: string;
  /** The unpacked `cos_sync`. */
  program: string;
  data: string;
  server: LocalCos;
  /** Every request the server answered since the last `requests.length = 0`, as `METHOD /path`. */
  requests: string[];
  /** Writes conf/config.json; `localPath` is the data folder as the program sees it. */
  configure(localPath: string, keys?: Record<string, unknown>): Promise<void>;
  /** Writes files below the data folder, by relative path. */
  write(files: Record<string, string>): Promise<void>;
  /** What COS holds under cos_path, folder objects left out, sorted. */
  objects(): Promise<string[]>;
}

/** Unpacks `dist/<zip>` into a new folder; the test's end removes it. */
export async function unpack(t: ExecutionContext, zip: string): Promise<Installation> {
  const folder = await mkdtemp(join(tmpdir(), 'cos_sync-package-'));
  await chmod(folder, 0o755);
  const data = join(folder, 'data');
  const program = join(folder, 'cos_sync');
  const cos = join(folder, 'cos');
  await promisify(execFile)('unzip', ['-q', join(PROJECT, 'dist', zip), '-d', folder]);
  await mkdir(data);
  const requests: string[] = [];
  const server = await startLocalCos({
    dir: cos,
    onRequest: ({ method, path }) => requests.push(`${method} ${path}`),
  });
  t.teardown(async () => {
    await server.close();
    await rm(folder, { recursive: true, force: true });
  });
  return {
    folder,
    program,
    data,
    server,
    requests,
    configure: (localPath, keys) =>
      writeConfig(join(program, 'conf', 'config.json'), server, localPath, keys),
    write: files => writeFiles(data, files),
    objects: () => filesBelow(join(cos, server.bucket, 'mirror')),
  };
}

/** As an operations person writes it: strings, as in the template. */
export async function writeConfig(
  file: string,
  server: LocalCos,
  localPath: string,
  keys: Record<string, unknown> = {},
): Promise<void> {
  const config = {
    secret_id: server.secretId,
    secret_key: server.secretKey,
    bucket: server.bucket,
    region: server.region,
    endpoint: server.url,
    enable_https: '0',
    delete_sync: '1',
    retry_num: '1',
    local_path: localPath,
    cos_path: '/mirror',
    ...keys,
  };
  await mkdir(dirname(file), { recursive: true });
  await writeFile(file, JSON.stringify(config, null, 2));
  await chmod(file, 0o600);
}

async function writeFiles(folder: string, files: Record<string, string>): Promise<void> {
  for (const [path, content] of Object.entries(files)) {
    await mkdir(dirname(join(folder, path)), { recursive: true });
    await writeFile(join(folder, path), content);
  }
}

async function filesBelow(folder: string): Promise<string[]> {
  if (!existsSync(folder)) return [];
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  const files = entries.filter(entry => entry.isFile());
  return files.map(file => join(file.parentPath, file.name).slice(folder.length + 1)).sort();
}

/** The statistics of a run with `--json`. */
export function statistics(stdout: string): Record<string, unknown> {
  return JSON.parse(stdout) as Record<string, unknown>;
}
