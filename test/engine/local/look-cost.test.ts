import test from 'ava';
import { createLookCost } from '../../../src/engine/local/look-cost.ts';

const LOOKS = 50;

test('storage whose looks take 1 ms is slow after a few folders', t => {
  const cost = createLookCost();
  for (let folder = 0; folder < 3; folder++) cost.took(LOOKS * 1, LOOKS);
  t.true(cost.isSlow());
});

test('storage whose looks take 0.1 ms is slow after some more', t => {
  const cost = createLookCost();
  for (let folder = 0; folder < 12; folder++) cost.took(LOOKS * 0.1, LOOKS);
  t.true(cost.isSlow());
});

test('fast storage stays fast on a machine that holds up many a folder for some ms', t => {
  const cost = createLookCost();
  for (let folder = 0; folder < 20_000; folder++) {
    const isHeldUp = folder % 20 < 5;
    cost.took(LOOKS * 0.005 + (isHeldUp ? 8 : 0), LOOKS);
    t.false(cost.isSlow());
  }
  t.true(cost.isFast());
});
