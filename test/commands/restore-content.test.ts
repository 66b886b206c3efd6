import { createHash } from 'node:crypto';
import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import test from 'ava';
import { type EndedHere, restoreHere, syncHere } from '../support/in-process.ts';
import { putObjects, withStore } from '../support/objects.ts';
import { randomFrom } from '../support/random.ts';
import { type Sandbox, sandbox } from '../support/sandbox.ts';

const MiB = 1024 * 1024;
const codesOf = ({ json }: EndedHere) =>
  Object.fromEntries(json.errors.map(({ path, code }) => [path, code]));
const isGet = (name: string) => (request: { method: string; path: string }) =>
  request.method === 'GET' && request.path.endsWith(`/${name}`);

/** A sandbox with a small file and one of four parts in COS. */
async function filled(
  t: Parameters<typeof sandbox>[0],
  config: Record<string, unknown> = {},
): Promise<Sandbox> {
  const box = await sandbox(t);
  box.configure({
    multipart_threshold: 1,
    part_size: 1,
    retry_num: 2,
    thread_num: 3,
    delete_sync: 0,
    ...config,
  });
  box.write('small', 'small content');
  box.write('large', randomFrom(5).bytes(3 * MiB + 5));
  await syncHere(box);
  box.proxy.requests.length = 0;
  return box;
}

test.serial('bytes that are not those that COS holds are fetched again', async t => {
  const box = await filled(t);
  let wrong = 0;
  box.proxy.fault = request => {
    if (!isGet('small')(request) || wrong++ > 0) return undefined;
    return { kind: 'flipBody' };
  };
  const back = join(box.root, 'back');
  t.is((await restoreHere(box, { to: back, paths: ['small'] })).code, 0);
  t.is(wrong, 2);
  t.is(readFileSync(join(back, 'small'), 'utf8'), 'small content');
});

test.serial('bytes that never are those that COS holds make a failure and no file', async t => {
  const box = await filled(t);
  box.proxy.fault = ({ method, query }) =>
    method === 'GET' && !query.has('prefix') ? { kind: 'flipBody' } : undefined;
  const back = join(box.root, 'back');
  const ended = await restoreHere(box, { to: back });
  t.is(ended.code, 1);
  t.deepEqual(codesOf(ended), { small: 'ContentMismatch', large: 'ContentMismatch' });
  t.false(existsSync(back));
  const gets = box.proxy.requests.filter(isGet('large'));
  t.is(gets.length, 8, 'each of the four parts twice');
});

test.serial('an ETag that is not an MD5 proves nothing, the CRC-64 does', async t => {
  const box = await filled(t, { server_side_encryption: 'cos/kms' });
  t.is((await restoreHere(box, { to: join(box.root, 'back') })).code, 0);
  box.proxy.fault = request => {
    if (!isGet('small')(request) && !isGet('large')(request)) return undefined;
    return { kind: 'headers', headers: { 'x-cos-hash-crc64ecma': '1' } };
  };
  const ended = await restoreHere(box, { to: join(box.root, 'again') });
  t.deepEqual(codesOf(ended), { small: 'ContentMismatch', large: 'ContentMismatch' });
});

test.serial(
  'an object that is not the listed one is not taken for it, whatever its own ETag says',
  async t => {
    const box = await filled(t);
    const old = createHash('md5').update('small content').digest('hex');
    await putObjects(box, { 'backup/small': 'newer content' });
    box.proxy.fault = request =>
      isGet('small')(request)
        ? { kind: 'status', status: 200, code: '', headers: { etag: `"${old}"` }, body: 'small content' }
        : undefined;
    const back = join(box.root, 'back');
    t.deepEqual(codesOf(await restoreHere(box, { to: back, paths: ['small'] })), { small: 'ObjectChanged' });
    t.false(existsSync(back));
  },
);

test.serial('an object that changes while its parts are on their way comes back as it is then', async t => {
  const box = await filled(t);
  const next = randomFrom(6).bytes(2 * MiB);
  let parts = 0;
  box.proxy.fault = request => {
    if (!isGet('large')(request) || ++parts !== 2) return undefined;
    const md5 = createHash('md5').update(next).digest();
    const changed = withStore(box, store => store.put('backup/large', next, md5, {}));
    return { kind: 'wait', until: changed.then(() => {}) };
  };
  const back = join(box.root, 'back');
  const { code, json } = await restoreHere(box, { to: back, paths: ['large'] });
  t.is(code, 0, JSON.stringify(json.errors));
  t.deepEqual(readFileSync(join(back, 'large')), next);
  t.deepEqual(readdirSync(back), ['large']);
});

test.serial('an object that is deleted while it is on its way is a failure', async t => {
  const box = await filled(t);
  box.proxy.fault = request => {
    if (!isGet('small')(request)) return undefined;
    return {
      kind: 'wait',
      until: withStore(box, store => store.deleteMany(['backup/small'])).then(() => {}),
    };
  };
  const back = join(box.root, 'back');
  t.deepEqual(codesOf(await restoreHere(box, { to: back, paths: ['small'] })), { small: 'NoSuchKey' });
  t.false(existsSync(back));
});

test.serial('who answers all where a part was asked for is not believed', async t => {
  const box = await filled(t);
  box.proxy.fault = request => {
    if (!isGet('large')(request)) return undefined;
    return { kind: 'status', status: 200, code: '', headers: { etag: '"e"' }, body: 'all of it' };
  };
  const back = join(box.root, 'back');
  t.deepEqual(codesOf(await restoreHere(box, { to: back, paths: ['large'] })), { large: 'ContentMismatch' });
  t.false(existsSync(back));
});

