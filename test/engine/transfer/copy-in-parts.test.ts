import { statSync } from 'node:fs';
import { join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import { parseConfig } from '../../../src/config/schema.ts';
import { connect } from '../../../src/cos/connect.ts';
import { EXACT, stateOf } from '../../../src/engine/local/read-file.ts';
import { copyMoved } from '../../../src/engine/transfer/copy-moved.ts';
import { type Run, startRun } from '../../../src/engine/transfer/run.ts';
import { Failure } from '../../../src/failure.ts';
import { openLedger } from '../../../src/ledger/ledger.ts';
import { taskOf } from '../../../src/ledger/task.ts';
import { recordOf } from '../../support/records.ts';
import { type Sandbox, sandbox } from '../../support/sandbox.ts';

const MiB = 1024 * 1024;
/** As COS allows them at the least: what is copied in parts in earnest has more than 5 GiB. */
const SIZES = { whole: MiB, part: MiB };
const CONTENT = Buffer.alloc(3 * MiB + 5, 'moved');
const ATTRIBUTES = { meta: { team: 'ops' }, storage_class: 'STANDARD_IA' };

async function runIn(t: ExecutionContext, box: Sandbox): Promise<Run> {
  const parsed = parseConfig({
    secret_id: box.server.secretId,
    secret_key: box.server.secretKey,
    bucket: box.server.bucket,
    region: box.server.region,
    endpoint: box.proxy.url,
    local_path: box.local,
    ...ATTRIBUTES,
  });
  if ('faults' in parsed) throw new Error('the configuration is refused');
  const { config } = parsed;
  const ledger = await openLedger({ file: join(box.root, 'ledger.db'), task: taskOf(config) });
  const run = startRun({
    config: { ...config, cosPath: '' },
    dryRun: false,
    ledger,
    openStore: send => connect(config, send),
    listeners: [],
    signal: new AbortController().signal,
    stop: () => {},
  });
  t.teardown(async () => {
    await run.close();
    await ledger.close();
  });
  return run;
}

/** An object, and the file that it was, at its new place. */
async function movedBox(t: ExecutionContext) {
  const box = await sandbox(t);
  const place = { Bucket: box.server.bucket, Region: box.server.region };
  const { ETag, headers = {} } = await box.cos.putObject({ ...place, Key: 'old.bin', Body: CONTENT });
  box.write('new.bin', CONTENT);
  const state = stateOf(statSync(join(box.local, 'new.bin'), EXACT));
  const { size, mtime } = state;
  const hash = `crc64:${headers['x-cos-hash-crc64ecma']}`;
  const source = recordOf('old.bin', { size, mtime, hash, etag: ETag.replaceAll('"', '') });
  const move = { path: 'new.bin', source, state, readAt: mtime };
  return { box, place, move, run: await runIn(t, box) };
}

test('a large object that moved is copied in parts, whole and with its attributes', async t => {
  const { box, place, move, run } = await movedBox(t);
  box.proxy.requests.length = 0;
  const copied = await copyMoved(run, move, 'new.bin', 'old.bin', SIZES);
  t.like(copied, { state: { size: CONTENT.length }, hash: move.source.hash });
  const ranges = box.proxy.requests.map(({ headers }) => headers['x-cos-copy-source-range']);
  t.deepEqual(ranges.filter(range => range !== undefined).sort(), [
    'bytes=0-1048575',
    'bytes=1048576-2097151',
    'bytes=2097152-3145727',
    'bytes=3145728-3145732',
  ]);
  t.true((await box.objects()).get('new.bin')?.equals(CONTENT));
  const { headers = {} } = await box.cos.headObject({ ...place, Key: 'new.bin' });
  t.like(headers, { 'x-cos-meta-team': 'ops', 'x-cos-storage-class': 'STANDARD_IA' });
  t.is(run.ledger.uploads.size, 0);
});

test('a copy in parts whose source is another one by now leaves nothing in COS', async t => {
  const { box, place, move, run } = await movedBox(t);
  await box.cos.putObject({ ...place, Key: 'old.bin', Body: 'somebody else wrote this' });
  t.true((await copyMoved(run, move, 'new.bin', 'old.bin', SIZES)) instanceof Failure);
  t.deepEqual(await box.keys(), ['old.bin']);
  t.deepEqual(await (await run.store()).listUploads(''), []);
  t.is(run.ledger.uploads.size, 0);
});

test('a copy in parts that COS denies midway is ended, and leaves nothing there', async t => {
  const { box, move, run } = await movedBox(t);
  box.proxy.fault = ({ query }) =>
    query.get('partNumber') === '3' ? { kind: 'status', status: 403, code: 'AccessDenied' } : undefined;
  t.true((await copyMoved(run, move, 'new.bin', 'old.bin', SIZES)) instanceof Failure);
  t.deepEqual(await box.keys(), ['old.bin']);
  t.deepEqual(await (await run.store()).listUploads(''), []);
});

test('a copy in parts whose last answer is lost is known to be whole, and not sent again', async t => {
  const { box, move, run } = await movedBox(t);
  let completed = 0;
  box.proxy.fault = ({ method, query }) =>
    method === 'POST' && query.has('uploadId') && completed++ === 0 ? { kind: 'loseAnswer' } : undefined;
  const copied = await copyMoved(run, move, 'new.bin', 'old.bin', SIZES);
  t.is(completed, 2);
  t.like(copied, { hash: move.source.hash });
  t.true((await box.objects()).get('new.bin')?.equals(CONTENT));
  t.is(run.ledger.uploads.size, 0);
});
