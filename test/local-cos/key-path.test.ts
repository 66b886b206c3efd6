import test from 'ava';
import { foldedPath, hashedPath, plainPath } from '../../src/local-cos/key-path.ts';

test('an ordinary key is its own path', t => {
  for (const key of ['a', 'a/b.txt', '照片/2026/a b.jpg', '.hidden', '...', 'a.', '😀'])
    t.is(plainPath(key, 'linux'), key);
});

test('a key that could leave the folder, or is not a path, has no plain one', t => {
  for (const key of [
    '',
    '/',
    '/a',
    'a/',
    'a//b',
    '.',
    '..',
    '../a',
    'a/../b',
    'a/./b',
    'a/..',
    'a\0b',
    'a\nb',
    '\x7f',
  ])
    t.is(plainPath(key, 'linux'), undefined, JSON.stringify(key));
  t.is(plainPath('x'.repeat(256), 'linux'), undefined);
  t.is(plainPath('中'.repeat(86), 'linux'), undefined, 'the limit is in bytes');
  t.is(plainPath(`${'x'.repeat(255)}/y`, 'linux'), `${'x'.repeat(255)}/y`);
});

test('names that Windows keeps for itself have no plain path there', t => {
  const names = [
    'CON',
    'nul.txt',
    'Com1',
    'LPT9.log',
    'a.',
    'a ',
    'a<b',
    'a>b',
    'a:b',
    'a"b',
    'a|b',
    'a?b',
    'a*b',
    'a\\b',
  ];
  for (const name of names) {
    t.is(plainPath(name, 'win32'), undefined, name);
    t.is(plainPath(`x/${name}/y`, 'win32'), undefined, name);
    t.is(plainPath(name, 'linux'), name, name);
  }
  for (const name of ['console', 'com', 'com10', 'a.b', '.a', 'nulls.txt'])
    t.is(plainPath(name, 'win32'), name);
});

test('different keys have different hashed paths, equal up to case they have one folded path', t => {
  t.not(hashedPath('../a'), hashedPath('../b'));
  t.regex(hashedPath('../../etc/passwd'), /^[0-9a-f]{2}\/[0-9a-f]{64}$/);
  t.is(foldedPath('A/Straße'), foldedPath('a/STRASSE'));
  t.is(foldedPath('é'), foldedPath('e\u0301'));
  t.not(foldedPath('a/b'), foldedPath('a/c'));
});
