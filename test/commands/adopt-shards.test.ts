import { copyFileSync, existsSync, mkdirSync, readdirSync, renameSync, rmSync, symlinkSync } from 'node:fs';
import { basename, join } from 'node:path';
import test from 'ava';
import fc from 'fast-check';
import { shardOf } from '../../src/engine/local/shard.ts';
import { lockLedger } from '../../src/ledger/lock.ts';
import { adoptHere, syncHere } from '../support/in-process.ts';
import { canMount, mount, unmount } from '../support/mounts.ts';
import { openSandbox, type Sandbox, sandbox } from '../support/sandbox.ts';
import { until } from '../support/until.ts';

const mountTest = canMount() ? test.serial : test.serial.skip;

/** Of names, one whose folder is the wanted shard's. */
function folderOfShard(index: number, count: number): string {
  for (let i = 0; ; i++) if (shardOf(`d${i}`, count) === index) return `d${i}`;
}

const run = (box: Sandbox, shard: string, others: Record<string, unknown> = {}) =>
  syncHere(box, { overrides: { delete_sync: 1, max_delete: 1000, shard, ...others } });
const adopt = (box: Sandbox, shard: string, from?: string[]) =>
  adoptHere(box, { overrides: { shard }, ...(from && { from }) });
const shardsOf = (count: number) =>
  count === 1 ? [''] : Array.from({ length: count }, (_, index) => `${index}/${count}`);
const ledgersIn = (home: string) =>
  readdirSync(join(home, 'db'))
    .filter(name => /^[^.]+\.db$/.test(name) && !name.startsWith('history'))
    .map(name => join(home, 'db', name));

test.serial(
  'another division is taken over shard by shard, and nothing is sent; the one before is refused from then on',
  async t => {
    const box = await sandbox(t);
    const [mine, other] = [folderOfShard(0, 2), folderOfShard(1, 2)];
    for (const path of [`${mine}/a`, `${other}/b`]) box.write(path, path);
    t.is((await run(box, '')).code, 0);
    const refused = await run(box, '0/2');
    t.is(refused.code, 4);
    t.regex(refused.err, /cos_sync ledger adopt --shard 0\/2\n$/);
    box.proxy.requests.length = 0;
    const first = await adopt(box, '0/2');
    t.is(first.code, 0, first.err);
    t.deepEqual(first.json.waiting, ['1/2']);
    const second = await run(box, '1/2');
    t.is(second.code, 4);
    t.regex(second.err, /cos_sync ledger adopt --shard 1\/2\n$/);
    const whole = await run(box, '');
    t.is(whole.code, 4);
    t.regex(whole.err, /run with shards of 2.*cos_sync ledger adopt\n$/);
    t.is((await run(box, '0/2')).code, 0);
    t.is((await adopt(box, '1/2')).code, 0);
    t.is((await run(box, '1/2')).code, 0);
    t.deepEqual(box.proxy.requests, []);
    t.is((await run(box, '')).code, 4);
    t.is(ledgersIn(box.home).length, 2, 'the ledger of the whole is out of sight');
    const again = await adopt(box, '1/2');
    t.is(again.code, 0);
    t.deepEqual(again.json.adopted, []);
    rmSync(join(box.local, other), { recursive: true });
    for (let round = 0; round < 2; round++) for (const shard of shardsOf(2)) await run(box, shard);
    t.deepEqual(await box.keys(), [`backup/${mine}/`, `backup/${mine}/a`]);
  },
);

