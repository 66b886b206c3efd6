import { execFileSync, spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { constants, symlinkSync, writeFileSync } from 'node:fs';
import { open } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import test, { type ExecutionContext } from 'ava';
import { blockedThreads } from '../../../src/blocked-threads.ts';
import { openStore } from '../../../src/cos/client.ts';
import type { CredentialsHolder } from '../../../src/cos/credentials/credentials.ts';
import { holdFixed } from '../../../src/cos/credentials/holder.ts';
import { createSendingThreads, type SendingThreads } from '../../../src/engine/transfer/sending-threads.ts';
import type { Failure } from '../../../src/failure.ts';
import { syncHere } from '../../support/in-process.ts';
import { type Sandbox, sandbox } from '../../support/sandbox.ts';
import { until } from '../../support/until.ts';

const onPosix = process.platform === 'win32' ? test.skip : test;
const onLinux = process.platform === 'linux' ? test : test.skip;
/** The largest file that they send. */
const LARGEST = 256 * 1024;

interface How {
  credentials?: CredentialsHolder;
  timeout?: number;
  flags?: number;
  bound?: string;
}

/** Threads that send to a sandbox's server. */
async function threadsFor(t: ExecutionContext, box: Sandbox, how: How = {}): Promise<SendingThreads> {
  const { secretId, secretKey, bucket, region } = box.server;
  const store = openStore({
    credentials: how.credentials ?? holdFixed({ secretId, secretKey, token: undefined }),
    bucket,
    region,
    protocol: 'http:',
    host: `127.0.0.1:${box.proxy.port}`,
    timeout: 60,
    proxy: undefined,
    userAgent: 'test',
  });
  const nothing = { storageClass: undefined, acl: undefined, serverSideEncryption: undefined };
  const attributes = { ...nothing, headers: {}, meta: {} };
  const threads = createSendingThreads({
    operations: 8,
    timeout: how.timeout ?? 60,
    rules: async () => ({ access: store.access, attributes, keepMtime: false, bound: how.bound }),
    enough: 0,
    ...(how.flags === undefined ? {} : { flags: how.flags }),
  });
  t.teardown(async () => {
    await threads.close();
    await store.close();
  });
  await until(() => threads.take(1));
  return threads;
}

function fileIn(box: Sandbox, name: string, content: Buffer | string) {
  const path = join(box.root, name);
  writeFileSync(path, content);
  return { path, key: name, mayGrow: false };
}

test('files of every size that threads send arrive as they are, each with its proof', async t => {
  const box = await sandbox(t);
  const threads = await threadsFor(t, box);
  const sizes = [0, 1, 4_095, 4_096, 100_000, LARGEST];
  const contents = Array.from({ length: 60 }, (_, n) => Buffer.alloc(sizes[n % sizes.length] ?? 0, n));
  await Promise.all(
    contents.map(async (content, n) => {
      const { hash, state, confirmation } = await threads.send(fileIn(box, `${n}.bin`, content));
      t.is(hash, createHash('md5').update(content).digest('hex'));
      t.is(state.size, content.length);
      t.is(confirmation.etag, hash);
    }),
  );
  const objects = await box.objects();
  t.true(contents.every((content, n) => objects.get(`${n}.bin`)?.equals(content)));
});

test('what a thread cannot read, or COS refuses, fails as it does without threads', async t => {
  const box = await sandbox(t);
  const threads = await threadsFor(t, box);
  const missing = { path: join(box.root, 'none'), key: 'none', mayGrow: false };
  t.like(await t.throwsAsync(threads.send(missing)), { kind: 'local', code: 'ENOENT', mayBeDone: false });
  const larger = fileIn(box, 'larger', Buffer.alloc(LARGEST + 1));
  t.like(await t.throwsAsync(threads.send(larger)), { code: 'SendOtherwise', mayBeDone: false });

  const file = fileIn(box, 'file', 'content');
  const { secretKey } = box.server;
  box.proxy.fault = () => ({ kind: 'status', status: 503, code: 'SlowDown', message: `busy ${secretKey}` });
  const refused = (await t.throwsAsync(threads.send(file))) as Failure;
  t.like(refused, { kind: 'throttled', code: 'SlowDown', status: 503 });
  t.false(refused.message.includes(secretKey));
  box.proxy.fault = () => ({ kind: 'loseAnswer' });
  t.like(await t.throwsAsync(threads.send(file)), { kind: 'unreachable', mayBeDone: true });
  box.proxy.fault = () => ({
    kind: 'headers',
    headers: { etag: `"${'0'.repeat(32)}"`, 'x-cos-hash-crc64ecma': '1' },
  });
  t.like(await t.throwsAsync(threads.send(file)), { code: 'ChecksumMismatch', mayBeDone: true });
  box.proxy.fault = undefined;
  t.is((await threads.send(file)).confirmation.status, 200);
});

onLinux('a thread sends no file that a link leads to out of the folder', async t => {
  const box = await sandbox(t);
  const threads = await threadsFor(t, box, { bound: box.local });
  const outside = fileIn(box, 'outside', 'a secret');
  symlinkSync(box.root, join(box.local, 'folder'));
  box.write('inside', 'inside');
  const through = { ...outside, path: join(box.local, 'folder', 'outside') };
  t.like(await t.throwsAsync(threads.send(through)), { kind: 'local', code: 'SymlinkSkipped' });
  t.is((await threads.send({ ...outside, path: join(box.local, 'inside') })).confirmation.status, 200);
});

test('threads go on with other credentials where COS takes theirs no longer', async t => {
  const box = await sandbox(t);
  const { secretId, secretKey } = box.server;
  const good = { secretId, secretKey, token: undefined };
  let renewals = 0;
  let held = { ...good, secretId: 'AKIDexpired' };
  const credentials: CredentialsHolder = {
    current: () => held,
    async renewed(used) {
      if (used === held) {
        renewals++;
        held = good;
      }
      return held;
    },
    about: () => ({ role: undefined, expires: undefined }),
  };
  const threads = await threadsFor(t, box, { credentials });
  const files = Array.from({ length: 40 }, (_, n) => fileIn(box, `${n}`, `content ${n}`));
  const sent = await Promise.all(files.map(file => threads.send(file)));
  t.true(sent.every(({ confirmation }) => confirmation.status === 200));
  t.is(renewals, 1);
});

onPosix(
  'a file whose opening does not come back fails in time, and the others are sent otherwise',
  async t => {
    const box = await sandbox(t);
    const fifo = join(box.root, 'fifo');
    execFileSync('mkfifo', [fifo]);
    const threads = await threadsFor(t, box, { timeout: 1, flags: constants.O_RDONLY });
    t.teardown(async () => {
      // Lets the thread go that waits for a writer.
      const writer = await open(fifo, constants.O_WRONLY | constants.O_NONBLOCK).catch(() => undefined);
      await writer?.close();
    });
    const blocked = threads.send({ path: fifo, key: 'fifo', mayGrow: false });
    const files = Array.from({ length: 20 }, (_, n) => fileIn(box, `${n}`, `content ${n}`));
    const others = await Promise.allSettled(files.map(file => threads.send(file)));
    t.like(await t.throwsAsync(blocked), { kind: 'local', code: 'ReadTimeout' });
    for (const other of others) {
      if (other.status === 'rejected') t.like(other.reason, { code: 'SendOtherwise', mayBeDone: true });
    }
    t.false(threads.take(1));
    // It is looked at again, and is one thread still.
    await setTimeout(1_000);
    t.is(blockedThreads(), 1);
  },
);

onPosix('where most files wait for a drive, those that come later are sent otherwise', async t => {
  const box = await sandbox(t);
  const fifos = Array.from({ length: 200 }, (_, n) => join(box.root, `fifo-${n}`));
  execFileSync('mkfifo', fifos);
  const threads = await threadsFor(t, box, { flags: constants.O_RDONLY });
  // Each opening takes as long as its writer takes to come: longer than a busy machine takes to ask for the next.
  const writer = spawn('sh', ['-c', 'for fifo; do sleep 0.05; : >"$fifo"; done', 'sh', ...fifos]);
  t.teardown(() => writer.kill());
  const fast = Array.from({ length: 60 }, (_, n) => fileIn(box, `${n}`, `content ${n}`));
  for (const file of fast) await threads.send(file);
  t.true(threads.take(1));
  for (const fifo of fifos) {
    if (!threads.take(1)) break;
    await t.throwsAsync(threads.send({ path: fifo, key: basename(fifo), mayGrow: false }));
  }
  t.false(threads.take(1));
});

const MANY = 600;

async function boxWithMany(t: ExecutionContext): Promise<Sandbox> {
  const box = await sandbox(t);
  box.configure({ thread_num: 16, create_folders: 0 });
  for (let n = 0; n < MANY; n++) {
    box.write(`${n % 20}/${n}.txt`, `content ${n}`);
    box.age(`${n % 20}/${n}.txt`);
  }
  return box;
}

test('many small files arrive in one run, faults and all, and the next finds nothing to do', async t => {
  t.timeout(300_000);
  const box = await boxWithMany(t);
  let requests = 0;
  box.proxy.fault = () => {
    requests++;
    if (requests % 97 === 0) return { kind: 'reset' };
    if (requests % 89 === 0) return { kind: 'loseAnswer' };
    return requests % 83 === 0
      ? { kind: 'status', status: 500, code: 'InternalError', message: '' }
      : undefined;
  };
  const first = await syncHere(box);
  t.is(first.code, 0, first.err);
  t.like(first.json, { upload_file_ok: MANY, upload_file_fail: 0 });
  box.proxy.fault = undefined;
  const objects = await box.objects();
  t.is(objects.size, MANY);
  t.is(objects.get('backup/7/587.txt')?.toString(), 'content 587');
  t.like((await syncHere(box)).json, { upload_file_ok: 0, upload_file_skip: MANY });
});

test('a run that is to stop while threads send ends what is under way, and records it', async t => {
  t.timeout(300_000);
  const box = await boxWithMany(t);
  const stop = new AbortController();
  let requests = 0;
  box.proxy.fault = () => {
    if (++requests === 450) stop.abort();
    return undefined;
  };
  const stopped = await syncHere(box, { signal: stop.signal });
  const sent = Number(stopped.json.upload_file_ok);
  t.true(sent >= 440 && sent < MANY, `${sent}`);
  t.is((await box.objects()).size, sent);
  box.proxy.fault = undefined;
  t.like((await syncHere(box)).json, { upload_file_ok: MANY - sent, upload_file_skip: sent });
});
