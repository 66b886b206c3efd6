import {
  appendFileSync,
  closeSync,
  ftruncateSync,
  openSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import test from 'ava';
import { type Sandbox, sandbox } from '../support/sandbox.ts';
import { until } from '../support/until.ts';

const HOST = 'local-1250000000.cos.ap-local.myqcloud.com';
const ACCELERATE = 'local-1250000000.cos.accelerate.myqcloud.com';

/** Tries that the SDK itself makes of one bucket list. */
const SDK_TRIES = 4;

/** Configures COS's own host names, reached through the recording proxy. */
function throughProxy(box: Sandbox, changes: Record<string, unknown> = {}): void {
  box.configure({ endpoint: undefined, enable_https: '0', proxy: box.proxy.url, ...changes });
}

function hostsIn({ proxy }: Sandbox): string[] {
  return [...new Set(proxy.requests.map(({ headers }) => String(headers.host)))];
}

test('a bucket is asked for by its own host name, through the proxy, and everything works there', async t => {
  const box = await sandbox(t);
  throughProxy(box);
  const odd = "中文 +%#?&'.txt";
  box.write('a.txt', 'one');
  box.write('gone.txt', 'gone');
  box.write('empty', '');
  box.write(`old/${odd}`, 'moves');
  const first = await box.runJson();
  t.deepEqual(first.json.errors, []);
  t.is(first.code, 0);
  t.deepEqual(hostsIn(box), [HOST]);
  const put = box.proxy.requests.find(({ path }) => path.endsWith('/a.txt'));
  t.is(put?.headers['content-md5'], '+XxdKZQb+xsv2rCHSQargg==');
  t.is(put?.headers['content-type'], 'text/plain');
  t.is(put?.headers['content-length'], '3');

  appendFileSync(join(box.local, 'a.txt'), ' more');
  rmSync(join(box.local, 'gone.txt'));
  renameSync(join(box.local, 'old'), join(box.local, 'new'));
  const second = await box.runJson();
  t.deepEqual(second.json.errors, []);
  t.like(second.json, { upload_file_ok: 2, upload_bytes: 8, del_file_ok: 2, del_folder_ok: 1 });
  const objects = await box.objects();
  t.deepEqual([...objects].map(([key, body]) => `${key}=${body}`).sort(), [
    'backup/a.txt=one more',
    'backup/empty=',
    'backup/new/=',
    `backup/new/${odd}=moves`,
  ]);
  box.proxy.requests.length = 0;
  t.like((await box.runJson()).json, { upload_file_skip: 3 });
  t.deepEqual(box.proxy.requests, []);
});

test('a missing region is found out from the bucket list, and only where something is to be done', async t => {
  const box = await sandbox(t);
  throughProxy(box, { region: undefined });
  box.write('a.txt', 'one');
  let lists = 0;
  box.proxy.fault = ({ headers }) =>
    headers.host === 'service.cos.myqcloud.com' && lists++ < SDK_TRIES
      ? { kind: 'status', status: 503, code: 'ServiceUnavailable' }
      : undefined;
  const { code, json } = await box.runJson();
  t.deepEqual(json.errors, []);
  t.is(code, 0);
  t.is(lists, SDK_TRIES + 1, 'a list that failed for the moment is asked for again');
  t.deepEqual(hostsIn(box), ['service.cos.myqcloud.com', HOST]);
  t.deepEqual(await box.keys(), ['backup/a.txt']);
  box.proxy.requests.length = 0;
  t.is((await box.run()).code, 0);
  t.deepEqual(box.proxy.requests, []);
});

for (const command of [['verify'], ['ledger', 'rebuild'], ['ledger', 'uploads']]) {
  test(`${command.join(' ')} asks again for a bucket list that failed for the moment`, async t => {
    const box = await sandbox(t);
    throughProxy(box, { region: undefined });
    let lists = 0;
    box.proxy.fault = ({ headers }) =>
      headers.host === 'service.cos.myqcloud.com' && lists++ < SDK_TRIES
        ? { kind: 'status', status: 503, code: 'ServiceUnavailable' }
        : undefined;
    const { code, stderr } = await box.run(...command);
    t.is(code, 0, stderr);
    t.is(lists, SDK_TRIES + 1);
  });
}

test('a region that is added to the configuration leaves the ledger known to every command', async t => {
  const box = await sandbox(t);
  throughProxy(box, { region: undefined });
  box.write('a.txt', 'one');
  t.is((await box.run()).code, 0);
  throughProxy(box);
  t.like((await box.runJson('--dry-run')).json, { upload_file_ok: 0, upload_file_skip: 1 });
  t.regex((await box.run('--explain', 'a.txt')).stdout, /^a\.txt: nothing/);
  const repaired = await box.runJson('verify', '--repair');
  t.is(repaired.code, 0);
  t.like(repaired.json, { records: 1, same: 1, repaired: true });
});

test('a bucket that the account does not list ends the run with 5 and says what to write', async t => {
  const box = await sandbox(t);
  throughProxy(box, { region: undefined, bucket: 'unknown-1250000000' });
  box.write('a.txt', 'one');
  const { code, stderr } = await box.run();
  t.is(code, 5);
  t.regex(stderr, /^cos_sync: COS refuses: RegionUnknown: region is missing .*write its region .*\n$/);
});

test('a key pair that may not list the buckets is told so, and which region to write', async t => {
  const box = await sandbox(t);
  throughProxy(box, { region: undefined });
  box.write('a.txt', 'one');
  box.proxy.fault = ({ headers }) =>
    headers.host === 'service.cos.myqcloud.com'
      ? { kind: 'status', status: 403, code: 'AccessDenied', message: 'Access Denied.' }
      : undefined;
  const { code, stderr } = await box.run();
  t.is(code, 5);
  t.regex(stderr, /^cos_sync: COS refuses: BucketListDenied: .*write its region .*Access Denied.*\n$/);
});

/** Writes at the program's end which files of the SDK it had loaded. */
const WITNESS = `
import { writeFileSync } from 'node:fs';
import Module from 'node:module';
process.on('exit', () => {
  const loaded = Object.keys(Module._cache).filter(file => file.includes('cos-nodejs-sdk-v5'));
  writeFileSync(process.env.WITNESSED, loaded.join('\\n'));
});
`;

test('the SDK is loaded to find out a region, and for nothing else', async t => {
  const box = await sandbox(t);
  const witness = join(box.root, 'witness.mjs');
  writeFileSync(witness, WITNESS);
  const witnessed = join(box.root, 'loaded');
  const env = { NODE_OPTIONS: `--import=${pathToFileURL(witness)}`, WITNESSED: witnessed };
  const loadedBy = async (...args: string[]) => {
    const { code, stderr } = await box.startAs({ env }, ...args).ended;
    t.is(code, 0, stderr);
    return readFileSync(witnessed, 'utf8');
  };
  box.write('a.txt', 'one');
  throughProxy(box);
  for (const command of ['sync', 'doctor', 'verify']) t.is(await loadedBy(command), '', command);
  throughProxy(box, { region: undefined });
  box.write('b.txt', 'two');
  t.not(await loadedBy('sync'), '');
});

test("an old region name leads to today's host", async t => {
  const box = await sandbox(t);
  throughProxy(box, { region: 'gz' });
  box.write('a.txt', 'one');
  t.is((await box.run()).code, 0);
  t.deepEqual(hostsIn(box), ['local-1250000000.cos.ap-guangzhou.myqcloud.com']);
});

test('a refusal is told apart through the proxy too', async t => {
  const box = await sandbox(t);
  throughProxy(box, { secret_key: 'wrong' });
  box.write('a.txt', 'one');
  const wrong = await box.run();
  t.is(wrong.code, 5);
  t.regex(wrong.stderr, /^cos_sync: COS refuses: SignatureDoesNotMatch/);
  throughProxy(box, { bucket: 'absent-1250000000' });
  const absent = await box.run();
  t.is(absent.code, 5);
  t.regex(absent.stderr, /^cos_sync: COS refuses: NoSuchBucket/);
  throughProxy(box, { proxy: 'http://127.0.0.1:1', retry_num: 0 });
  const dead = await box.run();
  t.is(dead.code, 5);
  t.regex(dead.stderr, /no connection to COS: code: -3, .*ECONNREFUSED/);
});

const MiB = 1024 * 1024;

test('a large file goes up in parts through the proxy, resumes after a kill, and moves', async t => {
  const box = await sandbox(t);
  throughProxy(box, { multipart_threshold: 1, part_size: 1, thread_num: 1 });
  const file = openSync(join(box.local, 'large.bin'), 'w');
  ftruncateSync(file, 6 * MiB + 1);
  closeSync(file);
  const sent = () =>
    box.proxy.requests
      .filter(({ method, query }) => method === 'PUT' && query.has('partNumber'))
      .map(({ query }) => Number(query.get('partNumber')));
  box.proxy.fault = ({ query }) => (query.get('partNumber') === '4' ? { kind: 'hang' } : undefined);
  const running = box.start();
  await until(() => sent().includes(4));
  running.child.kill('SIGKILL');
  await running.ended;
  box.proxy.fault = undefined;
  box.proxy.requests.length = 0;
  const resumed = await box.runJson();
  t.deepEqual(resumed.json.errors, []);
  t.deepEqual(sent(), [4, 5, 6, 7]);
  t.is((await box.objects()).get('backup/large.bin')?.length, 6 * MiB + 1);

  renameSync(join(box.local, 'large.bin'), join(box.local, 'renamed.bin'));
  t.like((await box.runJson()).json, { upload_file_ok: 1, upload_bytes: 0, del_file_ok: 1, exit_code: 0 });
  t.deepEqual(await box.keys(), ['backup/renamed.bin']);
});

for (const [endpoint, region, source] of [
  [`http://${HOST}`, undefined, HOST],
  [`http://${ACCELERATE}`, 'ap-local', HOST],
] as const) {
  const where = region === undefined ? 'no region' : `region ${region}`;
  test(`with endpoint ${endpoint} and ${where} a copy names ${source} as its source`, async t => {
    const box = await sandbox(t);
    throughProxy(box, { endpoint, region });
    box.write('a.txt', 'one');
    await box.run();
    renameSync(join(box.local, 'a.txt'), join(box.local, 'b.txt'));
    await box.run();
    const copy = box.proxy.requests.find(({ headers }) => headers['x-cos-copy-source'] !== undefined);
    t.is(copy?.headers['x-cos-copy-source'], `${source}/backup/a.txt`);
  });
}