test.serial(
  'whatever it was divided into, and whoever took over first: after it a run sends nothing, and deletes what is gone',
  async t => {
    const FOLDERS = ['', 'a/', 'a/b/', 'c/', 'd/', '资料/'];
    const counts = fc.array(fc.integer({ min: 1, max: 4 }), { minLength: 2, maxLength: 4 });
    await fc.assert(
      fc.asyncProperty(counts, fc.infiniteStream(fc.nat()), async (divisions, chance) => {
        const box = await openSandbox();
        const below = (limit: number) => chance.next().value! % limit;
        const inAnyOrder = (shards: string[]) => {
          const left = [...shards];
          return shards.map(() => left.splice(below(left.length), 1)[0]!);
        };
        try {
          for (const folder of FOLDERS)
            for (const name of ['f', 'g']) box.write(folder + name, folder + name);
          for (const shard of shardsOf(divisions[0]!)) t.is((await run(box, shard)).code, 0);
          box.proxy.requests.length = 0;
          for (const [index, count] of divisions.entries()) {
            if (count === divisions[index - 1] || index === 0) continue;
            const shards = inAnyOrder(shardsOf(count));
            // One that not all have changed to is left again as well.
            const isLast = index === divisions.length - 1;
            for (const shard of isLast ? shards : shards.slice(0, 1 + below(count))) {
              const { code, err } = await adopt(box, shard);
              t.is(code, 0, err);
              if (below(2) === 0) t.is((await run(box, shard)).code, 0);
            }
          }
          // The last one may have been changed to by some before.
          const last = inAnyOrder(shardsOf(divisions.at(-1)!));
          for (const shard of last) await adopt(box, shard);
          for (const shard of last) t.like((await run(box, shard)).json, { exit_code: 0, deletes_held: 0 });
          t.deepEqual(box.proxy.requests, []);
          t.is(ledgersIn(box.home).length, last.length);
          const kept = FOLDERS.filter(() => below(2) === 0);
          for (const folder of FOLDERS) if (!kept.includes(folder)) rmSync(join(box.local, `${folder}f`));
          for (let round = 0; round < 2; round++) for (const shard of last) await run(box, shard);
          const expected = FOLDERS.flatMap(folder => [
            ...(folder === '' ? [] : [folder]),
            ...(kept.includes(folder) ? [`${folder}f`] : []),
            `${folder}g`,
          ]);
          t.deepEqual(await box.keys(), expected.map(path => `backup/${path}`).sort());
        } finally {
          await box.close();
        }
      }),
      { numRuns: 10 },
    );
  },
);

test.serial(
  "what a shard deleted is forgotten by the division before, and another's object in its place stays",
  async t => {
    const box = await sandbox(t);
    const [mine, other] = [folderOfShard(0, 2), folderOfShard(1, 2)];
    for (const path of [`${mine}/gone`, `${mine}/a`, `${other}/b`]) box.write(path, path);
    await run(box, '');
    await adopt(box, '0/2');
    rmSync(join(box.local, mine, 'gone'));
    for (let round = 0; round < 2; round++) await run(box, '0/2');
    const key = `backup/${mine}/gone`;
    t.false((await box.keys()).includes(key));
    const { bucket, region } = box.server;
    await box.cos.putObject({ Bucket: bucket, Region: region, Key: key, Body: "another's" });
    const back = await adopt(box, '');
    t.is(back.code, 0, back.err);
    for (let round = 0; round < 2; round++)
      t.like((await run(box, '')).json, { exit_code: 0, upload_file_ok: 0 });
    t.is((await box.objects()).get(key)?.toString(), "another's");
  },
);

test.serial('no ledger is taken over while one of them is in use', async t => {
  const box = await sandbox(t);
  box.write('a', 'a');
  for (const shard of shardsOf(2)) await run(box, shard);
  const before = box.filesIn(join(box.home, 'db'));
  for (const file of ledgersIn(box.home)) {
    const lock = await lockLedger(file, () => {});
    for (const shard of ['', '0/3']) t.is((await adopt(box, shard)).code, 3);
    await lock.release();
  }
  for (const [file, content] of before) {
    if (file.endsWith('.db')) t.is(box.filesIn(join(box.home, 'db')).get(file), content);
  }
  t.is((await run(box, '0/2')).code, 0);
});

