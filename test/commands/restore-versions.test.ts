import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import test from 'ava';
import { momentOf } from '../../src/commands/restore/moment.ts';
import type { ListedVersion, ObjectStore, VersionMarker } from '../../src/cos/store.ts';
import { objectsAt } from '../../src/engine/restore/objects.ts';
import { restoreHere, syncHere } from '../support/in-process.ts';
import { putObjects, withStore } from '../support/objects.ts';
import { type Sandbox, sandbox } from '../support/sandbox.ts';
import { scaled } from '../support/scale.ts';
import { treeOf } from '../support/tree.ts';

/** COS's times of versions have whole seconds. */
const NEXT_SECOND = 1_100;

const keepVersions = ({ cos, server }: Sandbox, Status: 'Enabled' | 'Suspended' = 'Enabled') =>
  cos.putBucketVersioning({
    Bucket: server.bucket,
    Region: server.region,
    VersioningConfiguration: { Status },
  });

/** A moment between what was done before and what is done after. */
async function betweenTimes(): Promise<string> {
  await delay(NEXT_SECOND);
  const moment = new Date().toISOString();
  await delay(NEXT_SECOND);
  return moment;
}

function contentsOf(folder: string): Record<string, string> {
  const files = Object.keys(treeOf(folder)).filter(path => !path.endsWith('/'));
  return Object.fromEntries(files.map(path => [path, readFileSync(join(folder, path), 'utf8')]));
}

test.serial('with versions a folder comes back as it was at a moment, or when a run ended', async t => {
  const box = await sandbox(t);
  await keepVersions(box);
  await putObjects(box, { 'backup/before': 'there from the beginning' });
  box.write('changed', 'one');
  box.write('deleted', 'deleted later');
  t.is((await syncHere(box)).code, 0);
  const first = await betweenTimes();
  box.write('changed', 'encrypted by somebody');
  box.write('added', 'added later');
  await withStore(box, store => store.deleteMany(['backup/deleted']));
  t.is((await syncHere(box)).code, 0);
  const second = await betweenTimes();
  await withStore(box, store => store.deleteMany(['backup/added']));
  await putObjects(box, { 'backup/deleted': 'again' });

  const wanted = {
    first: { before: 'there from the beginning', changed: 'one', deleted: 'deleted later' },
    second: { added: 'added later', before: 'there from the beginning', changed: 'encrypted by somebody' },
  };
  const restored = async (name: string, when: { at: string } | { run: string }) => {
    const to = join(box.root, name);
    const ended = await restoreHere(box, { to, ...when });
    t.is(ended.code, 0, ended.err);
    return contentsOf(to);
  };
  t.deepEqual(await restored('at first', { at: first }), wanted.first);
  t.deepEqual(await restored('at second', { at: second }), wanted.second);
  t.deepEqual(await restored('run 1', { run: '1' }), wanted.first);
  t.deepEqual(await restored('run 2', { run: '2' }), wanted.second);
  const { changed, before } = wanted.second;
  t.deepEqual(await restored('now', { at: '0s' }), { changed, before, deleted: 'again' });
});

test.serial(
  'a restored older version is not recorded as what COS holds now: the next sync sends it',
  async t => {
    const box = await sandbox(t);
    box.configure({ delete_sync: 0 });
    await keepVersions(box);
    box.write('a', 'right');
    await syncHere(box);
    const moment = await betweenTimes();
    box.write('a', 'wrong!');
    await syncHere(box);
    t.is((await restoreHere(box, { to: box.local, at: moment, overwrite: 'always' })).code, 0);
    t.is(readFileSync(join(box.local, 'a'), 'utf8'), 'right');
    t.like((await syncHere(box)).json, { upload_file_ok: 1 });
    t.is((await box.objects()).get('backup/a')?.toString(), 'right');
  },
);

test.serial('a bucket without versions is exit code 2 and why', async t => {
  const box = await sandbox(t);
  await putObjects(box, { 'backup/a': 'a' });
  const ended = await restoreHere(box, { to: join(box.root, 'back', 'deep'), at: '1h' });
  t.is(ended.code, 2);
  t.is(ended.out, '');
  t.false(existsSync(join(box.root, 'back')));
  t.deepEqual(
    readdirSync(join(box.home, 'db')).filter(name => name.endsWith('.state')),
    [],
  );
  t.regex(ended.err, /^--at: the bucket .* keeps no versions/m);
});

