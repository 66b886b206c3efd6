import test from 'ava';
import fc from 'fast-check';
import { createHints } from '../../../src/engine/watch/hints.ts';

const DELAY = 2_000;

test('a folder is looked at once it was at rest for the delay', t => {
  const hints = createHints(DELAY);
  t.is(hints.dueAt(), undefined);
  hints.note('a/', 1_000);
  hints.note('a/', 1_500);
  t.is(hints.dueAt(), 3_500);
  t.deepEqual(hints.take(3_499), { folders: [], areAll: false });
  t.deepEqual(hints.take(3_500), { folders: ['a/'], areAll: true });
  t.is(hints.size(), 0);
});

test('a folder that changes all the time is looked at after ten delays, and holds up no other', t => {
  const hints = createHints(DELAY);
  for (let now = 0; now <= 19_900; now += 100) hints.note('busy/', now);
  hints.note('calm/', 10_000);
  t.deepEqual(hints.take(12_600), { folders: ['calm/'], areAll: false });
  t.is(hints.dueAt(), 20_000);
  t.deepEqual(hints.take(20_000).folders, ['busy/']);
});

test('folders that come to rest at about the same time are looked at together', t => {
  const hints = createHints(DELAY);
  hints.note('from/', 0);
  hints.note('to/', 300);
  t.is(hints.dueAt(), 2_300);
  t.deepEqual(hints.take(2_300), { folders: ['from/', 'to/'], areAll: true });
});

test('what is put off is looked at with all others when its time is over', t => {
  const hints = createHints(DELAY);
  hints.notePutOff('from/', 0);
  for (let now = 0; now < 20_000; now += 1_900) hints.note('busy/', now);
  const { folders, areAll } = hints.take(2_000);
  t.deepEqual([folders, areAll], [['from/'], false]);
  hints.notePutOff('from/', 0);
  hints.note('busy/', 19_990);
  t.deepEqual(hints.take(20_000), { folders: ['busy/', 'from/'], areAll: true });
});

test('a folder in which something failed waits for its time or for an event', t => {
  const hints = createHints(DELAY);
  hints.noteFor('failed/', 60_000);
  t.is(hints.dueAt(), 60_000);
  hints.note('failed/', 10_000);
  t.is(hints.dueAt(), 12_000);
});

test('every change is looked at within ten delays and what puts folders together', t => {
  const events = fc.array(fc.record({ folder: fc.constantFrom('a/', 'b/', 'c/'), pause: fc.nat(5_000) }));
  fc.assert(
    fc.property(events, list => {
      const hints = createHints(DELAY);
      const waiting = new Map<string, number>();
      let now = 0;
      const look = (until: number) => {
        for (let due = hints.dueAt(); due !== undefined && due <= until; due = hints.dueAt()) {
          for (const folder of hints.take(due).folders) {
            t.true(due - waiting.get(folder)! <= 10 * DELAY + 500);
            waiting.delete(folder);
          }
        }
      };
      for (const { folder, pause } of list) {
        now += pause;
        look(now);
        hints.note(folder, now);
        if (!waiting.has(folder)) waiting.set(folder, now);
      }
      look(Number.POSITIVE_INFINITY);
      return waiting.size === 0 && hints.size() === 0;
    }),
  );
});
