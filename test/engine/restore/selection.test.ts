import test from 'ava';
import { createSelection } from '../../../src/engine/restore/selection.ts';

const PATHS = ['docs/a.txt', 'docs/sub/b.txt', 'docs.txt', 'photos/', 'photos/1.jpg', 'a[1].txt', 'x/docs/c'];

function taken(...wanted: string[]): string[] {
  const selection = createSelection(wanted);
  return PATHS.filter(path => path.startsWith(selection.common) && selection.takes(path));
}

test('nothing named is everything', t => {
  t.deepEqual(taken(), PATHS);
  t.is(createSelection([]).common, '');
});

test('a file, or a folder with all that is in it, is named by its path', t => {
  t.deepEqual(taken('docs/a.txt'), ['docs/a.txt']);
  t.deepEqual(taken('docs'), ['docs/a.txt', 'docs/sub/b.txt']);
  t.deepEqual(taken('./docs/'), ['docs/a.txt', 'docs/sub/b.txt']);
  t.deepEqual(taken('photos'), ['photos/', 'photos/1.jpg']);
  t.deepEqual(taken('photos', 'docs.txt'), ['docs.txt', 'photos/', 'photos/1.jpg']);
});

test('a pattern matches as in include', t => {
  t.deepEqual(taken('*.txt'), ['docs/a.txt', 'docs/sub/b.txt', 'docs.txt', 'a[1].txt']);
  t.deepEqual(taken('docs/*.txt'), ['docs/a.txt']);
  t.deepEqual(taken('d?cs'), ['docs/a.txt', 'docs/sub/b.txt', 'x/docs/c']);
});

test('a name may hold what is special in a pattern', t => {
  t.deepEqual(taken('a[1].txt'), ['a[1].txt']);
  t.deepEqual(taken('a[1'), []);
});

test('only what all have in common at their beginning is listed', t => {
  t.is(createSelection(['docs/a.txt']).common, 'docs/a.txt');
  t.is(createSelection(['docs/a.txt', 'docs/b*']).common, 'docs/');
  t.is(createSelection(['*.txt', 'docs']).common, '');
  t.is(createSelection(['a/😀', 'a/😁']).common, 'a/');
});

test('what never came up is known', t => {
  const selection = createSelection(['docs', 'nothing', '*.mp4']);
  selection.takes('docs/a');
  t.deepEqual(selection.unmatched(), ['nothing', '*.mp4']);
});
