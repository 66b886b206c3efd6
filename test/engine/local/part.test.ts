import test from 'ava';
import fc from 'fast-check';
import { folderOf, partOf, recordsOf } from '../../../src/engine/local/part.ts';
import type { LedgerRecord } from '../../../src/ledger/records.ts';

const name = fc.constantFrom('a', 'a-', 'b', 'c');
const folder = fc.array(name, { maxLength: 4 }).map(names => names.map(each => `${each}/`).join(''));
const file = fc.tuple(folder, name).map(([above, last]) => above + last);
const ascending = (paths: Iterable<string>) => [...new Set(paths)].sort((a, b) => (a < b ? -1 : 1));

/** With a folder, those above it are known. */
const known = fc.array(folder).map(folders => {
  const all = new Set(['']);
  for (const one of folders) for (let inner = one; inner !== ''; inner = folderOf(inner)) all.add(inner);
  return all;
});

test('the records of a part are those whose nearest known folder is read, and nothing is passed over', t => {
  fc.assert(
    fc.property(known, fc.array(fc.nat()), fc.array(fc.oneof(file, folder)), (folders, picks, paths) => {
      const all = [...folders];
      const read = new Set(picks.map(pick => all[pick % all.length]!));
      const part = partOf(read, path => folders.has(path));
      const records = ascending(paths.filter(path => path !== '')).map(path => ({ path }) as LedgerRecord);
      const from = (start: string) => records.filter(({ path }) => path >= start);
      const wanted = records.filter(({ path }) => {
        let above = folderOf(path);
        while (!folders.has(above)) above = folderOf(above);
        return read.has(above);
      });
      t.deepEqual([...recordsOf(part, from)], wanted);
    }),
  );
});

test('a part leads to each folder that it reads, and reads what is new in one that it reads', t => {
  fc.assert(
    fc.property(known, fc.array(fc.nat(), { minLength: 1 }), (folders, picks) => {
      const all = [...folders];
      const read = new Set(picks.map(pick => all[pick % all.length]!));
      const part = partOf(read, path => folders.has(path));
      const found = new Set<string>();
      const walk = (path: string) => {
        const look = part.look(path);
        if (look === 'read') found.add(path);
        if (look === 'keep') return;
        const inner = all.filter(other => other !== '' && folderOf(other) === path);
        const names = look === 'pass' ? part.namesIn(path).map(each => path + each) : inner;
        for (const each of ascending(names)) walk(each);
      };
      walk('');
      t.deepEqual(ascending(found), ascending(read));
      for (const path of read) t.is(part.look(`${path}new/`), folders.has(`${path}new/`) ? 'keep' : 'read');
    }),
  );
});