test.serial('a bucket whose versioning is suspended still has its versions', async t => {
  const box = await sandbox(t);
  await keepVersions(box);
  await putObjects(box, { 'backup/a': 'one' });
  const moment = await betweenTimes();
  await keepVersions(box, 'Suspended');
  await putObjects(box, { 'backup/a': 'two' });
  const to = join(box.root, 'back');
  t.is((await restoreHere(box, { to, at: moment })).code, 0);
  t.deepEqual(contentsOf(to), { a: 'one' });
});

test.serial('where the version of a moment is replaced on its way, no other takes its place', async t => {
  const box = await sandbox(t);
  await keepVersions(box);
  await keepVersions(box, 'Suspended');
  box.configure({ part_size: 1, multipart_threshold: 1, thread_num: 1 });
  const large = (letter: string) => letter.repeat(2 * 1024 * 1024);
  await putObjects(box, { 'backup/a': 'good', 'backup/b': large('g') });
  const at = await betweenTimes();
  let isReplaced = false;
  box.proxy.fault = ({ method, path }) => {
    if (method !== 'GET' || !/\/[ab]\b/.test(path) || isReplaced) return undefined;
    isReplaced = true;
    return { kind: 'wait', until: putObjects(box, { 'backup/a': 'evil', 'backup/b': large('e') }) };
  };
  const to = join(box.root, 'back');
  const ended = await restoreHere(box, { to, at });
  t.is(ended.code, 1, ended.err);
  t.deepEqual(
    ended.json.errors.map(({ code }) => code),
    ['NoSuchVersion', 'NoSuchVersion'],
  );
  t.false(existsSync(to));
});

test.serial('a moment is a time, or how long ago', t => {
  const now = Date.parse('2026-11-20T12:00:00Z');
  t.is(momentOf('2h', now), Date.parse('2026-11-20T10:00:00Z'));
  t.is(momentOf('3D', now), Date.parse('2026-11-17T12:00:00Z'));
  t.is(momentOf('2026-11-19T08:30:00+08:00', now), Date.parse('2026-11-19T00:30:00Z'));
  t.is(momentOf('2026-11-19', now), new Date(2026, 10, 19).getTime());
  t.is(momentOf('2026-11-19 08:30', now), new Date(2026, 10, 19, 8, 30).getTime());
  for (const wrong of ['', 'yesterday', '2h ago', '-1h', '2026-13-01', '2026-11-19T25:00', '12', '1.5h']) {
    t.is(momentOf(wrong, now), undefined, wrong);
  }
});

test.serial(
  `${scaled('a hundred thousand', 'a million')} versions are gone through page by page, and not kept`,
  async t => {
    const [pages, perPage, keys] = [scaled(100, 1_000), 1_000, 10];
    let asked = 0;
    let mostHeld = 0;
    const versionAt = (index: number): ListedVersion => {
      const [key, age] = [Math.floor(index / ((pages * perPage) / keys)), index % ((pages * perPage) / keys)];
      return {
        key: `backup/${String(key).padStart(3, '0')}`,
        versionId: String(index),
        isDeletion: age % 3 === 0,
        etag: 'e',
        size: 1,
        lastModified: new Date(1_700_000_000_000 - age * 1_000).toISOString(),
        storageClass: '',
      };
    };
    const store = {
      async listVersions(_: string, marker: VersionMarker | undefined) {
        const start = Number(marker?.versionId ?? 0);
        asked++;
        mostHeld = Math.max(mostHeld, process.memoryUsage().heapUsed);
        const next =
          start + perPage < pages * perPage ? { key: 'k', versionId: String(start + perPage) } : undefined;
        return { items: Array.from({ length: perPage }, (_, index) => versionAt(start + index)), next };
      },
    } as unknown as ObjectStore;
    const requests = { send: <T>(request: () => Promise<T>) => request() };
    const before = process.memoryUsage().heapUsed;
    let found = 0;
    for await (const object of objectsAt(store, requests, 'backup/', 1_700_000_000_000 - 9_999_000 + 2_000)) {
      found++;
      t.is(Number(object.versionId) % ((pages * perPage) / keys), 9_997);
    }
    t.is(found, keys);
    t.is(asked, pages);
    t.true(mostHeld - before < 200 * 1024 * 1024, `${Math.round((mostHeld - before) / 1e6)} MB`);
  },
);
