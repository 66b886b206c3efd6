import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import test from 'ava';
import { onShare } from '../support/faults.ts';
import { differences, expectedOf, heldBy, populate } from '../support/folder.ts';
import type { Fault } from '../support/proxy.ts';
import { randomFrom } from '../support/random.ts';
import { sandbox } from '../support/sandbox.ts';
import { isFull, scaled } from '../support/scale.ts';

const MiB = 1024 * 1024;
const FILES = scaled(60, 2_000);
const LARGE = scaled(1, 3);
const SHARE = 0.2;

const status = (code: number, name: string): Fault => ({ kind: 'status', status: code, code: name });

/** Each on a fifth of all requests. */
const PASSING: Record<string, Fault> = {
  'a connection that is reset at once': { kind: 'reset' },
  'a connection that is reset within the body': { kind: 'resetInBody', after: 500 },
  'a request that is never answered': { kind: 'hang' },
  'an answer that comes late': { kind: 'slow', ms: 700 },
  'an answer that is lost after COS did it': { kind: 'loseAnswer' },
  'an answer that is cut off': { kind: 'truncate' },
  'an answer that is not XML': { kind: 'garbage', body: '<html><p>Welcome to the hotel' },
  'an answer that is empty': { kind: 'garbage', body: '' },
  'an answer with a request ID that is not XML': { kind: 'garbage', body: '<html><p>Oops', seemsCos: true },
  'an answer with a request ID that is empty': { kind: 'garbage', body: '', seemsCos: true },
  'an answer of a single <': { kind: 'garbage', body: '<' },
  'an ETag and CRC of other bytes': {
    kind: 'headers',
    headers: { etag: `"${'0'.repeat(32)}"`, 'x-cos-hash-crc64ecma': '42' },
  },
  'no ETag and no CRC': { kind: 'headers', headers: { etag: undefined, 'x-cos-hash-crc64ecma': undefined } },
  'a 500': status(500, 'InternalError'),
  'a 502 without a body': status(502, ''),
  'a 503 SlowDown': status(503, 'SlowDown'),
  'a 503 ServiceUnavailable': status(503, 'ServiceUnavailable'),
  'a 429': status(429, 'TooManyRequests'),
  'a 400 RequestTimeout': status(400, 'RequestTimeout'),
  'a 400 UserNetworkTooSlow': status(400, 'UserNetworkTooSlow'),
  'a 400 BadDigest': status(400, 'BadDigest'),
};

/** The short version takes a few of them. */
const IN_SHORT = [
  'reset within',
  'never answered',
  'lost after',
  'of a single <',
  'other bytes',
  '503 SlowDown',
];

for (const [name, fault] of Object.entries(PASSING)) {
  if (!isFull && !IN_SHORT.some(part => name.includes(part))) continue;
  test(`with ${name} on a fifth of all requests everything gets to COS`, async t => {
    t.timeout(scaled(300_000, 600_000));
    const random = randomFrom(7);
    const box = await sandbox(t);
    box.configure({
      thread_num: scaled(16, 64),
      // A machine that is busy with other tests answers late.
      timeout: fault.kind === 'hang' ? 5 : 30,
      retry_num: 10,
      multipart_threshold: 1,
      part_size: 1,
      max_delete: '100%',
    });
    populate(box, random, FILES, LARGE);
    box.proxy.fault = onShare(random, SHARE, fault);
    const { code, json, stderr } = await box.runJson();
    t.is(code, 0, `${JSON.stringify(json?.errors?.slice(0, 3))} ${stderr.slice(-500)}`);
    t.like(json, { op_status: 'ALL_OK', upload_file_ok: FILES + LARGE, upload_file_fail: 0 });
    box.proxy.fault = undefined;
    t.deepEqual(differences(expectedOf(box.local), await heldBy(box)), []);
    const again = await box.runJson();
    t.like(again.json, { op_status: 'ALL_OK', upload_file_ok: 0, create_folder_ok: 0, del_file_ok: 0 });
  });
}

