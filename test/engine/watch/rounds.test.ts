import test from 'ava';
import { createRounds, type Round, type RoundEnd, type Rounds } from '../../../src/engine/watch/rounds.ts';

const TIMES = { delay: 2_000, interval: 3_600_000 };
const MINUTE = 60_000;

const THROUGH: RoundEnd = { isThrough: true, failed: [], isHeld: false, putOff: [], unrested: new Map() };
const STOPPED: RoundEnd = { ...THROUGH, isThrough: false };

/** Goes to the next round, and ends it so. */
function round(rounds: Rounds, end: RoundEnd): { round: Round; at: number } {
  const at = rounds.nextAt();
  const next = rounds.next(at);
  if (!next) throw new Error('none is due');
  rounds.ended(next, end, at);
  return { round: next, at };
}

function started(end = THROUGH): Rounds {
  const rounds = createRounds(TIMES, 0);
  round(rounds, end);
  return rounds;
}

test('the first round is a full one, the next after the interval; a change is looked at after its delay', t => {
  const rounds = started();
  t.is(rounds.nextAt(), TIMES.interval);
  rounds.change('a/', 10_000);
  t.is(rounds.nextAt(), 12_000);
  t.deepEqual(rounds.next(12_000), { kind: 'part', folders: ['a/'], areAll: true });
  t.deepEqual([...rounds.fullScans()], [['start', 1]]);
});

test('while events may be lost, or not all was seen, nothing counts as gone', t => {
  const unseen = started(STOPPED);
  unseen.change('a/', 1_000);
  t.like(unseen.next(3_000), { kind: 'part', areAll: false });

  const doubted = started();
  doubted.doubt('overflow', 1_000);
  doubted.change('a/', 1_000);
  t.like(doubted.next(3_000), { kind: 'part', areAll: false });
  t.like(round(doubted, THROUGH).round, { kind: 'full', reason: 'overflow' });
  doubted.change('a/', 100_000);
  t.like(doubted.next(102_000), { kind: 'part', areAll: true });
});

test('a doubt during a full scan leads to another one', t => {
  const rounds = createRounds(TIMES, 0);
  const first = rounds.next(0)!;
  rounds.doubt('overflow', 1_000);
  rounds.ended(first, THROUGH, 5_000);
  t.like(round(rounds, THROUGH).round, { kind: 'full', reason: 'overflow' });
  rounds.change('a/', 50_000);
  t.like(rounds.next(52_000), { kind: 'part', areAll: true });
});

test('while COS is away it is tried at least once a minute, and all at once when it is back', t => {
  const rounds = started();
  rounds.change('a/', 10_000);
  rounds.change('b/', 10_000);
  let last = 10_000;
  for (let attempt = 0; attempt < 20; attempt++) {
    const { at } = round(rounds, STOPPED);
    t.true(at - last <= MINUTE, `attempt ${attempt} after ${at - last} ms`);
    last = at;
  }
  rounds.change('c/', last + 1_000);
  t.like(round(rounds, THROUGH).round, { folders: ['c/'] });
  const { round: next, at } = round(rounds, THROUGH);
  t.like(next, { folders: ['a/', 'b/'] });
  t.true(at - last <= 1_000 + 2 * TIMES.delay);
});

test('a full scan that COS stopped is made again when COS is back', t => {
  const rounds = started(STOPPED);
  for (let attempt = 0; attempt < 5; attempt++) round(rounds, STOPPED);
  const now = rounds.nextAt() - MINUTE / 2;
  rounds.change('a/', now);
  t.like(round(rounds, THROUGH).round, { kind: 'part' });
  t.like(round(rounds, THROUGH), { round: { kind: 'full', reason: 'retry' }, at: now + 2 * TIMES.delay });
});

test('a file that always fails is tried less and less often, and nothing else with it', t => {
  const rounds = started();
  rounds.change('bad/', 10_000);
  const pauses: number[] = [];
  for (let attempt = 0, last = 10_000; attempt < 12; attempt++) {
    const { at } = round(rounds, { ...THROUGH, failed: ['bad/'] });
    pauses.push(at - last);
    last = at;
  }
  t.deepEqual(pauses.slice(0, 4), [2_000, 20_000, 40_000, 80_000]);
  t.is(Math.max(...pauses), TIMES.interval);
});

test('what a failed upload holds back is looked at with it', t => {
  const rounds = started();
  rounds.change('from/', 10_000);
  rounds.change('to/', 10_000);
  round(rounds, { ...THROUGH, failed: ['to/'], isHeld: true });
  const again = round(rounds, THROUGH).round;
  t.deepEqual(again.kind === 'part' && again.folders.toSorted(), ['from/', 'to/']);
});

test('a folder that was not at rest is looked at when it has been, and in vain no more often', t => {
  const rounds = started();
  rounds.change('', 10_000);
  round(rounds, { ...THROUGH, unrested: new Map([['new/', 11_500]]) });
  t.is(rounds.nextAt(), 13_500);
  rounds.change('new/', 13_000);
  t.is(rounds.nextAt(), 15_000);
});
