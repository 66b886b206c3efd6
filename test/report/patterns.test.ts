import test from 'ava';
import { splitAtCommas } from '../../src/config/pattern.ts';
import { createFilter } from '../../src/engine/local/filter.ts';
import { sandbox } from '../support/sandbox.ts';

test('a filter knows which of its patterns matched nothing, also where another pattern decided', t => {
  const filter = createFilter({
    include: ['*.txt', 'docs/', '*.md'],
    exclude: ['*.tmp', 'a.tmp', 'cache/', 'never', '*.log'],
    own: { reserved: [], inos: new Set(), identities: new Set() },
    systemFolders: [],
  });
  for (const path of ['a.tmp', 'x.txt', 'docs/b.bin', 'cache']) filter.excludes(path);
  filter.excludesFolder('old/');
  t.deepEqual(filter.unmatched(), { include: ['*.md'], exclude: ['cache/', 'never', '*.log'] });
  filter.excludesFolder('cache/');
  filter.exclusionOf('x/never/y.log');
  t.deepEqual(filter.unmatched(), { include: ['*.md'], exclude: ['*.log'] });
});

test('only a comma outside braces divides a pattern', t => {
  t.deepEqual(splitAtCommas('*.jpg, *.{a,b},c'), ['*.jpg', '*.{a,b}', 'c']);
  t.is(splitAtCommas('*.{jpg,txt}'), undefined);
});

test('--exclude and --include are repeated, or a JSON array, or a pattern with brackets', async t => {
  const box = await sandbox(t);
  box.configure({ exclude: ['*'] });
  for (const name of ['a.jpg', 'b.txt', '1.png', 'c.md']) box.write(name, name);
  const planned = async (...args: string[]) => {
    const { code, stdout } = await box.run('--dry-run', '--json', ...args);
    t.is(code, 0);
    return stdout
      .split('\n')
      .filter(line => line.includes('"op"'))
      .map(line => JSON.parse(line).path);
  };
  t.deepEqual(await planned('--exclude', '["*.jpg", "*.txt"]'), ['1.png', 'c.md']);
  t.deepEqual(await planned('--exclude', '*.jpg', '--exclude=["b*"]', '--include', '["?.*"]'), [
    '1.png',
    'c.md',
  ]);
  t.deepEqual(await planned('--exclude', '[12].png'), ['a.jpg', 'b.txt', 'c.md']);
  t.deepEqual(await planned('--exclude='), ['1.png', 'a.jpg', 'b.txt', 'c.md']);
  t.regex(
    (await box.run('--exclude', '["*.jpg", 1]')).stderr,
    /^cos_sync: --exclude: must be a list of patterns/,
  );
});

test('a pattern that matched nothing is said at the end, and a comma that was meant to separate before it', async t => {
  const box = await sandbox(t);
  box.write('a.jpg', 'a');
  box.write('Smith, John.txt', 'b');
  box.configure({ exclude: ['never*', 'Smith, John.*'] });
  t.is((await box.run('--dry-run')).stderr, 'exclude: "never*" matched nothing\n');
  t.is((await box.run('--dry-run', '--quiet')).stderr, '');

  const { code, stderr } = await box.run('--exclude', '*.jpg,*.txt');
  t.is(code, 0);
  const hint = 'a comma separates only inside {}. Write several patterns as ["*.jpg", "*.txt"]';
  t.is(
    stderr,
    `--exclude: "*.jpg,*.txt" is one pattern: ${hint}\n--exclude: "*.jpg,*.txt" matched nothing: ${hint}\n`,
  );
  t.regex(box.log(), /unmatched .*exclude="\[\\"\*\.jpg,\*\.txt\\"\]"/);
});

test('an include that leaves no file at all is said', async t => {
  const box = await sandbox(t);
  box.write('film.mp4', 'a');
  box.write('folder/clip.mov', 'b');
  box.configure({ include: ['*.mp4,*.mov'] });
  const { code, stderr } = await box.run('--quiet');
  t.is(code, 0);
  t.regex(stderr, /include: no file matches: nothing takes part in the sync\n$/);
  t.deepEqual(await box.keys(), []);
  t.is((await box.run('--include', '*.mov', '--include', '*.mp4')).stderr, '');
});