const LASTING: [name: string, fault: Fault, code: RegExp, hint: RegExp][] = [
  ['a 403', status(403, 'AccessDenied'), /^AccessDenied$/, /no permission/],
  ['a 500', status(500, 'InternalError'), /^-4024$/, /InternalError/],
  ['a 503', status(503, 'SlowDown'), /^-71$/, /SlowDown: too many requests/],
  ['a reset', { kind: 'reset' }, /^-3$/, /connection timeout/],
  [
    'a wrong ETag',
    { kind: 'headers', headers: { etag: '"0"', 'x-cos-hash-crc64ecma': '1' } },
    /^ChecksumMismatch$/,
    /does not confirm/,
  ],
  ['a 409', status(409, 'PathConflict'), /^PathConflict$/, /requests for one name met/],
];

for (const [name, fault, code, hint] of LASTING) {
  test(`${name} that lasts on some keys fails exactly those`, async t => {
    const box = await sandbox(t);
    box.configure({ retry_num: 1, thread_num: 8 });
    populate(box, randomFrom(3), 60, 0);
    const bad = ['folder 3/sub/3.txt', 'folder 5/sub/5.txt', 'folder 5/sub/42.txt'];
    box.proxy.fault = ({ path }) => (bad.some(one => path === `/backup/${one}`) ? fault : undefined);
    const ended = await box.runJson();
    t.is(ended.code, 1);
    t.like(ended.json, { upload_file_ok: 57, upload_file_fail: 3, op_status: 'PART_OK' });
    t.deepEqual(ended.json.errors.map(({ path }) => path).sort(), bad.sort());
    for (const error of ended.json.errors) {
      t.regex(error.code, code);
      t.regex(error.message, hint);
    }
    box.proxy.fault = undefined;
    t.like((await box.runJson()).json, { upload_file_ok: 3, upload_file_fail: 0 });
  });
}

test('keys that COS cannot delete at first are asked for again; those it refuses fail alone', async t => {
  const box = await sandbox(t);
  box.configure({ retry_num: 3 });
  populate(box, randomFrom(3), 20, 0);
  box.write('keep.txt', 'kept');
  await box.run();
  for (let n = 0; n < 20; n++) rmSync(join(box.local, `folder ${n}`), { recursive: true });
  let answers = 0;
  const error = (key: string, code: string) =>
    `<Error><Key>${key}</Key><Code>${code}</Code><Message>m</Message></Error>`;
  box.proxy.fault = ({ query }) => {
    if (!query.has('delete') || answers++ > 0) return undefined;
    const busy = Array.from({ length: 19 }, (_, n) =>
      error(`backup/folder ${n}/sub/${n}.txt`, 'InternalError'),
    );
    const body = `<DeleteResult>${busy.join('')}${error('backup/folder 19/sub/19.txt', 'AccessDenied')}</DeleteResult>`;
    return { kind: 'status', status: 200, code: '', body };
  };
  const { code, json } = await box.runJson();
  t.is(code, 1);
  t.like(json, { del_file_ok: 19, del_file_fail: 1 });
  t.is(json.errors[0]?.code, 'AccessDenied');
});

test('a deletion that was not confirmed is none', async t => {
  const box = await sandbox(t);
  box.configure({ retry_num: 1 });
  box.write('a.txt', 'a');
  box.write('keep.txt', 'kept');
  await box.run();
  rmSync(join(box.local, 'a.txt'));
  for (const body of [
    '<DeleteResult><Error><Code>InternalError</Code></Error></DeleteResult>',
    '<DeleteResult><Error><Key>/backup/a.txt</Key><Code>AccessDenied</Code></Error></DeleteResult>',
    '<DeleteResult>',
    '',
  ]) {
    box.proxy.fault = ({ method, query }) =>
      method === 'DELETE' || query.has('delete')
        ? { kind: 'status', status: 200, code: '', body }
        : undefined;
    const { code, json } = await box.runJson();
    t.is(code, 1, body);
    t.like(json, { del_file_ok: 0, del_file_fail: 1 }, body);
  }
  t.deepEqual(await box.keys(), ['backup/a.txt', 'backup/keep.txt']);
  box.proxy.fault = undefined;
  t.like((await box.runJson()).json, { del_file_ok: 1 });
});

