import { existsSync, readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import test from 'ava';
import { createLedger, openLedger } from '../../src/ledger/ledger.ts';
import { ledgerFile } from '../../src/ledger/task.ts';
import { adoptHere, syncHere } from '../support/in-process.ts';
import { randomFrom, testSeed } from '../support/random.ts';
import { recordOf } from '../support/records.ts';
import { type Sandbox, sandbox } from '../support/sandbox.ts';
import { scaled } from '../support/scale.ts';
import { taskIn } from '../support/task.ts';

const RECORDS = scaled(20_000, 200_000);
const KILLS = scaled(6, 60);
const SHARDS = ['0/3', '1/3', '2/3'];

test.serial(
  'killed while it takes over: the division before is in force or the new ledger is whole, and nothing is forgotten',
  async t => {
    t.timeout(scaled(300_000, 1_800_000));
    const random = randomFrom(testSeed());
    t.log(`seed ${random.seed}`);
    const box = await sandbox(t);
    const task = taskIn(box.home);
    const db = join(box.home, 'db');
    const paths = Array.from({ length: RECORDS }, (_, i) => `folder ${i % 500}/file ${i}`).sort();
    await createLedger(
      ledgerFile(db, task),
      task,
      paths.map(path => recordOf(path)),
    );
    for (let kill = 0; kill < KILLS; kill++) {
      const shards = kill % 2 === 0 ? SHARDS : [''];
      const [shard = ''] = shards;
      await killWhileWriting(
        box,
        ledgerFile(db, { ...task, ...(shard && { shard }) }),
        shard,
        random.below(60),
      );
      // A run that is refused, and one that is not, has no other word on it than before.
      for (const each of shards) {
        const { code, err } = await adoptHere(box, { overrides: { shard: each } });
        t.is(code, 0, err);
      }
      const found: string[] = [];
      for (const each of shards) {
        const ofShard = { ...task, ...(each && { shard: each }) };
        const ledger = await openLedger({ file: ledgerFile(db, ofShard), task: ofShard, readOnly: true });
        for (const { path } of ledger.records()) found.push(path);
        await ledger.close();
      }
      t.deepEqual(found.sort(), paths);
      const ledgers = readdirSync(db).filter(name => /^(?!history).*\.db$/.test(name));
      t.is(ledgers.length, shards.length);
      t.is((await syncHere(box, { overrides: { shard: shards.length === 1 ? '0/3' : '' } })).code, 4);
    }
    t.deepEqual(
      readdirSync(db).filter(name => /\.(draft|new)$/.test(name)),
      [],
    );
  },
);

/** The moment is at random from when the new ledger is begun; the program may be through before. */
async function killWhileWriting(box: Sandbox, file: string, shard: string, ms: number): Promise<void> {
  const inode = () => statSync(file, { throwIfNoEntry: false })?.ino;
  const before = inode();
  const run = box.start('ledger', 'adopt', `--shard=${shard}`);
  const isBegun = () => existsSync(`${file}.draft`) || ![undefined, before].includes(inode());
  while (!isBegun() && run.child.exitCode === null) await delay(1);
  await delay(ms);
  run.child.kill('SIGKILL');
  await run.ended;
}
