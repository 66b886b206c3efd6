import { type ChildProcess, spawn } from 'node:child_process';
import {
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import type { ExecutionContext } from 'ava';
import COS from 'cos-nodejs-sdk-v5';
import { type LocalCos, startLocalCos } from '../../src/local-cos/server.ts';
import { type FaultyProxy, startProxy } from './proxy.ts';
import { scaled } from './scale.ts';
import { createSemaphore } from './semaphore.ts';

const MAIN = resolve(import.meta.dirname, '..', '..', 'src', 'main.ts');

/** How a run of the program ended, and what it printed. */
export interface Ended {
  code: number | null;
  signal: NodeJS.Signals | null;
  stdout: string;
  stderr: string;
}

/** A program that is still running. */
export interface Running {
  child: ChildProcess;
  /** What it printed so far. */
  output(): { stdout: string; stderr: string };
  ended: Promise<Ended>;
}

/** Programs that run to their end at a time: what more of them would do is wait for the processor. */
const programs = createSemaphore(2);

/** No program of a test needs so long, on any machine, in ms. */
const LONGEST = scaled(10, 60) * 60_000;

/** What a run differs in from a plain one. */
export interface RunAs {
  env?: NodeJS.ProcessEnv;
  uid?: number;
  /** A command that starts the program. */
  through?: readonly string[];
}

/** A folder to sync, a COS to sync into, and a way to run the real program. */
export interface Sandbox {
  root: string;
  /** The folder that is synced. */
  local: string;
  /** Holds conf/, db/ and log/. */
  home: string;
  server: LocalCos;
  /** Stands before the server: records requests, injects faults. */
  proxy: FaultyProxy;
  /** Writes conf/config.json: what the server needs, and `changes`; undefined removes a key. */
  configure(changes?: Readonly<Record<string, unknown>>): void;
  /** Runs the program to its end. */
  run(...args: string[]): Promise<Ended>;
  /** Starts the program. */
  start(...args: string[]): Running;
  /** Starts the program with other variables in its environment, or as another user. */
  startAs(as: RunAs, ...args: string[]): Running;
  /** Runs with --json and answers the summary that it printed. */
  runJson(...args: string[]): Promise<Ended & { json: Record<string, never> & { errors: ReportedError[] } }>;
  /** Writes a file under the synced folder, with the folders above it. */
  write(path: string, content: string | Uint8Array): void;
  /** Gives a file an mtime of long ago, so that a run need not look at its content to trust it. */
  age(path: string, day?: number): void;
  /** All objects by key, with their content; those that are deleted meanwhile are left out. */
  objects(): Promise<Map<string, Buffer>>;
  /** All keys, ascending. */
  keys(): Promise<string[]>;
  /** What the log holds so far. */
  log(): string;
  /** What lies under a folder of the sandbox, by path, with its content. */
  filesIn(folder: string): Map<string, string>;
  /** The SDK, talking to the server behind the proxy. */
  cos: COS;
}

interface ReportedError {
  op: string;
  path: string;
  key: string;
  code: string;
  message: string;
}

/** A sandbox that is gone when the test is over. */
export async function sandbox(t: ExecutionContext): Promise<Sandbox> {
  const box = await openSandbox();
  t.teardown(box.close);
  return box;
}

/** A sandbox for several tests; whoever opens it closes it. */
export async function openSandbox(): Promise<Sandbox & { close(): Promise<void> }> {
  const root = mkdtempSync(join(tmpdir(), 'cos_sync-test-'));
  const local = join(root, 'data');
  const home = join(root, 'home');
  mkdirSync(local);
  mkdirSync(home);
  const server = await startLocalCos({ dir: join(root, 'cos') });
  const proxy = await startProxy(server.port);
  const running = new Set<ChildProcess>();
  async function close(): Promise<void> {
    for (const child of running) child.kill('SIGKILL');
    await proxy.close();
    await server.close();
    rmSync(root, { recursive: true, force: true });
  }

  const cos = new COS({
    SecretId: server.secretId,
    SecretKey: server.secretKey,
    Domain: `127.0.0.1:${server.port}`,
    Protocol: 'http:',
  });

  function startAs({ env, uid, through = [] }: RunAs, ...args: string[]): Running {
    const [command = '', ...rest] = [...through, process.execPath, MAIN, ...args];
    const child = spawn(command, rest, {
      env: { ...process.env, COS_SYNC_HOME: home, LANG: 'C.UTF-8', LC_ALL: '', ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
      ...(uid === undefined ? {} : { uid }),
    });
    running.add(child);
    const output = { stdout: '', stderr: '' };
    child.stdout.setEncoding('utf8').on('data', text => (output.stdout += text));
    child.stderr.setEncoding('utf8').on('data', text => (output.stderr += text));
    // A program that hangs fails its test, not the whole suite.
    const limit = setTimeout(() => child.kill('SIGKILL'), LONGEST);
    const ended = new Promise<Ended>(done => {
      child.on('close', (code, signal) => {
        clearTimeout(limit);
        running.delete(child);
        done({ code, signal, ...output });
      });
    });
    return { child, output: () => output, ended };
  }

  const start = (...args: string[]) => startAs({}, ...args);

  function run(...args: string[]): Promise<Ended> {
    const isSync = args[0] === undefined || args[0].startsWith('--');
    // How far a run is after ten seconds is no matter of the tests: the machine may be slow.
    const more = isSync && !args.includes('--help') ? ['--no-progress'] : [];
    return programs.run(() => start(...args, ...more).ended);
  }

  const box: Sandbox & { close(): Promise<void> } = {
    root,
    local,
    home,
    server,
    proxy,
    cos,
    close,
    start,
    startAs,
    run,
    async runJson(...args) {
      const ended = await run(...args, '--json');
      if (ended.stdout === '') throw new Error(`no JSON, exit code ${ended.code}: ${ended.stderr}`);
      // A dry run prints its plan first.
      return { ...ended, json: JSON.parse(ended.stdout.trimEnd().split('\n').at(-1) ?? '') };
    },
    configure(changes = {}) {
      const config = {
        secret_id: server.secretId,
        secret_key: server.secretKey,
        bucket: server.bucket,
        region: server.region,
        endpoint: proxy.url,
        local_path: local,
        cos_path: '/backup',
        delete_sync: '1',
        ...changes,
      };
      const file = join(home, 'conf', 'config.json');
      mkdirSync(dirname(file), { recursive: true });
      writeFileSync(file, JSON.stringify(config), { mode: 0o600 });
    },
    write(path, content) {
      const file = join(local, path);
      mkdirSync(dirname(file), { recursive: true });
      writeFileSync(file, content);
    },
    age(path, day = 1) {
      utimesSync(join(local, path), new Date(2020, 0, day), new Date(2020, 0, day));
    },
    objects: () => readObjects(cos, server),
    keys: async () => [...(await readObjects(cos, server)).keys()].sort(),
    log: () => readFileSync(join(home, 'log', 'cos_sync.log'), 'utf8'),
    filesIn: readFiles,
  };
  box.configure();
  return box;
}

/** What a running program removes meanwhile is left out. */
function readFiles(folder: string): Map<string, string> {
  const files = new Map<string, string>();
  for (const entry of unlessGone(() => readdirSync(folder, { withFileTypes: true, recursive: true })) ?? []) {
    const path = join(entry.parentPath, entry.name);
    const content = entry.isFile() ? unlessGone(() => readFileSync(path, 'latin1')) : undefined;
    if (content !== undefined) files.set(path, content);
  }
  return files;
}

function unlessGone<T>(read: () => T): T | undefined {
  try {
    return read();
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
    return undefined;
  }
}

async function readObjects(cos: COS, { bucket, region }: LocalCos): Promise<Map<string, Buffer>> {
  const objects = new Map<string, Buffer>();
  const place = { Bucket: bucket, Region: region };
  let marker: string | undefined;
  do {
    const page = await cos.getBucket({
      ...place,
      EncodingType: 'url',
      ...(marker === undefined ? {} : { Marker: marker }),
    } as COS.GetBucketParams);
    for (const { Key } of page.Contents) {
      const key = decodeURIComponent(Key);
      const content = await readObject(cos, { ...place, Key: key });
      if (content) objects.set(key, content);
    }
    marker = page.IsTruncated === 'true' ? decodeURIComponent(page.NextMarker ?? '') : undefined;
  } while (marker !== undefined);
  return objects;
}

/** @returns undefined where it was deleted since it was listed: a test may look while a run is under way */
async function readObject(cos: COS, object: COS.GetObjectParams): Promise<Buffer | undefined> {
  try {
    return (await cos.getObject(object)).Body;
  } catch (error) {
    if ((error as COS.CosSdkError).statusCode === 404) return undefined;
    throw error;
  }
}