test('a slow connection on which bytes move is not given up', async t => {
  const box = await sandbox(t);
  // What the two kernels hold of it on loopback is some MiB, and moves unseen.
  box.configure({ timeout: 9, retry_num: 0, multipart_threshold: 64 });
  box.write('large.bin', Buffer.alloc(64 * MiB, 1));
  box.proxy.fault = ({ method }) => (method === 'PUT' ? { kind: 'slowBody', rate: 4 * MiB } : undefined);
  const start = Date.now();
  const { code, json } = await box.runJson();
  t.is(code, 0, JSON.stringify(json?.errors));
  t.true(Date.now() - start > 10_000, 'it took longer than the timeout');
});

for (const [where, endpoint] of [
  ['a name that DNS does not know', 'http://nonexistent.invalid'],
  ['a port on which nothing listens', 'http://127.0.0.1:9'],
] as const) {
  test(`${where} ends the run with exit code 5 within a minute, with the defaults`, async t => {
    const box = await sandbox(t);
    box.configure({ endpoint });
    for (let n = 0; n < 50; n++) box.write(`${n}.txt`, `${n}`);
    const start = Date.now();
    const { code, stderr } = await box.start().ended;
    t.is(code, 5);
    t.regex(stderr, /no connection to COS: code: -3, connection timeout/);
    t.notRegex(stderr, / at .*:\d+:\d+/);
    t.true(Date.now() - start < 60_000);
  });
}

test('an endpoint that takes connections and never answers ends the run after the first timeouts', async t => {
  const box = await sandbox(t);
  box.configure({ timeout: scaled(3, 60), retry_num: scaled(2, 5) });
  box.write('a.txt', 'a');
  box.write('b.txt', 'b');
  box.proxy.fault = () => ({ kind: 'hang' });
  const start = Date.now();
  const { code } = await box.start().ended;
  t.is(code, 5);
  t.log(`after ${((Date.now() - start) / 1000).toFixed(0)} s`);
  t.true(Date.now() - start < 75_000);
});

test('a slow part of one file does not stop the other files', async t => {
  const box = await sandbox(t);
  box.configure({ timeout: 5, retry_num: 1, thread_num: 2 });
  for (let n = 0; n < 40; n++) box.write(`${n}.txt`, `${n}`);
  box.proxy.fault = ({ path }) => (path.endsWith('/0.txt') ? { kind: 'hang' } : undefined);
  const { code, json } = await box.runJson();
  t.is(code, 1);
  t.like(json, { upload_file_ok: 39, upload_file_fail: 1 });
});

for (const [name, hours] of [
  ['ahead', 7],
  ['behind', -7],
] as const) {
  test(`a clock that is hours ${name} is corrected by COS's, for all requests in flight`, async t => {
    const box = await sandbox(t);
    box.configure({ thread_num: 16, retry_num: 1, multipart_threshold: 1 });
    populate(box, randomFrom(1), 60, 1);
    const clock = join(box.root, 'clock.mjs');
    writeFileSync(clock, `const now = Date.now; Date.now = () => now() + ${hours * 3_600_000};`);
    const run = box.startAs({ env: { NODE_OPTIONS: `--import=${pathToFileURL(clock)}` } }, '--json');
    const { code, stdout } = await run.ended;
    t.is(code, 0, stdout);
    t.like(JSON.parse(stdout), { upload_file_ok: 61, upload_file_fail: 0 });
    const refused = box.proxy.requests.filter(({ status }) => status === 403).length;
    t.true(refused >= 1 && refused <= 16, `${refused} refused`);
  });
}

for (const [name, refusal, code] of [
  ['an expired token', status(400, 'ExpiredToken'), 5],
  ['a wrong key', status(403, 'SignatureDoesNotMatch'), 5],
] as const) {
  test(`${name} ends the run with one clear line: 5 before anything was done, 1 after`, async t => {
    const box = await sandbox(t);
    for (let n = 0; n < 30; n++) box.write(`${n}.txt`, `${n}`);
    box.proxy.fault = () => refusal;
    const before = await box.run('--quiet');
    t.is(before.code, code);
    t.is(before.stderr.trim().split('\n').length, 1, before.stderr);
    t.regex(before.stderr, /COS refuses: /);
    let left = 10;
    box.proxy.fault = () => (left-- > 0 ? undefined : refusal);
    t.is((await box.run('--quiet')).code, 1);
    box.proxy.fault = undefined;
    t.is((await box.run()).code, 0);
    t.deepEqual(differences(expectedOf(box.local), await heldBy(box)), []);
  });
}