test.serial(
  'where the ledger of a shard is not there, nothing is taken over, until --from names it',
  async t => {
    const box = await sandbox(t);
    const [mine, other] = [folderOfShard(0, 2), folderOfShard(1, 2)];
    for (const path of [`${mine}/a`, `${other}/b`]) box.write(path, path);
    await run(box, '0/2');
    const [first = ''] = ledgersIn(box.home);
    await run(box, '1/2');
    const elsewhere = join(box.root, 'elsewhere');
    mkdirSync(elsewhere);
    const moved = join(elsewhere, 'of another machine.db');
    renameSync(first, moved);
    for (const shard of ['', '0/3']) {
      const { code, err } = await adopt(box, shard);
      t.is(code, 4);
      t.regex(err, /of shards 0\/2 are not in db\//);
    }
    box.proxy.requests.length = 0;
    // One that is in db/ may be named as well, by whatever name, and more than once.
    const link = join(box.root, 'link to db');
    symlinkSync(join(box.home, 'db'), link, 'junction');
    const named = [moved, moved, join(link, basename(ledgersIn(box.home)[0] ?? ''))];
    t.is((await adopt(box, '0/3', named)).code, 0);
    for (const shard of shardsOf(3)) t.is((await adopt(box, shard, [moved])).code, 0);
    for (const shard of shardsOf(3)) t.is((await run(box, shard)).code, 0);
    t.deepEqual(box.proxy.requests, []);
  },
);

test.serial('a machine with a home of its own takes over from copies of the ledgers', async t => {
  const box = await sandbox(t);
  for (const path of ['a', 'd/b', 'e/c', 'f/g']) box.write(path, path);
  await run(box, '');
  const [whole = ''] = ledgersIn(box.home);
  for (const shard of shardsOf(3)) {
    const home = join(box.root, `home ${shard[0]}`);
    mkdirSync(join(home, 'conf'), { recursive: true });
    mkdirSync(join(home, 'db'));
    const copy = join(home, 'copy.db');
    copyFileSync(whole, copy);
    copyFileSync(join(box.home, 'conf', 'config.json'), join(home, 'conf', 'config.json'));
    const there = { ...box, home };
    t.is((await adopt(there, shard, [copy])).code, 0);
    box.proxy.requests.length = 0;
    t.is((await run(there, shard)).code, 0);
    t.deepEqual(box.proxy.requests, []);
    t.deepEqual((await adopt(there, shard, [copy])).json.adopted, [], 'it is taken over once');
  }
});

test.serial(
  'where a kill left the ledgers of the division before in sight, they are out of force, and put away by the next',
  async t => {
    const box = await sandbox(t);
    for (const path of ['a', 'd/b', 'e/c']) box.write(path, path);
    await run(box, '');
    const [whole = ''] = ledgersIn(box.home);
    copyFileSync(whole, join(box.root, 'whole'));
    for (const shard of shardsOf(2)) await adopt(box, shard);
    copyFileSync(join(box.root, 'whole'), whole);
    t.is((await run(box, '')).code, 4);
    box.proxy.requests.length = 0;
    for (const shard of shardsOf(2)) t.is((await run(box, shard)).code, 0);
    t.deepEqual(box.proxy.requests, []);
    t.deepEqual((await adopt(box, '1/2')).json.adopted, []);
    t.is(ledgersIn(box.home).length, 2);
  },
);

test.serial("a folder that moved is taken over by each shard, the shard's own alone", async t => {
  const box = await sandbox(t);
  for (const path of ['a', 'd/b', 'e/c', 'f/g']) {
    box.write(path, path);
    box.age(path);
  }
  for (const shard of shardsOf(2)) await run(box, shard);
  const moved = join(box.root, 'moved');
  renameSync(box.local, moved);
  box.configure({ local_path: moved });
  t.regex((await run(box, '0/2', { max_delete: 0 })).err, /ledger adopt --shard 0\/2 --from /);
  for (const shard of shardsOf(2)) t.is((await adopt(box, shard)).code, 0);
  box.proxy.requests.length = 0;
  t.like((await run(box, '1/2')).json, { upload_file_ok: 0, exit_code: 0 });
  rmSync(join(moved, 'd', 'b'));
  for (let round = 0; round < 2; round++) for (const shard of shardsOf(2)) await run(box, shard);
  t.false((await box.keys()).includes('backup/d/b'));
});

test.serial(
  'a folder that moved and is divided since is taken over with --from, by each shard its own',
  async t => {
    const box = await sandbox(t);
    const paths = ['a', 'd/b', 'e/c', 'f/g'];
    for (const path of paths) {
      box.write(path, path);
      box.age(path);
    }
    await run(box, '', { create_folders: 0 });
    const whole = ledgersIn(box.home);
    const moved = join(box.root, 'moved');
    renameSync(box.local, moved);
    box.configure({ local_path: moved, create_folders: 0 });
    let records = 0;
    for (const shard of shardsOf(2)) {
      const { code, json } = await adopt(box, shard, whole);
      t.is(code, 0);
      for (const each of json.adopted as { records: number }[]) records += each.records;
    }
    t.is(records, paths.length);
    for (const shard of shardsOf(2))
      t.like((await run(box, shard)).json, { exit_code: 0, upload_file_ok: 0 });
  },
);

test.serial('what was begun and never heard of falls to the shard that it is of', async t => {
  const box = await sandbox(t);
  const mine = folderOfShard(0, 2);
  for (const path of [`${mine}/begun`, `${mine}/stays`, 'a']) box.write(path, path);
  box.proxy.fault = ({ method, path }) =>
    method === 'PUT' && path.endsWith('/begun') ? { kind: 'loseAnswer' } : undefined;
  await run(box, '', { retry_num: 0 });
  box.proxy.fault = undefined;
  t.true((await box.keys()).includes(`backup/${mine}/begun`));
  for (const shard of shardsOf(2)) await adopt(box, shard);
  rmSync(join(box.local, mine, 'begun'));
  for (let round = 0; round < 2; round++) for (const shard of shardsOf(2)) await run(box, shard);
  const keys = await box.keys();
  t.false(keys.includes(`backup/${mine}/begun`));
  t.true(keys.includes(`backup/${mine}/stays`));
});

test.serial('an upload in parts that was begun goes on in the shard that it is of', async t => {
  const box = await sandbox(t);
  const mine = folderOfShard(1, 2);
  box.write(`${mine}/large`, Buffer.alloc(4 * 1024 * 1024, 7));
  const inParts = { multipart_threshold: 1, part_size: 1, thread_num: 1, retry_num: 0 };
  box.proxy.fault = ({ query }) => (query.get('partNumber') === '3' ? { kind: 'reset' } : undefined);
  await run(box, '', inParts);
  box.proxy.fault = undefined;
  for (const shard of shardsOf(2)) await adopt(box, shard);
  box.proxy.requests.length = 0;
  t.is((await run(box, '1/2', inParts)).code, 0);
  const parts = box.proxy.requests.map(({ query }) => query.get('partNumber')).filter(part => part !== null);
  t.true(parts.includes('3'));
  t.false(parts.includes('1'), 'what COS has is not sent again');
  t.is((await box.objects()).get(`backup/${mine}/large`)?.length, 4 * 1024 * 1024);
});

mountTest('a disk that is away when another division begins deletes nothing', async t => {
  const box = await sandbox(t);
  box.write('stays', 's');
  const disk = join(box.local, 'disk');
  mkdirSync(disk);
  mount(t, disk, '-t', 'tmpfs', 'x');
  box.write('disk/a.txt', 'a');
  await run(box, '');
  for (const shard of shardsOf(2)) await adopt(box, shard);
  unmount(disk);
  for (let round = 0; round < 3; round++) for (const shard of shardsOf(2)) await run(box, shard);
  t.true((await box.keys()).includes('backup/disk/a.txt'));
  for (const shard of shardsOf(2)) await adopt(box, shard);
  await adopt(box, '');
  t.is((await run(box, '')).code, 4);
  t.true((await box.keys()).includes('backup/disk/a.txt'));
});

test.serial(
  'a daemon that is not known of syncs nothing more once its folder is divided among shards',
  async t => {
    const box = await sandbox(t);
    box.write('a', 'a');
    box.configure({ daemon_mode: 1, watch: 1, watch_delay: 0.1, daemon_interval: 3600 });
    const daemon = box.start('--json');
    const hasLog = () => existsSync(join(box.home, 'log', 'cos_sync.log'));
    await until(() => hasLog() && / ready /.test(box.log()) && daemon.output().stdout !== '');
    const overrides = { shard: '0/2', daemon_mode: 0, watch: 0 };
    t.is((await adoptHere(box, { overrides })).code, 3);
    const locks = readdirSync(join(box.home, 'db')).filter(name => /\.daemon\.(?!json)/.test(name));
    for (const name of locks) rmSync(join(box.home, 'db', name), { recursive: true });
    // Its last round may be about to end.
    await until(async () => (await adoptHere(box, { overrides })).code === 0);
    box.write('b', 'b');
    await until(() => /divided otherwise/.test(daemon.output().stderr));
    t.deepEqual(await box.keys(), ['backup/a']);
    daemon.child.kill('SIGTERM');
    await daemon.ended;
  },
);
