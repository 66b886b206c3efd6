import test from 'ava';
import type { Credentials, Fetched } from '../../../src/cos/credentials/credentials.ts';
import { holdCredentials, holdFixed } from '../../../src/cos/credentials/holder.ts';
import { Failure } from '../../../src/failure.ts';

const MINUTE = 60_000;

/** A source of pairs 1, 2, 3 …, and a clock that stands until it is moved. */
function watched(life: number | undefined) {
  const state = { now: 1_000_000, fetched: 0, failure: undefined as Failure | undefined, isSame: false };
  const source = {
    async fetch(): Promise<Fetched> {
      state.fetched++;
      if (state.failure) throw state.failure;
      const secretId = state.isSame ? 'AKIDsame' : `AKID${state.fetched}`;
      return { credentials: { secretId, secretKey: 'key', token: 'token' }, life, role: 'role' };
    },
  };
  const holder = holdCredentials(source, new AbortController().signal, () => state.now);
  const current = async () => (await holder.current()).secretId;
  /** What waits is let through. */
  const settled = () => new Promise(done => setImmediate(done));
  return { state, holder, current, settled };
}

test('many requests at once are one question to the source', async t => {
  const { state, holder } = watched(60 * MINUTE);
  const all = await Promise.all(Array.from({ length: 50 }, () => holder.current()));
  t.is(new Set(all).size, 1);
  t.is(state.fetched, 1);
  t.false(holder.current() instanceof Promise, 'what is held is had at once');
});

for (const [life, ahead] of [
  [120 * MINUTE, 10 * MINUTE],
  [5_000, 2_500],
] as const) {
  test(`a life of ${life} ms is renewed ${ahead} ms before its end, and nobody waits for it`, async t => {
    const { state, holder, current, settled } = watched(life);
    t.is(await current(), 'AKID1');
    state.now += life - ahead - 1;
    t.is(await current(), 'AKID1');
    await settled();
    t.is(state.fetched, 1);
    state.now += 1;
    t.false(holder.current() instanceof Promise);
    t.is(await current(), 'AKID1');
    await settled();
    t.is(state.fetched, 2);
    t.is(await current(), 'AKID2');
    t.is(holder.about().expires, state.now + life);
  });
}

test('while the old ones live a failed renewal is tried again, with pauses', async t => {
  const { state, current, settled } = watched(60 * MINUTE);
  await current();
  state.now += 55 * MINUTE;
  state.failure = new Failure('unreachable', { code: 'MetadataUnreachable' });
  for (const fetched of [2, 2, 2]) {
    t.is(await current(), 'AKID1');
    await settled();
    t.is(state.fetched, fetched);
  }
  state.now += 500;
  t.is(await current(), 'AKID1');
  await settled();
  t.is(state.fetched, 3);
  state.failure = undefined;
  state.now += 2_000;
  await current();
  await settled();
  t.is(await current(), 'AKID4');
});

test('once the old ones have expired a source that fails is told, as what may pass', async t => {
  const { state, holder, current, settled } = watched(60 * MINUTE);
  await current();
  state.now += 60 * MINUTE;
  state.failure = new Failure('refused', { code: 'RoleMissing' });
  for (let i = 0; i < 3; i++) {
    const failure = await t.throwsAsync<Failure>(async () => holder.current());
    t.deepEqual([failure?.kind, failure?.code], ['unreachable', 'RoleMissing']);
  }
  await settled();
  t.is(state.fetched, 2, 'requests that come in between ask nobody');
});

test('a source that fails at the first time is told as it says', async t => {
  const { state, holder } = watched(60 * MINUTE);
  state.failure = new Failure('refused', { code: 'RoleMissing' });
  const failure = await t.throwsAsync<Failure>(async () => holder.current());
  t.is(failure?.kind, 'refused');
});

test('what COS refuses is renewed once for all that were refused', async t => {
  const { state, holder } = watched(60 * MINUTE);
  const used = (await holder.current()) as Credentials;
  state.now += 2_000;
  const others = await Promise.all(Array.from({ length: 20 }, () => holder.renewed(used)));
  t.deepEqual([...new Set(others.map(one => one?.secretId))], ['AKID2']);
  t.is((await holder.renewed(used))?.secretId, 'AKID2', 'one that comes late has those that are there');
  t.is(state.fetched, 2);
});

test('a source that gives the same again, or gave it just now, has no others', async t => {
  const { state, holder } = watched(60 * MINUTE);
  state.isSame = true;
  const used = (await holder.current()) as Credentials;
  t.is(await holder.renewed(used), undefined);
  t.is(state.fetched, 1);
  state.now += 2_000;
  t.is(await holder.renewed(used), undefined);
  t.is(state.fetched, 2);
});

test('credentials without a time are renewed when COS refuses them, and not before', async t => {
  const { state, holder, current, settled } = watched(undefined);
  const used = (await holder.current()) as Credentials;
  state.now += 1_000 * MINUTE;
  await current();
  await settled();
  t.is(state.fetched, 1);
  t.is((await holder.renewed(used))?.secretId, 'AKID2');
  t.is(holder.about().expires, undefined);
});

test('what has expired by this machine’s clock is used all the same: the clock may be wrong', async t => {
  const { state, current } = watched(-3600_000);
  t.is(await current(), 'AKID1');
  t.is(await current(), 'AKID1');
  t.is(state.fetched, 1);
});

test('a key pair of the configuration is read again when it is refused', async t => {
  const old = { secretId: 'AKIDold', secretKey: 'key', token: undefined };
  let written: Credentials | undefined = { ...old };
  const holder = holdFixed(old, () => written);
  t.is(holder.current(), old);
  t.is(await holder.renewed(old), undefined, 'the file is as it was');
  written = undefined;
  t.is(await holder.renewed(old), undefined, 'the file cannot be read');
  written = { ...old, secretId: 'AKIDnew' };
  t.is((await holder.renewed(old))?.secretId, 'AKIDnew');
  t.is(((await holder.current()) as Credentials).secretId, 'AKIDnew');
});

test('a source that is ended with the run does not count as a failure', async t => {
  const run = new AbortController();
  const source = {
    async fetch(signal: AbortSignal): Promise<Fetched> {
      await new Promise(done => signal.addEventListener('abort', done));
      throw new Failure('refused', { code: 'CredentialsCommandFailed' });
    },
  };
  const waiting = holdCredentials(source, run.signal).current();
  run.abort();
  const failure = await t.throwsAsync<Failure>(async () => waiting);
  t.is(failure?.kind, 'stopped');
});
