import test from 'ava';
import fc from 'fast-check';
import { createFilter } from '../../../src/engine/local/filter.ts';

function filterOf(include: string[], exclude: string[], reserved: string[] = []) {
  return createFilter({
    include,
    exclude,
    own: { reserved, inos: new Set(), identities: new Set() },
    systemFolders: [],
  });
}

interface Row {
  include?: string[];
  exclude?: string[];
  out: string[];
  in: string[];
}

const TABLE: Record<string, Row> = {
  'a pattern without a slash matches a name at any depth': {
    exclude: ['*.tmp'],
    out: ['x.tmp', 'a/x.tmp', 'a/b/.tmp'],
    in: ['x.txt', 'tmp', 'x.tmp.txt'],
  },
  'a pattern with a slash starts at local_path': {
    exclude: ['cache/*.bin'],
    out: ['cache/a.bin'],
    in: ['a/cache/a.bin', 'cache/b/a.bin'],
  },
  'a leading slash ties a name to local_path itself': {
    exclude: ['/build'],
    out: ['build', 'build/a'],
    in: ['a/build', 'a/build/b'],
  },
  'a pattern that matches a folder covers what is in it': {
    exclude: ['node_modules'],
    out: ['node_modules/a', 'x/node_modules/a/b'],
    in: ['node_modules2/a', 'x/my_node_modules'],
  },
  'a pattern that ends with a slash matches folders only': {
    exclude: ['logs/', '/tmp\\'],
    out: ['logs/a', 'x/logs/a', 'tmp/a'],
    in: ['mylogs/a', 'x/logs', 'tmp'],
  },
  'parentheses and other characters of usual names are only themselves': {
    exclude: ['*(1).jpg', 'Program Files (x86)/*', '*+b', '$RECYCLE.BIN', '~$*', '!x*'],
    out: ['photo (1).jpg', 'Program Files (x86)/a', 'a+b', '$RECYCLE.BIN/a', '~$doc.docx', '!xy'],
    in: ['photo 1.jpg', 'photo (11).jpg', 'ab', 'Program Files x86/a'],
  },
  'brackets list characters, and those that it must not be after an exclamation mark': {
    exclude: ['a[0-9].txt', 'b[!0-9].txt', 'c[[]1].txt', 'd[*]'],
    out: ['a1.txt', 'bx.txt', 'c[1].txt', 'd*'],
    in: ['ax.txt', 'b1.txt', 'c1.txt', 'dx'],
  },
  'two stars match any number of folders': {
    exclude: ['a/**/z.txt'],
    out: ['a/z.txt', 'a/b/c/z.txt'],
    in: ['b/a/z.txt'],
  },
  'names that begin with a dot are matched like others': {
    exclude: ['*.cfg'],
    out: ['.hidden.cfg', '.cfg'],
    in: [],
  },
  'braces list alternatives': { exclude: ['*.{log,bak}'], out: ['a.log', 'b/c.bak'], in: ['a.txt'] },
  'characters outside ASCII are matched': { exclude: ['*草稿*'], out: ['我的草稿.txt'], in: ['正文.txt'] },
  'a backslash in a pattern is a path separator': { exclude: ['a\\b'], out: ['a/b', 'a/b/c'], in: ['b'] },
  'include leaves out everything else': {
    include: ['*.jpg', 'docs'],
    out: ['a.txt', 'x/b.txt'],
    in: ['a.jpg', 'x/y/b.jpg', 'docs/a.txt'],
  },
  'exclude wins over include': {
    include: ['*.jpg'],
    exclude: ['private'],
    out: ['private/a.jpg'],
    in: ['public/a.jpg'],
  },
};

for (const [title, { include = [], exclude = [], ...row }] of Object.entries(TABLE)) {
  test(title, t => {
    const filter = filterOf(include, exclude);
    t.deepEqual(
      row.out.filter(path => !filter.excludes(path)),
      [],
      'should be left out',
    );
    t.deepEqual(
      row.in.filter(path => filter.excludes(path)),
      [],
      'should take part',
    );
  });
}

