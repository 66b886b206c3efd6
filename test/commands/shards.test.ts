import { readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'ava';
import { stateFile } from '../../src/commands/restore/folder.ts';
import { shardOf } from '../../src/engine/local/shard.ts';
import { lockLedger } from '../../src/ledger/lock.ts';
import { ledgerFile } from '../../src/ledger/task.ts';
import {
  adoptHere,
  ledgerHere,
  restoreHere,
  statusHere,
  syncHere,
  verifyHere,
} from '../support/in-process.ts';
import { type Sandbox, sandbox } from '../support/sandbox.ts';
import { taskIn } from '../support/task.ts';
import { treeOf } from '../support/tree.ts';

/** Of names, one whose folder is the wanted shard's. */
function folderOfShard(index: number, count: number): string {
  for (let i = 0; ; i++) if (shardOf(`d${i}`, count) === index) return `d${i}`;
}

const SHARDS = ['0/2', '1/2'];
const [first, second] = [folderOfShard(0, 2), folderOfShard(1, 2)];
const of = (shard: string) => ({ overrides: { delete_sync: 1, shard } });
const fileOf = (box: Sandbox, shard: string) =>
  ledgerFile(join(box.home, 'db'), { ...taskIn(box.home), shard });

/** Two shards with one file and one folder each, in sync. */
async function synced(box: Sandbox): Promise<void> {
  for (const folder of [first, second]) box.write(`${folder}/a`, folder);
  for (const shard of SHARDS) await syncHere(box, of(shard));
}

function remove(box: Sandbox, key: string) {
  const { bucket, region } = box.server;
  return box.cos.deleteObject({ Bucket: bucket, Region: region, Key: key });
}

test.serial('a run that another division refuses is told of as any that is stopped for safety', async t => {
  const box = await sandbox(t);
  await synced(box);
  const failed = join(box.root, 'failed.jsonl');
  const { code, json } = await box.runJson('--failed-file', failed);
  t.is(code, 4);
  t.like(json, { exit_code: 4, upload_file_ok: 0 });
  t.like((json.errors as object[])[0], { code: 'LedgerDividedOtherwise' });
  t.regex(readFileSync(failed, 'utf8'), /LedgerDividedOtherwise/);
  t.is((await box.keys()).length, 4);
});

test.serial("verify compares a shard's own, and repairs nothing else", async t => {
  const box = await sandbox(t);
  await synced(box);
  for (const shard of SHARDS) {
    t.like((await verifyHere(box, false, of(shard))).json, { objects: 2, records: 2, same: 2, unknown: 0 });
  }
  await remove(box, `backup/${first}/a`);
  t.is((await verifyHere(box, false, of('1/2'))).code, 0);
  t.is((await verifyHere(box, true, of('1/2'))).code, 0);
  t.false((await box.keys()).includes(`backup/${first}/a`));
  t.is((await verifyHere(box, false, of('0/2'))).code, 1);
  t.is((await verifyHere(box, true, of('0/2'))).code, 0);
  t.true((await box.keys()).includes(`backup/${first}/a`));
  const names = readdirSync(join(box.home, 'log'));
  t.false(names.includes('cos_sync.log'), 'what a shard does is in its own log');
});

test.serial('verify and export of another division than the one in force are refused', async t => {
  const box = await sandbox(t);
  await synced(box);
  for (const { code, err } of [
    await verifyHere(box),
    await ledgerHere(box, 'export'),
    await verifyHere(box, true),
  ]) {
    t.is(code, 4);
    t.regex(err, /ledger adopt$/);
  }
});

test.serial('doctor, --explain and uploads name the command, too, that a division needs', async t => {
  const box = await sandbox(t);
  await synced(box);
  for (const command of [['doctor'], ['sync', '--dry-run', '--explain', 'x'], ['ledger', 'uploads']]) {
    const { stdout, stderr } = await box.run(...command);
    t.regex(stdout + stderr, /divided otherwise.* ledger adopt$/m, command.join(' '));
  }
  const damaged = fileOf(box, '0/2');
  writeFileSync(damaged, 'no ledger');
  t.regex((await box.run('--shard', '0/2')).stderr, / --shard 0\/2 ledger rebuild$/m);
});

test.serial("a shard's ledger is rebuilt of what is its own, and nothing is sent after it", async t => {
  const box = await sandbox(t);
  await synced(box);
  rmSync(fileOf(box, '1/2'));
  const { code, json } = await ledgerHere(box, 'rebuild', of('1/2'));
  t.is(code, 0);
  t.like(json, { files: 1, folders: 1, different: 0, not_in_cos: 0, left_alone: 0 });
  box.proxy.requests.length = 0;
  for (const shard of SHARDS) t.is((await syncHere(box, of(shard))).code, 0);
  t.deepEqual(box.proxy.requests, []);
});

test.serial(
  'a damaged ledger of a shard that took over is rebuilt, and not taken over from an older one again',
  async t => {
    const box = await sandbox(t);
    for (const folder of [first, second]) box.write(`${folder}/a`, folder);
    await syncHere(box);
    // 1/2 has not taken over yet, so that the ledger of the whole is still there.
    await adoptHere(box, of('0/2'));
    const file = fileOf(box, '0/2');
    writeFileSync(file, 'no ledger');
    t.regex((await syncHere(box, of('0/2'))).err, /ledger rebuild/);
    t.is((await adoptHere(box, of('0/2'))).code, 4);
    t.is((await ledgerHere(box, 'rebuild', of('0/2'))).code, 0);
    t.is((await syncHere(box, of('0/2'))).code, 0);
    t.is((await syncHere(box)).code, 4);
    t.is((await adoptHere(box, of('1/2'))).code, 0);
    t.is((await syncHere(box, of('1/2'))).code, 0);
  },
);

test.serial('shards restore each their own into one folder, and together they restore all', async t => {
  const box = await sandbox(t);
  await synced(box);
  const to = join(box.root, 'back');
  const one = await restoreHere(box, { to }, of('0/2'));
  t.like(one.json, { exit_code: 0, download_file_ok: 1, create_folder_ok: 1 });
  t.deepEqual(Object.keys(treeOf(to)).sort(), [`${first}/`, `${first}/a`]);
  t.like((await restoreHere(box, { to }, of('1/2'))).json, { exit_code: 0, download_file_ok: 1 });
  t.deepEqual(Object.keys(treeOf(to)), Object.keys(treeOf(box.local)));
  const named = await restoreHere(box, { to, paths: [`${second}/a`] }, of('0/2'));
  t.like(named.json, { exit_code: 0, download_file_ok: 0, download_file_skip: 0 });
});

test.serial('a restore of all goes by the ledgers of the shards where the folder is divided', async t => {
  const box = await sandbox(t);
  box.configure({ keep_mtime: 0 });
  for (let i = 0; i < 8; i++) {
    box.write(`d${i}/f`, 'content');
    box.age(`d${i}/f`, i + 1);
  }
  for (const shard of ['0/3', '1/3', '2/3']) await syncHere(box, of(shard));
  const to = join(box.root, 'back');
  t.like((await restoreHere(box, { to })).json, { exit_code: 0, download_file_ok: 8 });
  const timeOf = (folder: string, i: number) => statSync(join(folder, `d${i}/f`)).mtimeMs;
  for (let i = 0; i < 8; i++) t.is(timeOf(to, i), timeOf(box.local, i));
});

test.serial('shards restore at once, and one of them waits for no other', async t => {
  const box = await sandbox(t);
  for (let i = 0; i < 40; i++) box.write(`d${i % 10}/f${i}`, `content ${i}`);
  await syncHere(box, { overrides: { create_folders: 0 } });
  const to = join(box.root, 'back');
  const ended = await Promise.all([0, 1, 2].map(i => box.run('restore', '--to', to, `--shard=${i}/3`)));
  t.deepEqual(
    ended.map(({ code }) => code),
    [0, 0, 0],
    ended.map(({ stderr }) => stderr).join(''),
  );
  for (const [shard, code] of [
    ['0/3', 3],
    ['1/3', 0],
  ] as const) {
    const lock = await lockLedger(stateFile(join(box.home, 'db'), to, '0/3'), () => {});
    t.is((await restoreHere(box, { to }, of(shard))).code, code);
    await lock.release();
  }
  t.deepEqual(Object.keys(treeOf(to)), Object.keys(treeOf(box.local)));
});

test.serial(
  'a restore of all onto a folder that is divided begins no ledger of all, and is refused while a shard runs',
  async t => {
    const box = await sandbox(t);
    await synced(box);
    box.configure({ delete_sync: 0 });
    rmSync(join(box.local, first, 'a'));
    const lock = await lockLedger(fileOf(box, '1/2'), () => {});
    t.is((await restoreHere(box, { to: box.local })).code, 2);
    await lock.release();
    t.like((await restoreHere(box, { to: box.local })).json, { exit_code: 0, download_file_ok: 1 });
    for (const shard of SHARDS) t.is((await syncHere(box, { overrides: { shard } })).code, 0);
  },
);

test.serial("status tells whether a shard's run is under way, and how its last one ended", async t => {
  const box = await sandbox(t);
  t.like((await statusHere(box, of('0/2'))).json, { running: false, last_run: null });
  await synced(box);
  const { code, json } = await statusHere(box, of('0/2'));
  t.is(code, 1);
  t.like(json, { running: false, last_run: { upload_file_ok: 1, exit_code: 0 } });
  const lock = await lockLedger(fileOf(box, '0/2'), () => {});
  t.like(await statusHere(box, of('0/2')), { code: 0, json: { running: true } });
  t.like(await statusHere(box, of('1/2')), { code: 1, json: { running: false } });
  await lock.release();
  const said = await statusHere(box, { ...of('1/2'), json: false });
  t.regex(said.out, /^no run of shard 1\/2 is under way\nlast run: .* ALL_OK, exit code 0\n$/);
});
