import {
  closeSync,
  existsSync,
  mkdtempSync,
  openSync,
  readFileSync,
  rmSync,
  truncateSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import test from 'ava';
import { combineCrc64, startCrc64 } from '../../src/cos/crc64.ts';
import { MAX_OBJECT_SIZE, partSizeFor } from '../../src/engine/transfer/part-size.ts';
import { Failure } from '../../src/failure.ts';
import { describe } from '../../src/report/describe.ts';
import { byName } from '../../src/report/words/call.ts';
import { en } from '../../src/report/words/en.ts';
import { type Running, sandbox } from '../support/sandbox.ts';
import { scaled } from '../support/scale.ts';

const MiB = 1024 * 1024;
const GiB = 1024 * MiB;
const LARGE = scaled(GiB / 4, 5 * GiB);
const PARTS = 200;
/** A file in memory may be of any size; one of ext4 ends at 16 TiB. */
const WIDE = existsSync('/dev/shm') ? '/dev/shm' : tmpdir();

test.serial('200 parts in flight need no memory for 200 parts', async t => {
  t.timeout(scaled(300_000, 900_000));
  const box = await sandbox(t);
  const parts = await startPartSink(300);
  t.teardown(parts.close);
  const partSize = scaled(2, 8);
  const size = 3 * PARTS * partSize * MiB;
  sparse(join(box.local, 'sparse.bin'), size);
  box.configure({ endpoint: parts.url, thread_num: PARTS, part_size: partSize, create_folders: 0 });
  const run = box.start('--json');
  const peak = await peakMemory(run);
  const { code, stdout } = await run.ended;
  t.is(code, 0, stdout);
  t.true(parts.most() > PARTS / 2, `${parts.most()} were in flight at a time`);
  t.log(`${(peak / MiB).toFixed(0)} MiB at most, with ${PARTS * partSize} MiB of parts in flight`);
  t.true(peak < scaled(350, 500) * MiB, `${peak / MiB} MiB`);
});

test.serial(`a sparse file of ${LARGE / GiB} GiB arrives, with its CRC-64 checked`, async t => {
  t.timeout(scaled(300_000, 1_800_000));
  const box = await sandbox(t);
  const parts = await startPartSink();
  t.teardown(parts.close);
  sparse(join(box.local, 'sparse.bin'), LARGE);
  box.configure({ endpoint: parts.url, thread_num: 4, part_size: 32, create_folders: 0 });
  const run = box.start('--json');
  const peak = await peakMemory(run);
  const { code, stdout } = await run.ended;
  t.is(code, 0, stdout);
  t.like(JSON.parse(stdout), { upload_file_ok: 1, upload_bytes: LARGE });
  t.log(`${(peak / MiB).toFixed(0)} MiB of memory at most`);
  t.true(peak < 300 * MiB, `${peak / MiB} MiB`);
  t.is(parts.completed(), LARGE);
});

test.serial('48 GiB in a dry run asks nothing and reads nothing', async t => {
  const box = await sandbox(t);
  truncateSync(open(join(box.local, 'large.bin')), 48 * GiB);
  const start = Date.now();
  const { code, json } = await box.runJson('--dry-run');
  t.is(code, 0);
  t.like(json, { upload_file_ok: 1, upload_bytes: 48 * GiB });
  t.true(Date.now() - start < 20_000);
  t.deepEqual(box.proxy.requests, []);
  t.is(partSizeFor(48 * GiB, 8 * MiB), 8 * MiB);
  t.is(partSizeFor(48 * GiB, MiB), 5 * MiB);
});

test.serial('a file over the limit of COS is named, and the others are uploaded', async t => {
  const box = await sandbox(t);
  const local = mkdtempSync(join(WIDE, 'cos_sync-test-'));
  t.teardown(() => rmSync(local, { recursive: true }));
  writeFileSync(join(local, 'small.txt'), 'small');
  const file = open(join(local, 'too large.bin'));
  try {
    truncateSync(file, MAX_OBJECT_SIZE + 1);
  } catch {
    t.log(`no file of ${MAX_OBJECT_SIZE / GiB} GiB can be made in ${WIDE}: only its words are looked at`);
    const failure = t.throws(() => partSizeFor(MAX_OBJECT_SIZE + 1, 8 * MiB), { instanceOf: Failure });
    t.is(describe(failure as Failure, en(byName)).message, 'the file is larger than COS takes');
    return;
  }
  box.configure({ local_path: local });
  const { code, json, stdout } = await box.runJson();
  t.is(code, 1, stdout);
  t.like(json, { upload_file_ok: 1, upload_file_fail: 1, upload_bytes: 5 });
  t.like(json.errors, [
    { path: 'too large.bin', code: 'EntityTooLarge', message: 'the file is larger than COS takes' },
  ]);
  t.deepEqual(await box.keys(), ['backup/small.txt']);
});

/** A file of holes with a few bytes at its end. */
function sparse(path: string, size: number): void {
  truncateSync(open(path), size);
  const file = openSync(path, 'r+');
  writeSync(file, 'the end', size - 7);
  closeSync(file);
}

function open(path: string): string {
  closeSync(openSync(path, 'w'));
  return path;
}

/** The most resident memory of a run, in bytes. */
async function peakMemory(run: Running): Promise<number> {
  let peak = 0;
  const look = setInterval(() => {
    try {
      const status = readFileSync(`/proc/${run.child.pid}/status`, 'utf8');
      peak = Math.max(peak, Number(/VmHWM:\s+(\d+) kB/.exec(status)?.[1] ?? 0) * 1024);
    } catch {
      // It is over.
    }
  }, 50);
  await run.ended;
  clearInterval(look);
  return peak;
}

/**
 * A server that takes an upload in parts and keeps nothing of it but the CRC-64: the disk would
 * be slower than what is measured.
 * @param pause ms before a body is read
 */
async function startPartSink(pause = 0) {
  const sums = new Map<number, { crc: string; size: number }>();
  let inFlight = 0;
  let most = 0;
  let completed = 0;
  const whole = () => {
    const ordered = [...sums].sort(([a], [b]) => a - b).map(([, part]) => part);
    completed = ordered.reduce((sum, { size }) => sum + size, 0);
    return ordered.reduce((sum, { crc, size }) => combineCrc64(sum, crc, size), '0');
  };
  const server = createServer(async (request, answer) => {
    answer.setHeader('x-cos-request-id', 'sink');
    const query = new URL(request.url ?? '', 'http://sink').searchParams;
    const crc64 = await startCrc64();
    let size = 0;
    most = Math.max(most, ++inFlight);
    if (pause > 0) await delay(pause);
    for await (const chunk of request) {
      crc64.update(chunk as Buffer);
      size += (chunk as Buffer).length;
    }
    inFlight--;
    const crc = crc64.digest();
    const part = Number(query.get('partNumber'));
    if (query.has('uploads')) {
      answer.end('<InitiateMultipartUploadResult><UploadId>sink</UploadId></InitiateMultipartUploadResult>');
    } else if (part > 0) {
      sums.set(part, { crc, size });
      answer.writeHead(200, { etag: `"${part}"`, 'x-cos-hash-crc64ecma': crc }).end();
    } else if (query.has('uploadId')) {
      answer.writeHead(200, { 'x-cos-hash-crc64ecma': whole() });
      answer.end('<CompleteMultipartUploadResult><ETag>"whole-2"</ETag></CompleteMultipartUploadResult>');
    } else answer.writeHead(404).end();
  });
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    most: () => most,
    completed: () => completed,
    close: () => {
      server.closeAllConnections();
      server.close();
    },
  };
}