test('a folder is walked when something in it may take part', t => {
  const filter = filterOf(['deep/**/*.jpg'], ['cache', '*.tmp']);
  t.true(filter.excludesFolder('cache/'));
  t.true(filter.excludesFolder('a/cache/'));
  t.true(filter.excludesFolder('a/cache/b/'));
  t.false(filter.excludesFolder('a/'));
  t.false(filter.excludesFolder('deep/'));
});

test('with include, only folders that it covers have an object of their own', t => {
  const filter = filterOf(['docs', 'deep/**/*.jpg', 'photos/**'], ['*.tmp']);
  t.false(filter.excludesFolderObject('docs/'));
  t.false(filter.excludesFolderObject('docs/2025/'));
  t.false(filter.excludesFolderObject('photos/a/'));
  t.true(filter.excludesFolderObject('deep/'));
  t.true(filter.excludesFolderObject('other/'));
  t.true(filter.excludesFolderObject('docs/x.tmp/'));
  t.false(filterOf([], []).excludesFolderObject('any/'));
});

test('a path that is left out knows the pattern that did it', t => {
  const filter = filterOf(['*.jpg', 'docs'], ['cache', '/a/*.jpg'], ['tool/db/']);
  t.deepEqual(filter.exclusionOf('tool/db/x'), { by: 'ownFolder', folder: 'tool/db/' });
  t.deepEqual(filter.exclusionOf('x/cache/y/1.jpg'), {
    by: 'exclude',
    pattern: 'cache',
    matched: 'x/cache/',
  });
  t.deepEqual(filter.exclusionOf('a/1.jpg'), { by: 'exclude', pattern: '/a/*.jpg', matched: 'a/1.jpg' });
  t.deepEqual(filter.exclusionOf('a/1.txt'), { by: 'include' });
  t.is(filter.exclusionOf('b/1.jpg'), undefined);
});

test('a name without wildcards matches itself and nothing else', t => {
  const name = fc.string({
    unit: fc.constantFrom(...'ab.中 ()|+@^$!"#~&;=,%\'-<>:'),
    minLength: 1,
    maxLength: 6,
  });
  fc.assert(
    fc.property(name, name, (one, other) => {
      fc.pre(one !== '.' && one !== '..');
      const filter = filterOf([], [one]);
      t.true(filter.excludes(one), one);
      t.true(filter.excludes(`x/${one}/y`), one);
      t.is(filter.excludes(other), one === other, `${one} ${other}`);
    }),
    { numRuns: 300 },
  );
});

test('reserved folders and files never take part, whatever is included', t => {
  const filter = filterOf(['**'], [], ['tool/db/', 'tool/log/', 'tool/my.json']);
  t.true(filter.excludes('tool/db/x.db'));
  t.true(filter.excludesFolder('tool/log/'));
  t.true(filter.excludes('tool/my.json'));
  t.false(filter.excludes('tool/my.json.txt'));
  t.false(filter.excludes('tool/data.txt'));
  t.false(filter.excludes('tool/dbx/data.txt'));
});

test('nothing in an excluded folder ever takes part', t => {
  const names = fc.array(fc.constantFrom('a', 'b', 'c.tmp', '.d', '中'), { minLength: 1, maxLength: 4 });
  const patterns = fc.array(fc.constantFrom('a', '*.tmp', '/b', 'a/**', '.d/*', '**/中'), { maxLength: 3 });
  fc.assert(
    fc.property(names, names, patterns, (above, below, exclude) => {
      const filter = filterOf([], exclude);
      const folder = `${above.join('/')}/`;
      if (filter.excludesFolder(folder)) t.true(filter.excludes(folder + below.join('/')));
      else t.pass();
    }),
  );
});
