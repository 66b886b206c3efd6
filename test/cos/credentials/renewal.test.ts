import { createHash } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import { listBuckets } from '../../../src/cos/account.ts';
import { openStore } from '../../../src/cos/client.ts';
import type { Fetched } from '../../../src/cos/credentials/credentials.ts';
import { holdCredentials, holdFixed } from '../../../src/cos/credentials/holder.ts';
import type { ObjectStore } from '../../../src/cos/store.ts';
import type { Failure } from '../../../src/failure.ts';
import { type LocalCos, startLocalCos } from '../../../src/local-cos/server.ts';

const HOUR = 3600_000;

async function localCos(t: ExecutionContext): Promise<LocalCos> {
  const dir = mkdtempSync(join(tmpdir(), 'cos_sync-renewal-'));
  const server = await startLocalCos({ dir });
  t.teardown(async () => {
    await server.close();
    rmSync(dir, { recursive: true, force: true });
  });
  return server;
}

/** Credentials that are old enough to be renewed, and have expired or not; the source says that they last an hour. */
function oldCredentials({ keys }: LocalCos, { isExpired = true } = {}) {
  const state = { now: 1_000_000, fetched: 0, isExhausted: false };
  const source = {
    async fetch(): Promise<Fetched> {
      const { expires: _, ...credentials } = keys.issue(
        state.isExhausted || (isExpired && state.fetched === 0) ? 0 : HOUR,
      );
      state.fetched++;
      return { credentials, life: HOUR, role: undefined };
    },
  };
  const holder = holdCredentials(source, new AbortController().signal, () => state.now);
  return { state, holder };
}

const accessOf = ({ port, bucket, region }: LocalCos) => ({
  bucket,
  region,
  protocol: 'http:' as const,
  host: `127.0.0.1:${port}`,
  timeout: 10,
  proxy: undefined,
  userAgent: 'test',
});

const bytes = Buffer.from('content');
const md5 = createHash('md5').update(bytes).digest();
const inPieces = {
  size: bytes.length,
  async *open() {
    yield bytes;
  },
};

const REQUESTS: Record<string, (store: ObjectStore) => Promise<unknown>> = {
  'a small object, over a connection of our own': store => store.put('k', bytes, md5, {}),
  'a large one, in pieces': store => store.put('k', inPieces, md5, {}),
  HEAD: store => store.head('there'),
  'a listing': store => store.list('', undefined),
  'a deletion': store => store.deleteMany(['k']),
  'the start of an upload in parts': store => store.startUpload('k', {}),
  'the state of versioning': store => store.versioning(),
};

for (const [name, ask] of Object.entries(REQUESTS)) {
  test(`credentials that COS takes no longer are renewed once, and the request repeated: ${name}`, async t => {
    const server = await localCos(t);
    const { state, holder } = oldCredentials(server);
    await holder.current();
    state.now += 2_000;
    const store = openStore({ ...accessOf(server), credentials: holder });
    t.teardown(() => store.close());
    await t.notThrowsAsync(ask(store));
    t.is(state.fetched, 2);
  });
}

test('many requests that were refused together wait for one renewal', async t => {
  const server = await localCos(t);
  const { state, holder } = oldCredentials(server);
  await holder.current();
  state.now += 2_000;
  const store = openStore({ ...accessOf(server), credentials: holder });
  t.teardown(() => store.close());
  await Promise.all(Array.from({ length: 30 }, (_, i) => store.put(`k${i}`, bytes, md5, {})));
  t.is(state.fetched, 2);
});

test('a source that gives expired ones again is asked once a request, and the refusal is told', async t => {
  const server = await localCos(t);
  const { state, holder } = oldCredentials(server);
  await holder.current();
  state.now += 2_000;
  state.isExhausted = true;
  const store = openStore({ ...accessOf(server), credentials: holder });
  t.teardown(() => store.close());
  const failure = await t.throwsAsync<Failure>(store.put('k', bytes, md5, {}));
  t.deepEqual([failure?.kind, failure?.code], ['refused', 'ExpiredToken']);
  t.is(state.fetched, 2);
});

test('the account’s bucket list is asked for with renewed credentials too', async t => {
  const server = await localCos(t);
  const { state, holder } = oldCredentials(server);
  await holder.current();
  state.now += 2_000;
  const proxy = `http://127.0.0.1:${server.port}`;
  const buckets = await listBuckets({ ...accessOf(server), proxy, credentials: holder });
  t.deepEqual(buckets, [{ name: server.bucket, region: server.region }]);
  t.is(state.fetched, 2);
});

test('a key pair that was replaced in the configuration is taken up where COS refuses the old one', async t => {
  const server = await localCos(t);
  const old = { secretId: server.secretId, secretKey: server.secretKey, token: undefined };
  const anew = { ...server.keys.replaceOwn(), token: undefined };
  const store = openStore({ ...accessOf(server), credentials: holdFixed(old, () => anew) });
  t.teardown(() => store.close());
  await t.notThrowsAsync(store.put('k', bytes, md5, {}));
});
