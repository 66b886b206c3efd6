import { mkdirSync, renameSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import test from 'ava';
import fc from 'fast-check';
import { shardOf } from '../../src/engine/local/shard.ts';
import { createLedger } from '../../src/ledger/ledger.ts';
import { ledgerFile } from '../../src/ledger/task.ts';
import { syncHere } from '../support/in-process.ts';
import { recordOf } from '../support/records.ts';
import { openSandbox, type Sandbox, sandbox } from '../support/sandbox.ts';
import { taskIn } from '../support/task.ts';

const DELETING = { delete_sync: 1, max_delete: 1000 };

/** Of names, one whose folder is the wanted shard's. */
function folderOfShard(index: number, count: number): string {
  for (let i = 0; ; i++) if (shardOf(`d${i}`, count) === index) return `d${i}`;
}

const runShard = (box: Sandbox, shard: string, others: Record<string, unknown> = {}) =>
  syncHere(box, { overrides: { ...DELETING, shard, ...others } });

test('each shard sends its own folders and files, and together they send all', async t => {
  const box = await sandbox(t);
  box.configure();
  const [mine, other] = [folderOfShard(0, 2), folderOfShard(1, 2)];
  box.write(`${mine}/a`, 'one');
  box.write(`${other}/b`, 'two');
  t.is((await runShard(box, '0/2')).code, 0);
  t.deepEqual(await box.keys(), [`backup/${mine}/`, `backup/${mine}/a`]);
  t.is((await runShard(box, '1/2')).code, 0);
  t.deepEqual(
    await box.keys(),
    [`backup/${mine}/`, `backup/${mine}/a`, `backup/${other}/`, `backup/${other}/b`].sort(),
  );
});

test('what moved to another shard stays in COS until that one had a run in which to send it', async t => {
  const box = await sandbox(t);
  box.configure();
  const [mine, other] = [folderOfShard(0, 2), folderOfShard(1, 2)];
  box.write(`${mine}/a`, 'one');
  box.write(`${mine}/stays`, 'three');
  box.write(`${other}/b`, 'two');
  for (const shard of ['0/2', '1/2']) await runShard(box, shard);
  renameSync(join(box.local, mine, 'a'), join(box.local, other, 'a'));
  const first = await runShard(box, '0/2');
  t.is(first.code, 0);
  t.like(first.json, { del_file_ok: 0, deletes_held: 1 });
  t.true((await box.keys()).includes(`backup/${mine}/a`));
  t.like((await runShard(box, '1/2')).json, { upload_file_ok: 1 });
  t.like((await runShard(box, '0/2')).json, { del_file_ok: 1, deletes_held: 0 });
  const keys = await box.keys();
  t.false(keys.includes(`backup/${mine}/a`));
  t.true(keys.includes(`backup/${other}/a`));
});

test('what max_delete held back does not wait a second time once it is allowed', async t => {
  const box = await sandbox(t);
  box.configure();
  const mine = folderOfShard(0, 2);
  for (const name of ['a', 'b', 'stays']) box.write(`${mine}/${name}`, name);
  await runShard(box, '0/2');
  for (const name of ['a', 'b']) rmSync(join(box.local, mine, name));
  for (let run = 0; run < 3; run++) t.is((await runShard(box, '0/2', { max_delete: 1 })).code, 4);
  t.like((await runShard(box, '0/2')).json, { del_file_ok: 2, deletes_held: 0 });
});

test("what a shard's ledger lists of another shard is not taken for gone", async t => {
  const box = await sandbox(t);
  box.configure();
  const [mine, other] = [folderOfShard(0, 2), folderOfShard(1, 2)];
  for (const path of [`${mine}/a`, `${other}/b`]) box.write(path, path);
  await runShard(box, '1/2');
  const task = { ...taskIn(box.home), shard: '0/2' };
  const foreign = [{ path: `${other}/` }, recordOf(`${other}/b`)];
  await createLedger(ledgerFile(join(box.home, 'db'), task), task, foreign);
  for (let run = 0; run < 3; run++)
    t.like((await runShard(box, '0/2')).json, { exit_code: 0, deletes_held: 0 });
  t.true((await box.keys()).includes(`backup/${other}/b`));
  t.true((await box.keys()).includes(`backup/${other}/`));
});

test('a shard whose files are all gone deletes them where others have files, and not from an empty folder', async t => {
  const box = await sandbox(t);
  box.configure();
  const [mine, other] = [folderOfShard(0, 2), folderOfShard(1, 2)];
  box.write(`${mine}/a`, 'one');
  box.write(`${other}/b`, 'two');
  for (const shard of ['0/2', '1/2']) await runShard(box, shard);
  rmSync(join(box.local, mine), { recursive: true });
  for (let run = 0; run < 2; run++) t.is((await runShard(box, '0/2')).code, 0);
  t.deepEqual(await box.keys(), [`backup/${other}/`, `backup/${other}/b`]);
  rmSync(join(box.local, other), { recursive: true });
  for (let run = 0; run < 2; run++) t.is((await runShard(box, '1/2')).code, 4);
  t.true((await box.keys()).includes(`backup/${other}/b`));
});

test('a division stands: whoever runs with another one, or with none, is refused', async t => {
  const box = await sandbox(t);
  box.configure();
  box.write('a', 'one');
  t.is((await runShard(box, '0/2')).code, 0);
  for (const shard of ['0/3', '']) {
    const { code, err } = await runShard(box, shard);
    t.is(code, 4);
    t.regex(err, /divided otherwise/);
  }
  t.is((await runShard(box, '1/2')).code, 0);
  const whole = { cos_path: '/whole' };
  t.is((await runShard(box, '', whole)).code, 0);
  const { code, err } = await runShard(box, '0/2', whole);
  t.is(code, 4);
  t.regex(err, /run without shard/);
  t.is((await runShard(box, '', whole)).code, 0);
});

for (const [what, changes, said] of [
  ['a shard that there is not', { shard: '4/4' }, /must be like "0\/4"/],
  ['what is no shard', { shard: 'one' }, /must be like "0\/4"/],
  ['a daemon', { shard: '0/4', daemon_mode: 1 }, /cannot be used with daemon_mode/],
  ['watch', { shard: '0/4', watch: 1 }, /cannot be used with daemon_mode/],
] as const) {
  test(`${what} is refused with exit code 2`, async t => {
    const box = await sandbox(t);
    box.configure();
    const { code, err } = await syncHere(box, { overrides: changes });
    t.is(code, 2);
    t.regex(err, said);
  });
}

test('commands that take no shard say so with exit code 2', async t => {
  const box = await sandbox(t);
  box.configure({ shard: '0/4' });
  for (const command of [
    ['ledger', 'uploads'],
    ['ledger', 'import', 'x'],
  ]) {
    const { code, stderr } = await box.run(...command);
    t.is(code, 2, command.join(' '));
    t.regex(stderr, /does not work with this command/);
  }
});

test('history shows the runs of the shard that it is asked for, and no others', async t => {
  const box = await sandbox(t);
  box.configure();
  box.write('a', 'one');
  for (const shard of ['0/2', '1/2', '1/2']) await runShard(box, shard);
  const runsOf = async (...args: string[]) =>
    (JSON.parse((await box.run('history', '--json', ...args)).stdout) as unknown[]).length;
  t.is(await runsOf('--shard', '1/2'), 2);
  t.is(await runsOf('--shard=0/2'), 1);
  t.is(await runsOf(), 0);
  const shown = await box.run('history', 'show', '2', '--shard', '1/2');
  t.is(shown.code, 0);
  const { code, stderr } = await box.run('history', '--shard', '2/2');
  t.is(code, 2);
  t.regex(stderr, /--shard: must be like "0\/4"/);
});

test('shards that run at once do each thing once, each with its own log, history and metrics', async t => {
  const box = await sandbox(t);
  box.configure({ metrics_file: join(box.root, 'cos.prom') });
  for (let i = 0; i < 40; i++) box.write(`d${i % 10}/e${i % 7}/f${i}`, `content ${i}`);
  const shards = [0, 1, 2, 3];
  const runs = await Promise.all(shards.map(i => box.runJson(`--shard=${i}/4`)));
  t.deepEqual(
    runs.map(({ code }) => code),
    [0, 0, 0, 0],
  );
  const sum = (name: string) => runs.reduce((all, { json }) => all + Number(json[name]), 0);
  t.is(sum('upload_file_ok'), 40);
  t.is((await box.keys()).filter(key => !key.endsWith('/')).length, 40);
  const names = [...box.filesIn(box.root).keys()].join('\n');
  for (const i of shards) {
    t.regex(names, new RegExp(`cos_sync\\.shard-${i}-of-4\\.log`));
    t.regex(names, new RegExp(`history\\.shard-${i}-of-4\\.db`));
    const metrics = box.filesIn(box.root).get(join(box.root, `cos.shard-${i}-of-4.prom`)) ?? '';
    t.regex(metrics, new RegExp(`shard="${i}/4"`));
  }
});

type Step =
  | { kind: 'write'; folder: number; file: number; content: string }
  | { kind: 'remove'; folder: number; file: number }
  | { kind: 'removeFolder'; folder: number }
  | { kind: 'move'; folder: number; file: number; to: number };

const FOLDERS = ['', 'a/', 'a/b/', 'c/', 'd/', '资料/'];
const folder = fc.nat(FOLDERS.length - 1);
const FILES = 2;
const file = fc.nat(FILES - 1);
const steps = fc.array(
  fc.oneof<fc.Arbitrary<Step>[]>(
    fc.record({ kind: fc.constant('write'), folder, file, content: fc.string({ maxLength: 5 }) }),
    fc.record({ kind: fc.constant('remove'), folder, file }),
    fc.record({ kind: fc.constant('removeFolder'), folder: fc.integer({ min: 1, max: FOLDERS.length - 1 }) }),
    fc.record({ kind: fc.constant('move'), folder, file, to: folder }),
  ),
  { minLength: 1, maxLength: 8 },
);

function take(box: Sandbox, step: Step): void {
  if (step.kind === 'removeFolder') {
    rmSync(join(box.local, FOLDERS[step.folder]!), { recursive: true, force: true });
    return;
  }
  const path = `${FOLDERS[step.folder]!}f${step.file}`;
  const absolute = join(box.local, path);
  if (step.kind === 'write') box.write(path, step.content);
  else if (step.kind === 'remove') rmSync(absolute, { force: true });
  else {
    const to = join(box.local, FOLDERS[step.to]!, `f${step.file}`);
    mkdirSync(dirname(to), { recursive: true });
    try {
      renameSync(absolute, to);
    } catch {
      // There is no such file.
    }
  }
}

const COUNTS = ['upload_file_ok', 'create_folder_ok', 'del_file_ok', 'del_folder_ok'] as const;
type Counts = Record<string, number>;

test('whatever changes, in whatever order they run: shards together do what one unsharded run does', async t => {
  await fc.assert(
    fc.asyncProperty(
      fc.integer({ min: 2, max: 4 }),
      fc.array(steps, { minLength: 1, maxLength: 2 }),
      fc.infiniteStream(fc.nat()),
      async (count, rounds, chance) => {
        const box = await openSandbox();
        try {
          box.configure();
          // A folder that is empty holds deletions back; that is for another test.
          box.write('always', 'here');
          for (const path of FOLDERS) for (let i = 0; i < FILES; i++) box.write(`${path}f${i}`, path + i);
          for (const round of [[], ...rounds]) {
            for (const step of round) take(box, step);
            const whole: Counts = {};
            const parts: Counts = {};
            for (let run = 0; run < 2; run++) {
              add(whole, (await runShard(box, '', { cos_path: '/whole' })).json);
              const left = Array.from({ length: count }, (_, index) => index);
              while (left.length > 0) {
                const [index] = left.splice(chance.next().value! % left.length, 1);
                add(parts, (await runShard(box, `${index}/${count}`, { cos_path: '/parts' })).json);
              }
            }
            t.deepEqual(parts, whole);
            const objects = [...(await box.objects())];
            const under = (top: string) =>
              objects.flatMap(([key, body]) =>
                key.startsWith(top) ? [[key.slice(top.length), body.toString()]] : [],
              );
            t.deepEqual(under('parts/').sort(), under('whole/').sort());
          }
        } finally {
          await box.close();
        }
      },
    ),
    { numRuns: 8 },
  );
});

function add(counts: Counts, json: Record<string, unknown>): void {
  for (const name of COUNTS) counts[name] = (counts[name] ?? 0) + Number(json[name]);
}
