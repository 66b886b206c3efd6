import test from 'ava';
import type { HeldReason } from '../../../src/engine/listener.ts';
import type { Round } from '../../../src/engine/watch/rounds.ts';
import { createUnresolved } from '../../../src/engine/watch/unresolved.ts';
import { Failure } from '../../../src/failure.ts';

const FULL: Round = { kind: 'full', reason: 'interval' };
const part = (...folders: string[]): Round => ({ kind: 'part', folders, areAll: true });
const failed = (path: string) => ({
  operation: 'uploadFile' as const,
  path,
  key: path,
  failure: new Failure('local', { code: 'EACCES' }),
});
const held = (count: number, reason: HeldReason = 'maxDelete') => ({ count, reason, limit: 3, place: '' });
const NOTHING = { failures: [], held: [] };

test('a failure is told of until its folder is looked at again', t => {
  const unresolved = createUnresolved();
  unresolved.ended(FULL, { failures: [failed('a/1'), failed('a/b/2'), failed('3')], held: [] });
  const paths = (round: Round) => unresolved.besides(round).failures.map(({ path }) => path);
  t.deepEqual(paths(part('c/')), ['a/1', 'a/b/2', '3']);
  t.deepEqual(paths(part('a/')), ['a/b/2', '3']);
  t.deepEqual(paths(FULL), []);
  unresolved.ended(part('a/', ''), NOTHING);
  t.deepEqual(paths(part('c/')), ['a/b/2']);
  unresolved.ended(part('a/b/'), { failures: [failed('a/b/2')], held: [] });
  t.deepEqual(paths(part('c/')), ['a/b/2']);
  unresolved.ended(FULL, NOTHING);
  t.deepEqual(paths(part('c/')), []);
});

test('deletions that wait for somebody are told of until all their folders are looked at again, and once', t => {
  const unresolved = createUnresolved();
  const counts = (round: Round) => unresolved.besides(round).held.map(({ count }) => count);
  unresolved.ended(part('a/', 'b/'), { failures: [], held: [held(8), held(5, 'uploadFailed')] });
  t.deepEqual(counts(part('c/')), [8]);
  unresolved.ended(part('a/'), { failures: [], held: [held(6)] });
  t.deepEqual(counts(part('c/')), [6], 'held again with others: not counted twice');
  unresolved.ended(part('a/'), NOTHING);
  t.deepEqual(counts(part('c/')), [6]);
  t.deepEqual(counts(part('b/', 'c/')), []);
  unresolved.ended(part('b/'), NOTHING);
  t.deepEqual(counts(part('c/')), []);
  unresolved.ended(FULL, { failures: [], held: [held(9)] });
  unresolved.ended(part('a/', 'b/'), NOTHING);
  t.deepEqual(counts(part('c/')), [9], 'only a full scan tells');
  unresolved.ended(FULL, NOTHING);
  t.deepEqual(counts(part('c/')), []);
});
