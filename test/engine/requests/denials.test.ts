import test from 'ava';
import { createDenials } from '../../../src/engine/requests/denials.ts';

const times = (count: number, work: (index: number) => void) =>
  Array.from({ length: count }, (_, index) => index).forEach(work);

test('ten objects of a folder denied in a row spare its others, and nothing beside or above it', t => {
  const denials = createDenials();
  times(9, index => denials.denied(`a/${index}`));
  t.false(denials.isHopeless('a/next'));
  denials.denied('a/9');
  t.true(denials.isHopeless('a/next'));
  for (const path of ['next', 'z/next', 'a/sub/next', 'ab/next']) t.false(denials.isHopeless(path), path);
});

test('an allowed object opens its folder again', t => {
  const denials = createDenials();
  times(10, index => denials.denied(`a/${index}`));
  denials.allowed('a/other');
  t.false(denials.isHopeless('a/next'));
});

test('a hundred denied in many folders close the one above them, and no other', t => {
  const denials = createDenials();
  times(100, index => denials.denied(`a/${index}/x`));
  t.true(denials.isHopeless('a/new/x'));
  t.true(denials.isHopelessAnywhere());
  denials.allowed('z/1');
  t.false(denials.isHopelessAnywhere());
  t.true(denials.isHopeless('a/new/x'), 'z is allowed, a is not');
  t.false(denials.isHopeless('z/2'));
});

test("a folder's own object belongs to that folder", t => {
  const denials = createDenials();
  times(20, index => denials.denied(`a/${index}/`));
  t.false(denials.isHopeless('a/new/'));
  t.false(denials.isHopeless('a/file'));
});
