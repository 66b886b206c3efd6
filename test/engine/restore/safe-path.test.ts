import { join, relative, sep } from 'node:path';
import test from 'ava';
import fc from 'fast-check';
import { createCaseGuard, nameProblem } from '../../../src/engine/restore/safe-path.ts';

const problems = (platform: NodeJS.Platform, ...paths: string[]) =>
  paths.map(path => nameProblem(path, platform) ?? 'fine');

test('a key that would lead out of the folder has no place in it', t => {
  const paths = [
    '../x',
    'a/../../x',
    'a/..',
    '..',
    '.',
    './x',
    '/etc/x',
    'a//b',
    '',
    '/',
    'a/./b',
    'a\0b',
    '//',
  ];
  for (const platform of ['linux', 'win32', 'darwin'] as const) {
    t.deepEqual(
      problems(platform, ...paths),
      paths.map(() => 'UnsafePath'),
      platform,
    );
  }
});

test('on Windows a backslash leads out of the folder, elsewhere it is a part of a name', t => {
  const paths = ['C:\\x', 'a\\..\\..\\x', '\\\\server\\share', 'a\\b'];
  t.deepEqual(
    problems('win32', ...paths),
    paths.map(() => 'UnsafePath'),
  );
  t.deepEqual(
    problems('linux', ...paths),
    paths.map(() => 'fine'),
  );
});

test('names that Windows keeps for devices, or shortens, are refused there', t => {
  const paths = [
    ...['CON', 'con.txt', 'a/NUL', 'aux.tar.gz', 'COM1', 'com¹', 'LPT9.x', 'CONIN$', 'nul .txt'],
    ...['a:b', 'C:x', 'a?', 'a*', 'a|b', '<a>', 'a"b', 'a\u0001b', 'dot.', 'space ', 'a /b', 'a./b', '...'],
  ];
  t.deepEqual(
    problems('win32', ...paths),
    paths.map(() => 'InvalidLocalName'),
  );
  t.deepEqual(
    problems('linux', ...paths),
    paths.map(() => 'fine'),
  );
  t.deepEqual(
    problems('win32', 'CONSOLE', 'com10', 'a.con', 'COM', '.hidden', 'a b', '中文.txt').at(0),
    'fine',
  );
  t.deepEqual(
    new Set(problems('win32', 'CONSOLE', 'a.con', '.hidden', 'a b', '中文.txt')),
    new Set(['fine']),
  );
});

test('a name is as long as the system takes it: bytes, or UTF-16 units on Windows', t => {
  t.deepEqual(problems('linux', 'a'.repeat(255), 'a'.repeat(256), '中'.repeat(85), '中'.repeat(86)), [
    'fine',
    'LocalNameTooLong',
    'fine',
    'LocalNameTooLong',
  ]);
  t.deepEqual(problems('win32', '中'.repeat(255), '中'.repeat(256)), ['fine', 'LocalNameTooLong']);
});

test('whatever a key is, it is refused or its place is below the folder and reads back as the key', t => {
  const unit = fc.constantFrom('a', '.', '..', '/', '\\', ':', '~', ' ', '\0', '中', 'C:', '../', '//');
  fc.assert(
    fc.property(fc.string({ unit, maxLength: 12 }), path => {
      if (nameProblem(path, 'linux') !== undefined) return true;
      const inner = relative('/root', join('/root', path)).split(sep).join('/');
      return (
        `${inner}${path.endsWith('/') ? '/' : ''}` === path && inner !== '..' && !inner.startsWith('../')
      );
    }),
    { numRuns: 2_000 },
  );
  t.pass();
});

test('where case does not count, the second spelling of a file or of a folder above it collides', t => {
  const guard = createCaseGuard(true);
  const paths = ['a/x', 'a/X', 'A/y', 'a/', 'b', 'B/c', 'a/x'];
  t.deepEqual(
    paths.map(path => guard.collides(path)),
    [false, true, true, false, false, true, false],
  );
  const blind = createCaseGuard(false);
  t.deepEqual(
    paths.map(path => blind.collides(path)),
    paths.map(() => false),
  );
});