test.serial('connections that break are made up for', async t => {
  const box = await filled(t);
  const broken = new Set<string>();
  box.proxy.fault = request => {
    const identity = `${request.path} ${request.headers.range}`;
    if (request.method !== 'GET' || request.query.has('prefix') || broken.has(identity)) return undefined;
    broken.add(identity);
    return { kind: 'truncate' };
  };
  const back = join(box.root, 'back');
  t.is((await restoreHere(box, { to: back })).code, 0);
  t.deepEqual(readFileSync(join(back, 'large')), readFileSync(join(box.local, 'large')));
  t.true(broken.size >= 5);
});

test.serial('archived objects are failures that say what to do, and --thaw asks for them', async t => {
  const box = await sandbox(t);
  await putObjects(box, { 'backup/cold': 'x', 'backup/thawing': 'x' });
  box.proxy.fault = ({ method, path, query }) => {
    if (method === 'GET' && !query.has('prefix'))
      return { kind: 'status', status: 403, code: 'InvalidObjectState' };
    if (!query.has('restore')) return undefined;
    return path.endsWith('cold')
      ? { kind: 'status', status: 202, code: '' }
      : { kind: 'status', status: 409, code: 'RestoreAlreadyInProgress' };
  };
  const to = join(box.root, 'back');
  const frozen = await restoreHere(box, { to });
  t.is(frozen.code, 1);
  t.deepEqual(codesOf(frozen), { cold: 'InvalidObjectState', thawing: 'InvalidObjectState' });
  t.false(box.proxy.requests.some(({ query }) => query.has('restore')));
  const thawed = await restoreHere(box, { to, thaw: '7' });
  t.is(thawed.code, 1);
  t.deepEqual(codesOf(thawed), { cold: 'ObjectThawing', thawing: 'ObjectThawing' });
  t.is(box.proxy.requests.filter(({ query }) => query.has('restore')).length, 2);
});

test.serial('wrong credentials end with exit code 5, and nothing is made', async t => {
  const box = await sandbox(t);
  box.configure({ secret_key: 'wrong-key-wrong-key-wrong-key' });
  const ended = await restoreHere(box, { to: join(box.root, 'back') });
  t.is(ended.code, 5);
  t.is(ended.json.op_status, 'ALL_FAIL');
  t.regex(ended.err, /SignatureDoesNotMatch/);
  t.false(existsSync(join(box.root, 'back')));
  t.deepEqual(
    readdirSync(join(box.home, 'db')).filter(name => name.endsWith('.state')),
    [],
  );
});

test.serial("an object that nobody says a time of comes back with the listing's", async t => {
  const box = await filled(t);
  box.proxy.fault = ({ method, query }) =>
    method === 'GET' && !query.has('prefix')
      ? { kind: 'headers', headers: { 'last-modified': undefined, 'x-cos-meta-mtime': undefined } }
      : undefined;
  rmSync(join(box.home, 'db'), { recursive: true });
  const back = join(box.root, 'back');
  const { code, err } = await restoreHere(box, { to: back });
  t.is(code, 0, err);
  for (const name of ['small', 'large']) {
    const age = Date.now() - statSync(join(back, name)).mtimeMs;
    t.true(age > -1_000 && age < 60_000, `${name}: ${age} ms`);
  }
});

test.serial('a file that is changed while its object is fetched stays, and the words say why', async t => {
  const box = await filled(t);
  const back = join(box.root, 'back');
  mkdirSync(back);
  writeFileSync(join(back, 'small'), 'mine');
  box.proxy.fault = request => {
    if (isGet('small')(request)) writeFileSync(join(back, 'small'), 'mine, edited');
    return undefined;
  };
  const ended = await restoreHere(box, { to: back, paths: ['small'], overwrite: 'always' });
  t.deepEqual(codesOf(ended), { small: 'ChangedMeanwhile' });
  t.is(readFileSync(join(back, 'small'), 'utf8'), 'mine, edited');
});

test.serial('what ends a restore is in its JSON, with its own code', async t => {
  const box = await filled(t);
  box.proxy.fault = ({ query }) =>
    query.has('prefix') ? { kind: 'status', status: 403, code: 'AccessDenied' } : undefined;
  const { code, json } = await restoreHere(box, { to: join(box.root, 'back') });
  t.is(code, 5);
  t.like(json, { op_status: 'ALL_FAIL', interrupted_by: null });
  t.like(json.errors[0], { op: '', path: '', key: '', code: 'AccessDenied' });
});

test.serial('a folder that is moved away ends the restore: the rest is not fetched to fail', async t => {
  const box = await sandbox(t);
  box.configure({ delete_sync: 0, thread_num: 2, create_folders: 0 });
  for (let n = 0; n < 200; n++) box.write(`${n + 1_000}`, `${n}`);
  await syncHere(box);
  const back = join(box.root, 'back');
  box.proxy.requests.length = 0;
  box.proxy.fault = request => {
    if (isGet('1050')(request)) renameSync(back, `${back}-moved`);
    // Until it is asked again where the folder is.
    return isGet('1051')(request) ? { kind: 'slow', ms: 50 } : undefined;
  };
  const { code, err, json } = await restoreHere(box, { to: back });
  t.is(code, 1);
  t.regex(err, /cos_sync: .*back: the folder to restore to was moved away/);
  t.is(json.errors.at(-1)?.code, 'FolderMoved');
  t.true(box.proxy.requests.length < 150, `${box.proxy.requests.length} requests`);
});
